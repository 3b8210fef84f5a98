"""How an upstream's bytes become the caller's: relayed as they are, or translated; each knows a proper end. Pure."""

from __future__ import annotations

from collections.abc import Callable
from time import time_ns
from typing import Any, Protocol

from unified_app.errors import UpstreamInvalid
from unified_app.gateway.translate.errors import ollama_error, openai_error
from unified_app.gateway.translate.framing import (
    SSE_DONE,
    EventSplitter,
    LineSplitter,
    compact,
    ndjson,
    parse_object,
    sse,
)
from unified_app.gateway.translate.ollama_reply import OpenAIToOllama
from unified_app.gateway.translate.openai_reply import OllamaChatToOpenAI

BROKE_OFF = "The upstream's answer broke off before its end."
EVENT_STREAM = b"text/event-stream; charset=utf-8"
NDJSON = b"application/x-ndjson"


class Reader(Protocol):
    """Turns one answer. `feed` raises UpstreamError or UpstreamInvalid for what the upstream may not send."""

    content_type: bytes

    def feed(self, chunk: bytes) -> bytes:
        """Return what the caller gets for these bytes, which may be nothing yet."""

    def end(self) -> bytes:
        """Return what is still due. Raises UpstreamInvalid when the answer had no proper end."""

    def failure(self, code: str, message: str) -> bytes:
        """Return the error that ends a stream that has begun."""


class EventRelay:
    """Server-sent events as they come; `[DONE]` must be among the last."""

    content_type = EVENT_STREAM

    def __init__(self) -> None:
        self._tail = b""

    def feed(self, chunk: bytes) -> bytes:
        self._tail = (self._tail + chunk)[-64:]
        return chunk

    def end(self) -> bytes:
        if b"data: [DONE]" not in self._tail:
            raise UpstreamInvalid(BROKE_OFF)
        return b""

    def failure(self, code: str, message: str) -> bytes:
        return b"\n\n" + sse(openai_error(502, code, message))


class LineRelay:
    """Lines of JSON as they come; one must say `"done":true`, which no text inside a JSON string can look like."""

    content_type = NDJSON

    def __init__(self) -> None:
        self._done = False
        self._tail = b""

    def feed(self, chunk: bytes) -> bytes:
        seen = self._tail + chunk
        # An error line is an end too: the upstream has said what happened.
        self._done = self._done or b'"done":true' in seen or seen.startswith(b'{"error"') or b'\n{"error"' in seen
        self._tail = seen[-16:]
        return chunk

    def end(self) -> bytes:
        if not self._done:
            raise UpstreamInvalid(BROKE_OFF)
        return b""

    def failure(self, code: str, message: str) -> bytes:
        return (b"" if self._tail.endswith(b"\n") or not self._tail else b"\n") + ndjson(ollama_error(message))


class EventsFromLines:
    """A native Ollama stream for an OpenAI caller."""

    content_type = EVENT_STREAM

    def __init__(self, translator: OllamaChatToOpenAI) -> None:
        self._lines = LineSplitter()
        self._translator = translator

    def feed(self, chunk: bytes) -> bytes:
        return self._print(_split(self._lines, chunk))

    def end(self) -> bytes:
        rest = self._print(self._lines.flush())
        if not self._translator.finished:
            raise UpstreamInvalid(BROKE_OFF)
        return rest + SSE_DONE

    def failure(self, code: str, message: str) -> bytes:
        return sse(openai_error(502, code, message))

    def _print(self, lines: list[bytes]) -> bytes:
        return b"".join(sse(piece) for line in lines if line for piece in self._translator.feed(_object(line)))


class LinesFromEvents:
    """An OpenAI stream for an Ollama caller."""

    content_type = NDJSON

    def __init__(self, translator: OpenAIToOllama) -> None:
        self._events = EventSplitter()
        self._translator = translator
        self._marked = False

    def feed(self, chunk: bytes) -> bytes:
        return self._print(_split(self._events, chunk))

    def end(self) -> bytes:
        rest = self._print(self._events.flush())
        last = self._translator.finish(time_ns(), marked=self._marked)
        if not self._translator.finished:
            raise UpstreamInvalid(BROKE_OFF)
        return rest + b"".join(ndjson(piece) for piece in last)

    def failure(self, code: str, message: str) -> bytes:
        return ndjson(ollama_error(message))

    def _print(self, events: list[bytes]) -> bytes:
        printed = []
        for event in events:
            if event.strip() == b"[DONE]":
                self._marked = True
            elif event:
                printed += [ndjson(piece) for piece in self._translator.feed(_object(event), time_ns())]
        return b"".join(printed)


class Whole:
    """An answer that is not streamed: kept until its end, then turned by `turn`, or handed on as it came."""

    content_type = b"application/json"

    def __init__(self, max_bytes: int, turn: Callable[[dict[str, Any]], dict[str, Any]] | None = None) -> None:
        self._parts: list[bytes] = []
        self._room = max_bytes
        self._turn = turn

    def feed(self, chunk: bytes) -> bytes:
        self._room -= len(chunk)
        if self._room < 0:
            raise UpstreamInvalid("The upstream's answer is too large.")
        self._parts.append(chunk)
        return b""

    def end(self) -> bytes:
        raw = b"".join(self._parts)
        return raw if self._turn is None else compact(self._turn(_object(raw)))

    def failure(self, code: str, message: str) -> bytes:
        raise AssertionError("nothing was sent yet, so a failure still has a status of its own")


def _split(splitter: LineSplitter | EventSplitter, chunk: bytes) -> list[bytes]:
    try:
        return splitter.feed(chunk)
    except ValueError as error:
        raise UpstreamInvalid("The upstream sent a line that is too long.") from error


def _object(raw: bytes) -> dict[str, Any]:
    try:
        return parse_object(raw)
    except ValueError as error:
        raise UpstreamInvalid("The upstream's answer is not JSON.") from error
