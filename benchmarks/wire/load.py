"""The load of the gateway's benchmark: connections on raw sockets, each with one call under way all the time."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_QUESTION = [{"role": "system", "content": "Answer in one sentence."}, {"role": "user", "content": "Why is it blue?"}]


@dataclass
class Round:
    """What one round saw: answers a second, and each answer's time to the first byte of its body, in ms."""

    seconds: float = 0.0
    answers: int = 0
    waits: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.answers / self.seconds

    def wait(self, share: float) -> float:
        return sorted(self.waits)[min(len(self.waits) - 1, int(share * len(self.waits)))]


def chat(key: str, *, stream: bool, model: str = "small:1b") -> bytes:
    """Return a whole HTTP request for one chat."""
    body = json.dumps({"model": model, "messages": _QUESTION, "temperature": 0.2, "stream": stream}).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {key}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def run(port: int, request: bytes, *, connections: int, seconds: float) -> Round:
    return uvloop.run(_run(port, request, connections, seconds))


async def _run(port: int, request: bytes, connections: int, seconds: float) -> Round:
    loop = asyncio.get_running_loop()
    seen = Round()
    clients = [_Client(request, seen, began := time.perf_counter(), began + seconds) for _ in range(connections)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)
    async with asyncio.timeout(seconds + 15):
        await asyncio.gather(*(client.done for client in clients))
    seen.seconds = time.perf_counter() - began
    return seen


class _Client(asyncio.Protocol):
    def __init__(self, request: bytes, seen: Round, began: float, until: float) -> None:
        self._request, self._round, self._until = request, seen, until
        self._asked = began
        self._parts: list[bytes] = []
        self._is_whole: Callable[[], bool] | None = None
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._parts.append(data)
        if self._is_whole is None:
            self._begin()
        if self._is_whole is not None and self._is_whole():
            self._round.answers += 1
            self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server under test closed a connection"))

    def _ask(self) -> None:
        self._parts, self._is_whole = [], None
        self._asked = time.perf_counter()
        if self._asked < self._until:
            self._transport.write(self._request)
        else:
            self.done.set_result(None)
            self._transport.close()

    def _begin(self) -> None:
        """Note when the first byte of the body came, and how the end is to be known."""
        head, end, body = b"".join(self._parts).partition(b"\r\n\r\n")
        if not end or not body:
            return
        self._round.waits.append((time.perf_counter() - self._asked) * 1000)
        if not head.startswith(b"HTTP/1.1 200"):
            self.done.set_exception(RuntimeError((head + end + body).decode(errors="replace")[:600]))
            self._transport.close()
            return
        length = _LENGTH.search(head)
        if length is None:
            self._is_whole = lambda: self._parts[-1].endswith(b"0\r\n\r\n")
        else:
            total = len(head) + len(end) + int(length[1])
            self._is_whole = lambda: sum(map(len, self._parts)) >= total
