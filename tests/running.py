"""A real `manage.py run`, and its parts one by one, in a data folder and on ports of their own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from registry_project.environment import BASE_DIR
from tests.servers import free_port, wait_until

# A start of everything takes some 5 s on an idle machine; tests share it with others.
START_SECONDS = 60
ADDRESS = "http://127.0.0.1"


def environment(home: Path, **changes: str) -> dict[str, str]:
    """Return the environment of a run that knows nothing of this machine's settings and of the test run."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    # .env of the checkout must not count either: what is set here wins over it.
    ours = {
        "REGISTRY_HOME": str(home),
        "SITE_PORT": str(free_port()),
        "GRADIO_PORT": str(free_port()),
        "DEMO_PORT": str(free_port()),
        "DEMO": "on",
        "OLLAMA_HOSTS": f"absent={ADDRESS}:{free_port()}",
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "ADMIN_USERNAME": "admin",
        "ADMIN_PASSWORD": "",
        "DJANGO_SETTINGS_MODULE": "registry_project.settings",
    }
    return {**kept, **ours, **changes}


class Process:
    """A process whose output is kept."""

    def __init__(self, *command: str, env: dict[str, str]) -> None:
        self.env = env
        self._parts: list[str] = []
        self._process = subprocess.Popen(
            command,
            env=env,
            cwd=BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def output(self) -> str:
        return "".join(self._parts)

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def send(self, number: int) -> None:
        self._process.send_signal(number)

    def wait(self, seconds: float) -> int:
        """Return the exit code; raises TimeoutExpired when the process is still there after `seconds`."""
        code = self._process.wait(timeout=seconds)
        self._reader.join(timeout=2)
        return code

    def end(self) -> None:
        """Make sure that it is gone."""
        if not self.has_ended:
            self.send(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.wait(15)
        if not self.has_ended:
            self.send(signal.SIGKILL)
            self.wait(5)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._parts.append(line)


class Run(Process):
    """`manage.py run`."""

    def __init__(self, home: Path, **changes: str) -> None:
        self.home = home
        super().__init__(sys.executable, "manage.py", "run", env=environment(home, **changes))

    @property
    def site(self) -> str:
        return f"{ADDRESS}:{self.env['SITE_PORT']}"

    @property
    def state(self) -> dict[str, Any] | None:
        """What run.json says, or None when there is none."""
        try:
            return json.loads((self.home / "run.json").read_text())
        except FileNotFoundError:
            return None

    @property
    def key(self) -> str:
        """The key of the printed curl line."""
        return re.search(r"Bearer (\S+?)'", self.output)[1]

    @property
    def log_in(self) -> tuple[str, str]:
        return re.search(r"log-in +(\S+) +password: (\S+)", self.output).groups()

    def until_up(self) -> dict[str, Any]:
        """Return run.json once all parts answer and the lines for people are printed."""
        wait_until(
            lambda: (self.state and "Bearer" in self.output) or self.has_ended,
            START_SECONDS,
            "manage.py run comes up",
        )
        assert not self.has_ended, self.output
        return self.state

    def get(self, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.key}"}
        return requests.get(f"{self.site}{path}", headers=headers, timeout=30, **options)


@contextlib.contextmanager
def signed_in(run: Run) -> Iterator[requests.Session]:
    """A browser's session with the printed log-in."""
    username, password = run.log_in
    page = f"{run.site}/login"
    with requests.Session() as session:
        session.get(page, timeout=10)
        form = {"username": username, "password": password, "csrfmiddlewaretoken": session.cookies["csrftoken"]}
        session.post(page, data=form, headers={"Referer": page}, timeout=10)
        yield session


@contextlib.contextmanager
def temporary_home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="registry-run-", ignore_cleanup_errors=True) as home:
        yield Path(home)


def family(pids: list[int]) -> list[int]:
    """Return those of the processes and their descendants that are alive, from /proc."""
    parents = _parents()
    known = set(pids)
    while more := {pid for pid, parent in parents.items() if parent in known} - known:
        known |= more
    return sorted(known & parents.keys())


def _parents() -> dict[int, int]:
    """Return {process: its parent} without zombies, which are dead but not yet noticed."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = stat.read_text().rsplit(")", 1)[1].split()[:2]
            if state != "Z":
                found[int(stat.parent.name)] = int(parent)
    return found
