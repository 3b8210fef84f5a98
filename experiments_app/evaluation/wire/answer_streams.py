"""Streamed chats, read event by event into a Reply that knows its times. Pure."""

from __future__ import annotations

from typing import Any

from experiments_app.evaluation.replies import CallFailed, Reply, Request
from experiments_app.evaluation.wire.answer_calls import ToolCalls
from experiments_app.evaluation.wire.answer_tokens import usage_of
from experiments_app.evaluation.wire.answers import THOUGHTS, failed, raise_told
from unified_app.errors import RegistryError, UpstreamInvalid
from unified_app.gateway.translate.framing import EventSplitter, parse_object
from unified_app.gateway.translate.openai_reading import read

# Texts longer than this end a stream that never ends by itself.
MAX_CHARACTERS = 32 * 2**20


class StreamReading:
    """Reads one answer. `feed` and `reply` raise CallFailed; times are seconds since the call."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._events = EventSplitter()
        # When each piece came, and what it said.
        self._texts: list[tuple[float, str]] = []
        self._thoughts: list[tuple[float, str]] = []
        self._calls = ToolCalls()
        self._called_at: float | None = None
        self._finish = ""
        self._usage: Any = None
        self._marked = False
        self._size = 0

    def feed(self, chunk: bytes, at: float) -> None:
        try:
            for event in self._events.feed(chunk):
                self._take(event, at)
        except RegistryError as error:
            raise failed(error) from error
        except ValueError as error:
            raise failed(UpstreamInvalid("The stream holds what is not JSON.")) from error

    def reply(self, latency: float) -> Reply:
        """Return the whole answer, once the stream has ended."""
        self.feed(b"\n\n", latency)
        if not (self._marked or self._finish):
            raise CallFailed("upstream_invalid", "The answer broke off before its end.", status=502, transient=True)
        text, thoughts = _joined(self._texts), _joined(self._thoughts)
        calls = self._calls.whole()
        return Reply(
            text=text,
            reasoning=thoughts,
            tool_calls=calls,
            finish_reason=self._finish,
            usage=usage_of(self._usage, self._request, text, thoughts, calls),
            latency=latency,
            first_token=min(self._begun(), default=None),
            thinking_seconds=self._thinking_seconds(text, latency),
        )

    def _take(self, event: bytes, at: float) -> None:
        if event.strip() == b"[DONE]":
            self._marked = True
            return
        piece = parse_object(event)
        raise_told(piece)
        said = read(piece)
        self._usage = piece.get("usage") or self._usage
        self._finish = said.finish or self._finish
        self._texts += [(at, said.text)] if said.text else []
        self._thoughts += [(at, said.thinking)] if said.thinking else []
        if said.calls:
            self._calls.add(said.calls)
            self._called_at = at if self._called_at is None else self._called_at
        self._size += len(event)
        if self._size > MAX_CHARACTERS:
            raise UpstreamInvalid("The answer is too long.")

    def _begun(self) -> list[float]:
        """Return when the first text, the first thought and the first tool call came, of those that came."""
        called = [] if self._called_at is None else [self._called_at]
        return [*called, *(at for pieces in (self._texts, self._thoughts) for at, _ in pieces[:1])]

    def _thinking_seconds(self, text: str, latency: float) -> float | None:
        """Return the seconds from the first thought to the first word after the thoughts."""
        if self._thoughts:
            begun = self._thoughts[0][0]
            after = [at for at, words in self._texts if words.strip() and at >= begun]
            after += [self._called_at] if self._called_at is not None else []
            return min(after, default=latency) - begun
        inline = THOUGHTS.match(text)
        return self._time_of(inline.end(1)) - self._texts[0][0] if inline else None

    def _time_of(self, place: int) -> float:
        """Return when the character at `place` of the text came."""
        seen = 0
        for at, words in self._texts:
            seen += len(words)
            if seen >= place:
                return at
        return self._texts[-1][0]


def _joined(pieces: list[tuple[float, str]]) -> str:
    return "".join(words for _, words in pieces)
