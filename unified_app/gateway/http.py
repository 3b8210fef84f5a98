"""The few things of ASGI that the gateway needs: a bounded request, a plain answer, the moment a client leaves."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from unified_app.errors import InvalidInput, RegistryError
from unified_app.gateway.translate.framing import parse_object

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

MAX_HEADERS = 200
MAX_HEADER_BYTES = 64 * 1024
_REQUEST_ID = re.compile(rb"[\x21-\x7e]{1,128}\Z")


class TooLarge(RegistryError):
    """The request's body is larger than MAX_BODY_MB."""

    status_code = 413
    code = "too_large"


class TooSlow(RegistryError):
    """The request's body did not arrive within BODY_TIMEOUT."""

    status_code = 408
    code = "body_timeout"


class HeadersTooLarge(RegistryError):
    """The request has more or longer headers than we read."""

    status_code = 431
    code = "headers_too_large"


class Request:
    """One request, its headers read once. `id` is the caller's X-Request-ID, or a new one."""

    __slots__ = ("gone", "headers", "id", "method", "path", "receive", "scope", "whole")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self.receive = receive
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        given = self.headers.get(b"x-request-id", b"")
        self.id = given.decode() if _REQUEST_ID.match(given) else uuid.uuid4().hex
        self.whole = self.gone = False

    def check_headers(self) -> None:
        pairs = self.scope["headers"]
        if len(pairs) > MAX_HEADERS or sum(len(n) + len(v) for n, v in pairs) > MAX_HEADER_BYTES:
            raise HeadersTooLarge(f"Send at most {MAX_HEADERS} headers and {MAX_HEADER_BYTES // 1024} KiB of them.")

    async def json(self, max_bytes: int, seconds: float) -> dict[str, Any]:
        """Return the body as an object. Raises TooLarge, TooSlow, or InvalidInput when it is not one."""
        raw = await self.body(max_bytes, seconds)
        try:
            return parse_object(raw)
        except ValueError:
            problem = "is not a JSON object in UTF-8" if raw else "is empty; send a JSON object"
            raise InvalidInput(f"The body {problem}.") from None

    async def body(self, max_bytes: int, seconds: float) -> bytes:
        declared = self.headers.get(b"content-length", b"0")
        if declared.isdigit():
            self._check(int(declared), max_bytes)
        message = await self._message(seconds)
        if not message.get("more_body"):
            self.whole = True
            body: bytes = message.get("body", b"")
            self._check(len(body), max_bytes)
            return body
        return await self._rest(message, max_bytes, seconds)

    async def _rest(self, message: Message, max_bytes: int, seconds: float) -> bytes:
        body = bytearray(message.get("body", b""))
        deadline = asyncio.get_running_loop().time() + seconds
        while message.get("more_body"):
            message = await self._message(deadline - asyncio.get_running_loop().time())
            body += message.get("body", b"")
            self._check(len(body), max_bytes)
        self.whole = True
        return bytes(body)

    def _check(self, size: int, max_bytes: int) -> None:
        if size > max_bytes:
            raise TooLarge(f"The body may have at most {max_bytes // 2**20} MB.")

    async def _message(self, seconds: float) -> Message:
        try:
            async with asyncio.timeout(seconds):
                message = await self.receive()
        except TimeoutError:
            raise TooSlow("The body did not arrive in time.") from None
        if message["type"] == "http.disconnect":
            self.gone = True
            raise asyncio.CancelledError
        return message


class ClientWatch:
    """Cancels the task that uses it as soon as the client has gone, so that the upstream stops too."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> ClientWatch:
        caller = asyncio.current_task()
        assert caller is not None
        self._task = asyncio.create_task(self._until_gone(caller))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _until_gone(self, caller: asyncio.Task[Any]) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        self._request.gone = True
        caller.cancel()


def plain_headers(content_type: bytes, request_id: str, more: Headers) -> Headers:
    return [(b"content-type", content_type), (b"x-request-id", request_id.encode()), *more]


async def send_json(send: Send, status: int, value: Any, request_id: str, headers: Headers) -> None:
    """Send one whole JSON answer."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    await send_bytes(send, status, body, b"application/json", request_id, headers)


async def send_bytes(
    send: Send, status: int, body: bytes, content_type: bytes, request_id: str, headers: Headers
) -> None:
    """Send one whole answer."""
    length = (b"content-length", b"%d" % len(body))
    start = {"type": "http.response.start", "status": status}
    await send(start | {"headers": [*plain_headers(content_type, request_id, headers), length]})
    await send({"type": "http.response.body", "body": body})
