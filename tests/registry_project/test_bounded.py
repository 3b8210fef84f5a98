"""Over a socket: Django's test clients never enter asgi.py."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests

from registry_project.environment import BASE_DIR
from tests.running import ADDRESS, Process, environment, temporary_home
from tests.servers import free_port, wait_until


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    port = free_port()
    with temporary_home() as home:
        env = environment(home, MAX_BODY_MB="1", BODY_TIMEOUT="2")
        migrate = [sys.executable, "manage.py", "migrate", "-v", "0"]
        subprocess.run(migrate, cwd=BASE_DIR, env=env, check=True, capture_output=True)
        server = ["-m", "uvicorn", "registry_project.asgi:application", "--port", str(port)]
        process = Process(sys.executable, *server, env=env)
        try:
            wait_until(lambda: "running on" in process.output, 30, f"the site to start: {process.output}")
            yield f"{ADDRESS}:{port}"
        finally:
            process.end()


def test_a_body_in_chunks_is_read_like_any_other(site: str) -> None:
    headers = {"Content-Type": "application/json"}
    chunks = iter([b'{"username": "nobody", ', b'"password": "wrong"}'])
    answer = requests.post(f"{site}/api/auth/token", data=chunks, headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthenticated")


def test_a_body_that_is_too_large_is_refused_while_it_arrives(site: str) -> None:
    host, port = site.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        start = "POST /api/auth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n"
        connection.sendall(start.encode() + b"x" * (2 * 2**20))
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 413")


def test_an_endless_body_in_chunks_is_refused_too(site: str) -> None:
    answer = requests.post(f"{site}/api/auth/token", data=iter([b"x" * 2**20] * 2), timeout=10)
    assert answer.status_code == 413


def test_no_method_is_exempt(site: str) -> None:
    for path in ("/healthz", "/api/models/unified"):
        answer = requests.get(f"{site}{path}", data=b"x" * 2**21, timeout=10)
        assert answer.status_code == 413


def test_a_body_that_does_not_arrive_is_given_up(site: str) -> None:
    host, port = site.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"POST /api/auth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{")
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 408")
