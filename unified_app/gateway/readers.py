"""How an upstream's bytes become the caller's: relayed as they are, or translated; each knows a proper end. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from time import time_ns
from typing import Any, Protocol

from unified_app.errors import UpstreamError, UpstreamInvalid
from unified_app.gateway.translate.errors import checked_reply, ollama_error, openai_error, upstream_message
from unified_app.gateway.translate.framing import (
    MAX_LINE_BYTES,
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

NOT_JSON = "The upstream's answer is not a JSON object."
# A longer answer is relayed on the strength of its first and last byte: parsing it would keep other calls waiting.
PARSED_BYTES = 64 * 1024
# The largest whole answer that is kept in memory: a batch of embeddings can be large.
MAX_WHOLE_BYTES = 256 * 2**20
TOO_LARGE = "The upstream's answer is too large."
BROKE_OFF = "The upstream's answer broke off before its end."
EVENT_STREAM = b"text/event-stream; charset=utf-8"
NDJSON = b"application/x-ndjson"
# How a line of an event stream may begin: data, event, id, retry, a comment, a blank one, a byte order mark.
_EVENT_STARTS = b"deir:\xef"
_MARK = re.compile(rb"[\r\n]data: ?\[DONE\]")
_FINISH = re.compile(rb'"finish_reason": ?"')
_ERROR_EVENT = re.compile(rb'[\r\n]data: ?(\{ ?"error".*)')
_ERROR_LINE = re.compile(rb'\s*(\{ ?"error".*)')


class Reader(Protocol):
    """Turns one answer. `feed` raises UpstreamError or UpstreamInvalid for what the upstream may not send."""

    content_type: bytes
    # Whether the upstream ended the answer with an error of its own, which was passed on.
    told_error: bool

    def feed(self, chunk: bytes) -> bytes:
        """Return what the caller gets for these bytes, which may be nothing yet."""

    def end(self) -> bytes:
        """Return what is still due. Raises UpstreamInvalid when the answer had no proper end."""

    def failure(self, code: str, message: str) -> bytes:
        """Return the error that ends a stream that has begun."""


class _WholeLines:
    """Lets bytes go line by line, so that half a line of an answer that broke off never reaches the caller."""

    def __init__(self) -> None:
        self.rest = b""

    def let_go(self, chunk: bytes) -> bytes:
        held = self.rest + chunk if self.rest else chunk
        cut = held.rfind(b"\n") + 1
        self.rest = held[cut:]
        if len(self.rest) > MAX_LINE_BYTES:
            raise UpstreamInvalid("The upstream sent a line that is too long.")
        return held[:cut]


class EventRelay:
    """Server-sent events as they come. An end is `[DONE]`, a finish reason, or an error that the upstream tells."""

    content_type = EVENT_STREAM

    def __init__(self) -> None:
        self.told_error = False
        self._tail = b"\n"
        self._lines = _WholeLines()
        self._begun = self._marked = self._finished = False

    def feed(self, chunk: bytes) -> bytes:
        seen = self._tail + chunk
        if not self._begun:
            self._begun = _begins(chunk, _EVENT_STARTS, "server-sent events", _ERROR_EVENT.match(seen))
        # No text inside a JSON string can look like these: it has neither bare quotes nor line feeds.
        self._marked = self._marked or _MARK.search(seen) is not None
        self._finished = self._finished or _FINISH.search(seen) is not None
        self.told_error = self.told_error or _ERROR_EVENT.search(seen) is not None
        self._tail = seen[-32:]
        return self._lines.let_go(chunk)

    def end(self) -> bytes:
        if self._marked or self.told_error:
            return self._lines.rest
        if not self._finished:
            raise UpstreamInvalid(BROKE_OFF)
        return self._lines.rest + (b"" if self._tail.endswith((b"\n\n", b"\r\n\r\n")) else b"\n\n") + SSE_DONE

    def failure(self, code: str, message: str) -> bytes:
        return b"\n\n" + sse(openai_error(502, code, message))


class LineRelay:
    """Lines of JSON as they come; the last one must say that it is, or what went wrong."""

    content_type = NDJSON

    def __init__(self) -> None:
        self.told_error = False
        self._last = b""
        self._lines = _WholeLines()
        self._begun = False

    def feed(self, chunk: bytes) -> bytes:
        if not self._begun:
            self._begun = _begins(chunk, b"{", "lines of JSON", _ERROR_LINE.match(chunk))
        cut = chunk.rstrip().rfind(b"\n")
        self._last = chunk[cut + 1 :] if cut >= 0 else self._continued(chunk)
        return self._lines.let_go(chunk)

    def end(self) -> bytes:
        last = _object(self._last) if self._last.rstrip().endswith(b"}") else {}
        self.told_error = "error" in last
        if last.get("done") is not True and not self.told_error:
            raise UpstreamInvalid(BROKE_OFF)
        return self._lines.rest

    def failure(self, code: str, message: str) -> bytes:
        return ndjson(ollama_error(message))

    def _continued(self, chunk: bytes) -> bytes:
        """Return the last line when `chunk` holds no line's end before it: it goes on with what was there."""
        return chunk if self._last.endswith(b"\n") and chunk.strip() else self._last + chunk


