"""The page in a process of its own, as the supervisor starts it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent.parent


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def environment(home: str, api_url: str, port: int) -> dict[str, str]:
    own = {"REGISTRY_HOME": home, "REGISTRY_API_URL": api_url, "GRADIO_PORT": str(port), "PYTHONPATH": str(ROOT)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GRADIO_", "DJANGO_"))}
    return {**kept, **own}


def start(home: str, api_url: str, port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "registry_project.gradio_app"]
    env = environment(home, api_url, port)
    return subprocess.Popen(command, cwd=home, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@contextmanager
def page_server(api_url: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Its address and its process, which is ended with SIGTERM."""
    port = free_port()
    with tempfile.TemporaryDirectory() as home:
        process = start(home, api_url, port)
        try:
            _wait_for(f"http://127.0.0.1:{port}/config", process)
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()


def _wait_for(url: str, process: subprocess.Popen[str]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"the page ended: {process.stdout.read() if process.stdout else ''}")
        try:
            requests.get(url, timeout=2).raise_for_status()
            return
        except requests.RequestException:
            time.sleep(0.2)
    raise RuntimeError("the page did not answer within a minute")
