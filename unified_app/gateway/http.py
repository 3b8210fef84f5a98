"""The few things of ASGI that the gateway needs: a bounded request, a plain answer, the moment a client leaves."""

from __future__ import annotations

import asyncio
import json
import re
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from itertools import chain
from random import getrandbits
from typing import Any

from unified_app.errors import InvalidInput, RegistryError
from unified_app.gateway.alarms import Alarms
from unified_app.gateway.translate.framing import parse_object

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
NO_HEADERS: Headers = []

MAX_HEADERS = 200
MAX_HEADER_BYTES = 64 * 1024
# A client is watched once its call has lasted so long: most of the short ones then need no second task.
WATCH_AFTER_SECONDS = 0.05
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

    __slots__ = ("gone", "headers", "id", "method", "path", "rate", "receive", "route", "scope", "whole")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self.receive = receive
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.route = self.path.rstrip("/")
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        given = self.headers.get(b"x-request-id")
        self.id = given.decode() if given and _REQUEST_ID.match(given) else f"{getrandbits(128):032x}"
        self.rate: Headers = []
        self.gone = False
        # Whether there is nothing of the body left to read.
        self.whole = b"transfer-encoding" not in self.headers and not self.headers.get(b"content-length", b"").strip(
            b"0"
        )

    @property
    def raw_path(self) -> bytes:
        """The path as it was sent."""
        sent: bytes = self.scope.get("raw_path") or self.path.encode("ascii", "backslashreplace")
        return sent

    def check_headers(self) -> None:
        pairs = self.scope["headers"]
        if len(pairs) > MAX_HEADERS or sum(map(len, chain.from_iterable(pairs))) > MAX_HEADER_BYTES:
            raise HeadersTooLarge(f"Send at most {MAX_HEADERS} headers and {MAX_HEADER_BYTES // 1024} KiB of them.")

    async def json(self, max_bytes: int, seconds: float, alarms: Alarms) -> dict[str, Any]:
        """Return the body as an object. Raises TooLarge, TooSlow, or InvalidInput when it is not one."""
        raw = await self.body(max_bytes, seconds, alarms)
        try:
            return parse_object(raw)
        except ValueError:
            problem = "is not a JSON object in UTF-8" if raw else "is empty; send a JSON object"
            raise InvalidInput(f"The body {problem}.") from None

    async def body(self, max_bytes: int, seconds: float, alarms: Alarms) -> bytes:
        declared = self.headers.get(b"content-length", b"0")
        if declared.isdigit():
            self._check(int(declared), max_bytes)
        reader = asyncio.current_task()
        assert reader is not None
        late = alarms.set(seconds, reader.cancel)
        try:
            body = await self._read(max_bytes)
        except asyncio.CancelledError:
            if late.rang and not reader.uncancel():
                raise TooSlow("The body did not arrive in time.") from None
            raise
        finally:
            alarms.drop(late)
        self.whole = True
        return body

    async def discard(self, seconds: float) -> None:
        """Let the rest of the body pass: closing on a client that still sends would make it lose our answer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.whole:
                    message = await self.receive()
                    self.whole = message["type"] == "http.disconnect" or not message.get("more_body")

    async def _read(self, max_bytes: int) -> bytes:
        message = await self._message()
        first: bytes = message.get("body", b"")
        self._check(len(first), max_bytes)
        if not message.get("more_body"):
            return first  # nearly every body comes as a whole
        body = bytearray(first)
        while message.get("more_body"):
            message = await self._message()
            body += message.get("body", b"")
            self._check(len(body), max_bytes)
        return bytes(body)

    def _check(self, size: int, max_bytes: int) -> None:
        if size > max_bytes:
            raise TooLarge(f"The body may have at most {max_bytes // 2**20} MB.")

    async def _message(self) -> Message:
        message = await self.receive()
        if message["type"] == "http.disconnect":
            self.gone = True
            raise asyncio.CancelledError
        return message


class ClientWatch:
    """Cancels the task that uses it as soon as the client has gone, so that the upstream stops too."""

    def __init__(self, request: Request, alarms: Alarms) -> None:
        self._request = request
        self._caller = asyncio.current_task()
        self._task: asyncio.Task[None] | None = None
        self._alarms = alarms

    def __enter__(self) -> ClientWatch:
        self._alarm = self._alarms.set(WATCH_AFTER_SECONDS, self._begin)
        return self

    def __exit__(self, *_: object) -> None:
        self._alarms.drop(self._alarm)
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._until_gone())

    async def _until_gone(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        self._request.gone = True
        assert self._caller is not None
        self._caller.cancel()


class Reply:
    """The answer to one request; once it has `begun`, its status cannot change."""

    __slots__ = ("_headers", "_send", "begun")

    def __init__(self, send: Send, request: Request) -> None:
        self._send = send
        self._headers = [(b"x-request-id", request.id.encode()), *request.rate]
        self.begun = False

    async def begin(self, content_type: bytes, headers: Headers, status: int = 200) -> None:
        self.begun = True
        told = [(b"content-type", content_type), *self._headers, *headers]
        await self._send({"type": "http.response.start", "status": status, "headers": told})

    async def piece(self, body: bytes) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def end(self, body: bytes = b"") -> None:
        await self._send({"type": "http.response.body", "body": body})

    async def whole(
        self, body: bytes, content_type: bytes = b"application/json", headers: Headers = NO_HEADERS
    ) -> None:
        await self.begin(content_type, [*headers, length_of(body)])
        await self.end(body)


def length_of(body: bytes) -> tuple[bytes, bytes]:
    return b"content-length", b"%d" % len(body)


def shown(raw_path: bytes) -> str:
    """Return a path fit for a line of the log: a decoded one may hold line feeds."""
    return ascii(raw_path[:200].decode("latin-1"))[1:-1]


def printed(value: Any) -> bytes:
    """Return an answer of our own as JSON; what UTF-8 cannot say is replaced."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def where(error: BaseException) -> str:
    """Return the lines of code that an error passed, without its message: that may repeat what a caller sent."""
    return "".join(traceback.format_tb(error.__traceback__))