class TurnedLines:
    """Lines of JSON, each turned into another one; the last one must say that it is, or what went wrong."""

    content_type = NDJSON

    def __init__(self, turn: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self.told_error = False
        self._lines = LineSplitter()
        self._turn = turn
        self._begun = self._finished = False

    def feed(self, chunk: bytes) -> bytes:
        return b"".join(self._turned(_object(line)) for line in _split(self._lines, chunk))

    def end(self) -> bytes:
        rest = b"".join(self._turned(_object(line)) for line in self._lines.flush())
        if not self._finished and not self.told_error:
            raise UpstreamInvalid(BROKE_OFF)
        return rest

    def failure(self, code: str, message: str) -> bytes:
        return ndjson(ollama_error(message))

    def _turned(self, told: dict[str, Any]) -> bytes:
        if self._begun and "error" in told:
            self.told_error = True
            return ndjson(told)
        self._begun = True
        self._finished = self._finished or told.get("done") is True
        return ndjson(self._turn(told))


class EventsFromLines:
    """A native Ollama stream for an OpenAI caller."""

    content_type = EVENT_STREAM
    told_error = False

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
    told_error = False

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
    told_error = False

    def __init__(self, max_bytes: int, turn: Callable[[dict[str, Any]], dict[str, Any]] | None = None) -> None:
        self._parts: list[bytes] = []
        self._room = max_bytes
        self._turn = turn

    def feed(self, chunk: bytes) -> bytes:
        self._room -= len(chunk)
        if self._room < 0:
            raise UpstreamInvalid(TOO_LARGE)
        self._parts.append(chunk)
        return b""

    def end(self) -> bytes:
        raw = b"".join(self._parts)
        if self._turn is not None:
            return compact(self._turn(_object(raw)))
        if len(raw) <= PARSED_BYTES:
            # Some servers say with status 200 what went wrong.
            checked_reply(_object(raw))
        elif not (raw.lstrip().startswith(b"{") and raw.rstrip().endswith(b"}")):
            raise UpstreamInvalid(NOT_JSON)
        return raw

    def failure(self, code: str, message: str) -> bytes:
        raise AssertionError("nothing was sent yet, so a failure still has a status of its own")


def _begins(chunk: bytes, starts: bytes, what: str, error: re.Match[bytes] | None) -> bool:
    """Whether the answer has begun. Raises UpstreamError when it begins with an error, or like something else."""
    if error is not None:
        raise UpstreamError(upstream_message(error[1], 502))
    if not (told := chunk.lstrip(b" \t\r\n")):
        return False
    if told[0] not in starts:
        raise UpstreamInvalid(f"The upstream's answer is not {what}.")
    return True


def _split(splitter: LineSplitter | EventSplitter, chunk: bytes) -> list[bytes]:
    try:
        return splitter.feed(chunk)
    except ValueError as error:
        raise UpstreamInvalid("The upstream sent a line that is too long.") from error


def _object(raw: bytes) -> dict[str, Any]:
    try:
        return parse_object(raw)
    except ValueError as error:
        raise UpstreamInvalid(NOT_JSON) from error
