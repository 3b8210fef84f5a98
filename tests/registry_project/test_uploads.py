"""Adapters that are uploaded, over a socket: Django's test clients never enter asgi.py."""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from registry_project.environment import BASE_DIR
from registry_project.uploads import BoundedUpload
from tests.experiments_app.gguf_files import lora
from tests.running import ADDRESS, Process, environment, temporary_home
from tests.servers import free_port, wait_until

PATH = "/api/adapters"
IDLE_SECONDS = 2


@dataclass
class Site:
    port: int
    home: Path
    keys: dict[str, str]

    @property
    def url(self) -> str:
        return f"{ADDRESS}:{self.port}"

    def headers(self, key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[key]}"} if key else {}

    def drafts(self) -> list[str]:
        return [path.name for path in (self.home / "adapters").glob(".draft*")]

    def start(self, key: str, length: int, sent: bytes = b"") -> socket.socket:
        """Return a connection that has announced an upload and sent the beginning of it."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        lines = [f"POST {PATH} HTTP/1.1", "Host: localhost", "Content-Type: multipart/form-data; boundary=b"]
        lines += [f"{name}: {value}" for name, value in self.headers(key).items()]
        lines += [f"Content-Length: {length}"] if length else ["Transfer-Encoding: chunked"]
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + sent)
        return connection


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with temporary_home() as home:
        changes = {"MAX_BODY_MB": "32", "ADAPTER_MAX_MB": "64", "BODY_TIMEOUT": str(IDLE_SECONDS)}
        env = environment(home, **changes, DJANGO_SUPERUSER_PASSWORD="kept-in-tests-1")

        def manage(*words: str) -> str:
            command = [sys.executable, "manage.py", *words]
            return subprocess.run(command, cwd=BASE_DIR, env=env, check=True, capture_output=True, text=True).stdout

        manage("migrate", "-v", "0")
        manage("createsuperuser", "--noinput", "--username", "root", "--email", "root@example.com")
        keys = {
            scope: json.loads(manage("apikey", "create", scope, "--user", "root", "--scopes", scope, "--json"))["key"]
            for scope in ("read", "experiment")
        }
        found = Site(free_port(), home, keys)
        server = ["-m", "uvicorn", "registry_project.asgi:application", "--port", str(found.port)]
        process = Process(sys.executable, *server, env=env)
        try:
            wait_until(lambda: "running on" in process.output, 30, f"the site to start: {process.output}")
            yield found
        finally:
            process.end()


def answer_of(connection: socket.socket) -> tuple[int, str]:
    """Return status and code of an error, read until the server closes."""
    with connection, connection.makefile("rb") as file:
        head, _, body = file.read().partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"]["code"]


def test_its_size_must_be_told(site: Site) -> None:
    assert answer_of(site.start("experiment", 0, b"5\r\nhello\r\n")) == (411, "length_required")


def test_one_that_is_too_large_is_refused_by_what_it_announces(site: Site) -> None:
    assert answer_of(site.start("experiment", 64 * 2**20 + 1)) == (413, "too_large")


def test_who_may_not_is_told_before_the_bytes(site: Site) -> None:
    assert answer_of(site.start("", 40 * 2**20)) == (401, "unauthenticated")
    assert answer_of(site.start("read", 40 * 2**20)) == (403, "forbidden")


def test_one_that_is_larger_than_other_bodies_is_kept_while_the_site_answers(site: Site) -> None:
    content = lora(64, inside=80_000, out=80_000)
    assert 32 * 2**20 < len(content) < 64 * 2**20
    slowest, is_over = [0.0], threading.Event()

    def watch() -> None:
        while not is_over.wait(0.02):
            began = time.perf_counter()
            assert requests.get(f"{site.url}/healthz", timeout=10).status_code == 200
            slowest.append(time.perf_counter() - began)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        files = {"file": ("large.gguf", content)}
        answer = requests.post(f"{site.url}{PATH}", files=files, headers=site.headers("experiment"), timeout=60)
    finally:
        is_over.set()
        watcher.join()
    assert (answer.status_code, answer.json()["size"]) == (201, len(content)), answer.text
    kept = site.home / "adapters" / hashlib.sha256(content).hexdigest()
    assert kept.stat().st_size == len(content)
    assert len(slowest) > 3 and max(slowest) < 2


def test_one_that_stops_arriving_is_given_up_and_leaves_nothing(site: Site) -> None:
    began = time.perf_counter()
    assert answer_of(site.start("experiment", 40 * 2**20, b"--b\r\n" + b"x" * 2**20)) == (408, "body_timeout")
    assert IDLE_SECONDS - 0.5 < time.perf_counter() - began < IDLE_SECONDS + 5
    assert site.drafts() == []


def test_one_that_arrives_slowly_may_take_longer_than_the_idle_time(site: Site) -> None:
    content = lora()
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="s.gguf"\r\n\r\n' + content + b"\r\n--b--\r\n"
    with site.start("experiment", len(body)) as connection:
        for at in range(0, len(body), -(-len(body) // 4)):
            time.sleep(IDLE_SECONDS * 0.4)
            connection.sendall(body[at : at + -(-len(body) // 4)])
        assert connection.recv(4096).startswith(b"HTTP/1.1 201")


def test_one_that_trickles_is_given_up() -> None:
    """No pause is too long, and yet it would take forever."""
    sent: list[dict] = []
    got = 0

    async def application(scope, receive, send):
        nonlocal got
        while (message := await receive())["type"] == "http.request" and message["more_body"]:
            got += len(message["body"])

    async def trickle():
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message):
        sent.append(message)

    upload = BoundedUpload(application, max_bytes=2**30, seconds=0.05, least_rate=2**40)
    scope = {"type": "http", "headers": [(b"content-length", b"%d" % 2**30)]}
    asyncio.run(asyncio.wait_for(upload(scope, trickle, send), 20))
    assert got
    assert sent[0]["status"] == 408 and json.loads(sent[1]["body"])["error"]["code"] == "body_timeout"


def test_a_client_that_goes_away_leaves_nothing_and_the_site_goes_on(site: Site) -> None:
    site.start("experiment", 40 * 2**20, b"--b\r\n" + b"x" * 2**20).close()
    assert requests.get(f"{site.url}/healthz", timeout=10).status_code == 200
    assert site.drafts() == []
