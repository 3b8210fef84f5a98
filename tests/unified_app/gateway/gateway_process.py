"""The whole site in processes of its own, with one Ollama host: for what only a process can show."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import requests

from registry_project.environment import BASE_DIR
from tests.nasty_server import NastyServer, json_reply
from tests.running import ADDRESS, Process, environment, temporary_home
from tests.servers import free_port, wait_until

DIGEST = "a" * 64
ROW = {
    "name": "m:latest",
    "model": "m:latest",
    "digest": DIGEST,
    "size": 1,
    "modified_at": "2026-01-01T00:00:00Z",
    "expires_at": "2030-01-01T00:00:00Z",
    "details": {"family": "llama", "families": ["llama"], "parameter_size": "1B", "quantization_level": "Q4_0"},
}
SHOW = {"capabilities": ["completion"], "model_info": {"general.architecture": "llama"}, "details": ROW["details"]}
LOADED = {"model": "m:latest", "created_at": "2026-01-01T00:00:00Z", "response": "", "done": True}
HOST = {
    "/api/tags": json_reply({"models": [ROW]}),
    "/api/ps": json_reply({"models": [ROW]}),
    "/api/show": json_reply(SHOW),
    "/api/generate": json_reply(LOADED),
}


class Site:
    """Any number of web processes on one database."""

    def __init__(self, home: Path, upstream: NastyServer, **settings: str) -> None:
        self.home = home
        self.env = environment(
            home, OLLAMA_HOSTS=f"one={upstream.url}", DJANGO_SUPERUSER_PASSWORD="right horse", **settings
        )
        self.manage("migrate", "-v", "0")
        self.manage("createsuperuser", "--noinput", "--username", "root", "--email", "root@example.com")
        self.manage("syncmodels", "--json")
        told = self.manage("apikey", "create", "tests", "--user", "root", "--scopes", "read,call,operate", "--json")
        self.headers = {"Authorization": f"Bearer {json.loads(told)['key']}"}
        self._stack = ExitStack()

    def manage(self, *command: str) -> str:
        run = [sys.executable, "manage.py", *command]
        done = subprocess.run(run, cwd=BASE_DIR, env=self.env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> tuple[Process, str]:
        port = free_port()
        command = ["-m", "uvicorn", "registry_project.asgi:application", "--port", str(port), "--no-access-log"]
        process = Process(sys.executable, *command, env=self.env)
        self._stack.callback(process.end)
        wait_until(lambda: "running on" in process.output or process.has_ended, 30, "the site starts")
        assert not process.has_ended, process.output
        return process, f"{ADDRESS}:{port}"

    def end(self) -> None:
        self._stack.close()

    def chat(self, url: str, path: str = "/ollama/api/chat", **more: Any) -> requests.Response:
        body = {"model": "m", "messages": [{"role": "user", "content": "x"}], **more}
        return requests.post(url + path, json=body, headers=self.headers, stream=True, timeout=30)

    def open_calls(self) -> int:
        """What the table says of all processes."""
        with closing(sqlite3.connect(self.home / "registry.sqlite3", timeout=10)) as database:
            told = database.execute("SELECT coalesce(sum(concurrent_requests), 0) FROM model_serving_status")
            return int(told.fetchone()[0])


@contextmanager
def site(upstream: NastyServer, **settings: str) -> Iterator[Site]:
    with temporary_home() as home:
        made = Site(home, upstream, **settings)
        try:
            yield made
        finally:
            made.end()


def memory(pid: int) -> int:
    """Return the bytes of memory that a process has in use."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def peak(pid: int, seconds: float) -> int:
    """Return the most memory that a process is seen to use meanwhile."""
    until, most = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        most = max(most, memory(pid))
        time.sleep(0.02)
    return most
