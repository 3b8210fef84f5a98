"""Streams in pieces: NDJSON lines and server-sent events, cut at any byte, and how we print both. Pure."""

from __future__ import annotations

import json
from typing import Any, NoReturn

# Ollama's own client reads no longer lines.
MAX_LINE_BYTES = 8 * 2**20

SSE_DONE = b"data: [DONE]\n\n"


class _Lines:
    """Cuts at line feeds; keeps an unfinished line for later. Raises ValueError when one grows too long."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        head, newline, tail = chunk.rpartition(b"\n")
        self._rest += head if newline else tail
        if not newline:
            self._bounded(self._rest)
            return []
        lines = bytes(self._rest).split(b"\n")
        self._rest = bytearray(tail)
        for line in (*lines, tail):
            self._bounded(line)
        return lines

    def flush(self) -> bytes:
        rest, self._rest = bytes(self._rest), bytearray()
        return rest

    def _bounded(self, line: bytes | bytearray) -> None:
        if len(line) > self._limit:
            raise ValueError(f"A line is longer than {self._limit} bytes.")


class LineSplitter:
    """NDJSON: `feed` gives the lines that are complete, without blank ones; `flush` what the stream's end completes."""

    def __init__(self, limit: int = MAX_LINE_BYTES) -> None:
        self._lines = _Lines(limit)

    def feed(self, chunk: bytes) -> list[bytes]:
        """Raises ValueError when a line is too long."""
        return [line for raw in self._lines.feed(chunk) if (line := raw.strip())]

    def flush(self) -> list[bytes]:
        line = self._lines.flush().strip()
        return [line] if line else []


class EventSplitter:
    """Server-sent events: `feed` gives each complete event's data, `flush` what the stream's end completes.

    Line ends are CRLF, LF or CR; comments, ids and event names are passed over; an event without data is none.
    Reference: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    """

    def __init__(self, limit: int = MAX_LINE_BYTES) -> None:
        self._lines = _Lines(limit)
        self._limit = limit
        self._data: list[bytes] = []
        self._size = 0
        self._after_return = False
        self._begun = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Raises ValueError when a line or an event is too long."""
        return self._events(self._lines.feed(self._unified(chunk)))

    def flush(self) -> list[bytes]:
        """Unlike a browser, take an event that lacks its blank line: servers leave it out after `[DONE]`."""
        return self._events([self._lines.flush(), b""])

    def _unified(self, chunk: bytes) -> bytes:
        """Return the chunk with line feeds only. A return ends its line at once; the feed after it is passed over."""
        if not chunk:
            return chunk
        if self._after_return and chunk.startswith(b"\n"):
            chunk = chunk[1:]
            self._after_return = False
            if not chunk:
                return chunk
        self._after_return = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in chunk else chunk

    def _events(self, lines: list[bytes]) -> list[bytes]:
        events = []
        for line in lines:
            if not self._begun:
                self._begun = True
                line = line.removeprefix(b"\xef\xbb\xbf")
            if line:
                self._field(line)
                continue
            if data := b"\n".join(self._data):
                events.append(data)
            self._data, self._size = [], 0
        return events

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name != b"data":
            return
        value = value.removeprefix(b" ")
        self._size += len(value) + 1
        if self._size > self._limit:
            raise ValueError(f"An event is longer than {self._limit} bytes.")
        self._data.append(value)


def sse(obj: Any) -> bytes:
    return b"data: " + compact(obj) + b"\n\n"


def ndjson(obj: Any) -> bytes:
    return compact(obj) + b"\n"


def compact(obj: Any) -> bytes:
    """Return `obj` as JSON without spaces, in UTF-8. Raises ValueError for what JSON cannot say (NaN, infinity)."""
    try:
        return _PRINTER.encode(obj).encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair, which JSON can say but UTF-8 cannot.
        return _ASCII_PRINTER.encode(obj).encode()


def parse_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object in `raw`. Raises ValueError when it is not strict JSON, UTF-8 and an object."""
    try:
        value = _plain(raw) if raw[:2] == b'{"' else _PARSER.decode(raw.decode(json.detect_encoding(raw), _HALVES))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _plain(raw: bytes) -> Any:
    """Return what begins as nearly all do, which can only be UTF-8; `decode` would look for blanks at both ends."""
    text = raw.decode("utf-8", _HALVES)
    value, end = _PARSER.raw_decode(text)
    if text[end:].strip(_BLANKS):
        raise ValueError("more follows the object")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# Half of a surrogate pair may stand alone, as JSON's own escapes allow.
_HALVES = "surrogatepass"
_BLANKS = " \t\n\r"
# `json.dumps` and `json.loads` would make these anew for each call.
_PARSER = json.JSONDecoder(parse_constant=_no_constant)
# Nothing that we print holds itself; were it to, a RecursionError would tell.
_PRINTER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False)
_ASCII_PRINTER = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False)
