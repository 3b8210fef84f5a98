"""Private servers for tests: PostgreSQL and Redis in a temporary folder, on loopback, ended by their process."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import psycopg
import redis

from tests.needs import needs


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(question: Callable[[], Any], seconds: float, what: str) -> Any:
    """Return the first true answer, or fail saying `what` did not come about."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)
    return answer


class _Server:
    """A process with a folder and a port; a context manager that leaves neither behind."""

    name = ""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.name}-"))
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.end(signal.SIGINT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, again after `kill` too, and wait until it answers."""
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                **self.who(),
            )
        wait_until(self.answers, 30, f"{self.name} answers; its log: {self.log()}")

    def kill(self) -> None:
        """kill -9, as a machine that loses its power."""
        self.end(signal.SIGKILL)

    def end(self, number: int) -> None:
        if self.process is None:
            return
        self.process.send_signal(number)
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-2000:]

    def prepare(self) -> None: ...

    def who(self) -> dict[str, Any]:
        return {}

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError


class Redis(_Server):
    """`with Redis() as server: server.url`. Durable as in docker-compose.yml, so that it may be killed."""

    name = "redis"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        where = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder), "--save", ""]
        keep = ["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"]
        return [needs("redis-server"), *where, *keep]

    def answers(self) -> bool:
        try:
            with redis.Redis(port=self.port) as client:
                return bool(client.ping())
        except redis.exceptions.RedisError:
            return False


class Postgres(_Server):
    """`with Postgres() as server: server.url`: an empty database `registry`."""

    name = "postgres"

    @property
    def url(self) -> str:
        return f"postgres://registry@127.0.0.1:{self.port}/registry"

    def prepare(self) -> None:
        self._own()
        initdb = Path(needs("postgres")).with_name("initdb")
        options = ["-U", "registry", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            [initdb, "-D", self.folder / "data", *options],
            cwd=self.folder,
            check=True,
            capture_output=True,
            **self.who(),
        )

    def start(self) -> None:
        super().start()
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'registry'").fetchone():
                connection.execute("CREATE DATABASE registry")

    def command(self) -> list[str]:
        where = ["-p", str(self.port), "-k", str(self.folder), "-c", "listen_addresses=127.0.0.1"]
        return [needs("postgres"), "-D", str(self.folder / "data"), *where, "-c", "max_connections=200"]

    def answers(self) -> bool:
        try:
            with psycopg.connect(self._dsn("postgres"), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def who(self) -> dict[str, Any]:
        """PostgreSQL refuses to run as root: then it runs as the user that its package made, or as nobody."""
        if os.geteuid() != 0:
            return {}
        user = self._user()
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "env": {"PATH": os.defpath}}

    def _own(self) -> None:
        if os.geteuid() == 0:
            os.chown(self.folder, self._user().pw_uid, self._user().pw_gid)

    def _user(self) -> pwd.struct_passwd:
        try:
            return pwd.getpwnam("postgres")
        except KeyError:
            return pwd.getpwnam("nobody")

    def _dsn(self, database: str) -> str:
        return f"postgresql://registry@127.0.0.1:{self.port}/{database}"
