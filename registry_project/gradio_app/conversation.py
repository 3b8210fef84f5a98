"""What was asked and answered in one tab, kept on the server for the session."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass, field
from typing import Any

from registry_project.gradio_app.replies import CallPart, Delta, Usage


@dataclass
class ToolCall:
    id: str = ""
    name: str = ""
    arguments: str = ""
    verdict: str = ""
    fits: bool = True
    result: str | None = None

    def take(self, part: CallPart) -> None:
        self.id = self.id or part.id
        self.name = self.name or part.name
        self.arguments += part.arguments

    def as_message_part(self) -> dict[str, Any]:
        return {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": self.arguments}}


@dataclass
class Answer:
    """One answer as it grows: `started`, `first` and `ended` are seconds of the monotonic clock."""

    model: str = ""
    reasoning: str = ""
    text: str = ""
    calls: dict[int, ToolCall] = field(default_factory=dict)
    finish: str = ""
    usage: Usage | None = None
    error: str = ""
    stopped: bool = False
    started: float = field(default_factory=time.monotonic)
    first: float | None = None
    ended: float | None = None

    def take(self, delta: Delta) -> None:
        if self.first is None and (delta.text or delta.reasoning or delta.calls):
            self.first = time.monotonic()
        self.text += delta.text
        self.reasoning += delta.reasoning
        self.finish = delta.finish or self.finish
        self.usage = delta.usage or self.usage
        for part in delta.calls:
            self.calls.setdefault(part.index, ToolCall()).take(part)

    def end(self) -> None:
        self.ended = self.ended or time.monotonic()
        for number, call in self.calls.items():
            call.id = call.id or f"call_{number}"

    @property
    def is_whole(self) -> bool:
        return self.ended is not None and not self.error and not self.stopped

    @property
    def is_estimated(self) -> bool:
        return self.usage is None

    @property
    def tokens(self) -> int:
        """Told by the model, or estimated from the characters when it did not tell."""
        if self.usage is not None:
            return self.usage.tokens_out
        said = len(self.text) + len(self.reasoning) + sum(len(call.arguments) for call in self.calls.values())
        return math.ceil(said / 4)

    @property
    def seconds(self) -> float:
        return (self.ended or time.monotonic()) - self.started

    @property
    def seconds_to_first(self) -> float | None:
        return None if self.first is None else self.first - self.started

    @property
    def tokens_per_second(self) -> float | None:
        """Of the time in which the model wrote; None when that was too short to tell."""
        if self.first is None or (writing := (self.ended or time.monotonic()) - self.first) < 0.05:
            return None
        return self.tokens / writing

    def as_message(self) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": self.text}
        if self.calls:
            message["tool_calls"] = [call.as_message_part() for call in self.calls.values()]
        return message


@dataclass
class Turn:
    question: str
    answer: Answer
    picture: str = ""  # a small data URL


@dataclass
class Conversation:
    """Turns as they are shown, and the messages that the next request begins with."""

    turns: list[Turn] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    picture: str = ""  # path of the picture that the model has seen last

    def ask(self, question: str, model: str, *, parts: list[dict[str, Any]] | None = None, thumbnail: str = "") -> Turn:
        """Begin a turn; `parts` (such as a picture) stand before the question."""
        content = [*parts, {"type": "text", "text": question}] if parts else question
        self.messages.append({"role": "user", "content": content})
        return self._begin(question, model, thumbnail)

    def give_results(self, model: str) -> Turn:
        """Begin the turn that follows when every call has its result."""
        for call in self.turns[-1].answer.calls.values():
            self.messages.append({"role": "tool", "tool_call_id": call.id, "content": call.result or ""})
        return self._begin("", model, "")

    def keep(self, turn: Turn) -> None:
        """Let the next question build on the answer, if it is whole; a broken one is shown, but asked anew."""
        if turn.answer.is_whole:
            self.messages.append(turn.answer.as_message())
        elif self.messages and self.messages[-1]["role"] == "user":
            self.messages.pop()
            self.picture = ""

    def open_call(self) -> ToolCall | None:
        """Return the first call of the last answer that has no result yet."""
        if not self.turns or not self.turns[-1].answer.is_whole:
            return None
        return next((call for call in self.turns[-1].answer.calls.values() if call.result is None), None)

    def calls_are_answered(self) -> bool:
        calls = self.turns[-1].answer.calls.values() if self.turns else ()
        return bool(calls) and all(call.result is not None for call in calls)

    def clear(self) -> None:
        self.turns.clear()
        self.messages.clear()
        self.picture = ""

    def _begin(self, question: str, model: str, thumbnail: str) -> Turn:
        turn = Turn(question, Answer(model), thumbnail)
        self.turns.append(turn)
        return turn


def pretty(arguments: str) -> str:
    """Return JSON text with one field a line, or the text as it is when it is no JSON."""
    try:
        return json.dumps(json.loads(arguments), indent=2, ensure_ascii=False)
    except ValueError:
        return arguments
