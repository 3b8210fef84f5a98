"""Answers to a program's calls: gathered as OpenAI's object, or handed on chunk by chunk while they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from unified_app.errors import UpstreamInvalid
from unified_app.gateway.http import NO_HEADERS, Headers, Reply
from unified_app.gateway.translate.errors import checked_reply
from unified_app.gateway.translate.framing import EventSplitter, parse_object

# Pieces that wait for a reader; then the upstream is slowed down.
WAITING = 8
Work = Callable[[Reply], Awaitable[None]]


class _Kept(Reply):
    """Gathers an answer."""

    __slots__ = ("raw",)

    def __init__(self) -> None:
        self.begun = False
        self.raw = bytearray()

    async def begin(self, content_type: bytes, headers: Headers, status: int = 200) -> None:
        self.begun = True

    async def piece(self, body: bytes) -> None:
        self.raw += body

    async def end(self, body: bytes = b"") -> None:
        self.raw += body

    async def whole(
        self, body: bytes, content_type: bytes = b"application/json", headers: Headers = NO_HEADERS
    ) -> None:
        self.begun = True
        self.raw += body


class _Piped(_Kept):
    """Hands an answer on; what went wrong before its first byte too."""

    __slots__ = ("_pieces",)

    def __init__(self) -> None:
        super().__init__()
        self._pieces: asyncio.Queue[bytes | Exception] = asyncio.Queue(WAITING)

    async def piece(self, body: bytes) -> None:
        if body:
            await self._pieces.put(body)

    async def end(self, body: bytes = b"") -> None:
        await self.piece(body)

    async def fill(self, work: Work) -> None:
        try:
            await work(self)
        except Exception as error:
            await self._pieces.put(error)
        else:
            await self._pieces.put(b"")

    async def next(self) -> bytes:
        got = await self._pieces.get()
        if isinstance(got, Exception):
            raise got
        return got


async def whole_of(work: Work) -> dict[str, Any]:
    """Return the object that `work` answers. Raises RegistryError."""
    kept = _Kept()
    await work(kept)
    try:
        return checked_reply(parse_object(bytes(kept.raw)))
    except ValueError as error:
        raise UpstreamInvalid("The member's answer is not a JSON object.") from error


async def chunks_of(work: Work) -> AsyncIterator[dict[str, Any]]:
    """Return the chunks that `work` streams, once the first is there. Raises RegistryError."""
    chunks = _chunks(work)
    first = await anext(chunks, None)
    return _chained(first, chunks)


async def _chained(first: dict[str, Any] | None, rest: AsyncIterator[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    async with aclosing(rest):  # type: ignore[type-var]
        if first is not None:
            yield first
        async for chunk in rest:
            yield chunk


async def _chunks(work: Work) -> AsyncIterator[dict[str, Any]]:
    pipe, events = _Piped(), EventSplitter()
    task = asyncio.create_task(pipe.fill(work))
    try:
        while piece := await pipe.next():
            for event in events.feed(piece):
                if event.strip() != b"[DONE]":
                    yield checked_reply(parse_object(event))
    finally:
        task.cancel()
