"""Bodies that are too large are refused while they arrive, before Django spools them to disk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from unified_app.gateway.http import Message, Receive, Scope, Send

# Django's handler and ours differ in how they spell the types of ASGI.
Application = Callable[[Any, Any, Any], Awaitable[None]]


class BoundedBody:
    """An ASGI application that reads a request's body, up to `max_bytes` and for `seconds`, and hands it on whole.

    A body that is sent in chunks has no Content-Length, and Django's parsers take it for empty.
    """

    def __init__(self, application: Application, *, max_bytes: int, seconds: float) -> None:
        self._application = application
        self._max_bytes = max_bytes
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(scope):
            await self._application(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._seconds):
                body = await self._read(receive)
        except TimeoutError:
            await refuse(send, 408, "body_timeout", "The body did not arrive in time.")
            return
        if body is None:
            await refuse(send, 413, "too_large", f"The body may have at most {self._max_bytes // 2**20} MB.")
            return
        headers = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
        length = (b"content-length", b"%d" % len(body))
        await self._application({**scope, "headers": [*headers, length]}, _replay(body, receive), send)

    async def _read(self, receive: Receive) -> bytes | None:
        """Return the whole body, or None when it is too large or the client has gone."""
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if message["type"] != "http.request" or len(body) > self._max_bytes:
                return None
            if not message.get("more_body"):
                return bytes(body)


def _has_body(scope: Scope) -> bool:
    """Whether the request announces a body, whatever its method."""
    headers = dict(scope["headers"])
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"


async def refuse(send: Send, status: int, code: str, message: str) -> None:
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    # Without this the server would go on reading what we do not want.
    headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _replay(body: bytes, receive: Receive) -> Receive:
    told = False

    async def replay() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
