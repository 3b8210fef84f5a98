"""A small HTTP server over raw sockets, whose answers may be as wrong as one likes.

with NastyServer({"/api/tags": json_reply({"models": []}), "/api/show": hang}) as server:
    requests.get(f"{server.url}/api/tags", timeout=5)

An answer is a function of the connection and the request; it may write what it wants, also nothing.
"""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    # Set when the server stops: what waits must wait for this.
    stopped: threading.Event

    def json(self) -> Any:
        return json.loads(self.body)


Answer = Callable[[socket.socket, Request], None]


class NastyServer:
    """`answers` maps a path to its answer; other paths are 404. `requests` keeps what came, in order."""

    def __init__(self, answers: dict[str, Answer] | None = None, *, greeting: Answer | None = None) -> None:
        """`greeting` is said to whoever connects, before a request."""
        self._greeting = greeting
        self.answers: dict[str, Answer] = {"/api/version": json_reply({"version": "0.33.0"}), **(answers or {})}
        self.requests: list[Request] = []
        self.connections: list[socket.socket] = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._listener.close()
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def paths(self, path: str) -> list[Request]:
        """The requests for one path."""
        return [request for request in self.requests if request.path == path]

    def wait_closed(self) -> None:
        """Until every connection has been closed by its client; an assertion when that takes long."""
        deadline = time.monotonic() + 5
        while any(connection.fileno() != -1 for connection in self.connections):
            assert time.monotonic() < deadline, "a client left its connection open"
            time.sleep(0.01)

    def secured(self, connection: socket.socket) -> socket.socket:
        return connection

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError), self.secured(connection) as connection, connection.makefile("rb") as stream:
            if self._greeting:
                self._greeting(connection, Request("", "", {}, b"", self._stopped))
            while request := self._read(stream):
                self._answer(connection, request)

    def _answer(self, connection: socket.socket, request: Request) -> None:
        with self._lock:
            self.requests.append(request)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            self.answers.get(request.path, not_found)(connection, request)
        finally:
            with self._lock:
                self._at_once -= 1

    def _read(self, stream: Any) -> Request | None:
        first = stream.readline()
        if not first.strip():
            return None
        method, path, _ = first.decode("latin-1").split(" ", 2)
        headers = {}
        while line := stream.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", "0")))
        return Request(method, path, headers, body, self._stopped)


def reply(body: bytes, status: int = 200, kind: str = "application/json", *headers: str) -> Answer:
    """A well-formed answer."""
    lines = [f"HTTP/1.1 {status} Some", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    head = "\r\n".join(lines).encode("latin-1")
    return raw(head + b"\r\n\r\n" + body)


def json_reply(value: Any, status: int = 200, *headers: str) -> Answer:
    return reply(json.dumps(value).encode(), status, "application/json", *headers)


def html(status: int) -> Answer:
    return reply(b"<!doctype html><html><h1>Sign in</h1></html>", status, "text/html")


def redirect(target: str) -> Answer:
    return reply(b"", 302, "text/plain", f"Location: {target}")


def raw(data: bytes) -> Answer:
    """These bytes as they are; the connection stays open."""
    return lambda connection, request: connection.sendall(data)


def raw_and_close(data: bytes) -> Answer:
    def answer(connection: socket.socket, request: Request) -> None:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_RDWR)

    return answer


def not_found(connection: socket.socket, request: Request) -> None:
    reply(b"404 page not found", 404, "text/plain")(connection, request)


def hang(connection: socket.socket, request: Request) -> None:
    request.stopped.wait(60)


def drip(data: bytes, *, at_once: bytes = b"", seconds: float = 0.05) -> Answer:
    """`at_once`, then one byte after the other: a read time-out would begin anew with each."""

    def answer(connection: socket.socket, request: Request) -> None:
        connection.sendall(at_once)
        for byte in data * 1000:
            if request.stopped.wait(seconds):
                return
            connection.sendall(bytes([byte]))

    return answer


def huge(megabytes: int, *, with_length: bool) -> Answer:
    """A body of so many megabytes; without a length it ends with the connection."""

    def answer(connection: socket.socket, request: Request) -> None:
        length = f"Content-Length: {megabytes * 2**20}\r\n" if with_length else ""
        connection.sendall(f"HTTP/1.1 200 OK\r\n{length}\r\n".encode())
        chunk = b" " * 2**20
        for _ in range(megabytes):
            connection.sendall(chunk)
        connection.shutdown(socket.SHUT_RDWR)

    return answer


def gzip_bomb(megabytes: int, times: int = 1) -> Answer:
    """A short body that unpacks to so many megabytes, packed `times` times."""
    body = gzip.compress(b" " * (megabytes * 2**20))
    for _ in range(times - 1):
        body = gzip.compress(body)
    return reply(body, 200, "application/json", "Content-Encoding: " + ", ".join(["gzip"] * times))
