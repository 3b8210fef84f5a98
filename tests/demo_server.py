"""The demo upstream in a process of its own, for any test that needs an Ollama server.

with demo_server(version="0.24.0", models=1000, mode="down") as url:
    requests.get(f"{url}/api/tags", timeout=5)
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent
AT_ONCE = {"load_delay": 0, "token_delay": 0}


@contextmanager
def demo_server(timezone: str = "CET-1", **options: object) -> Iterator[str]:
    """Its base URL. Options are those of the command line, with underscores; no delays unless given."""
    command = [sys.executable, "-m", "registry_project.demo", "--port", "0"]
    for name, value in {**AT_ONCE, **options}.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    env = {**os.environ, "TZ": timezone, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    try:
        banner = process.stdout.readline() if process.stdout else ""
        if "http://" not in banner:
            raise RuntimeError(f"the demo server did not start: {banner!r}, exit code {process.wait(5)}")
        yield banner.split()[-1]
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


@contextmanager
def demo_mode(url: str, mode: str, **more: object) -> Iterator[None]:
    """A fault while the block runs."""
    requests.post(f"{url}/demo/mode", json={"mode": mode, **more}, timeout=5).raise_for_status()
    try:
        yield
    finally:
        requests.post(f"{url}/demo/mode", json={"mode": "ok"}, timeout=5).raise_for_status()
