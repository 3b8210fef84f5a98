"""Chat answers as OpenAI itself shapes them, with its order of chunks; Ollama's own routes differ from it. Pure."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from registry_project.demo.server import Body, Lines, sha
from registry_project.demo.talk import tokens
from registry_project.demo_openai.replies import call_of

ROLE: Body = {"role": "assistant", "content": "", "refusal": None}
INSIDE = ("hidden", "inline")
CHAT, CHUNK = "chat.completion", "chat.completion.chunk"


@dataclass
class Telling:
    """One answer. `thoughts` are `hidden` but counted, `inline` in think marks, or the name of a field of their own.

    `extra` stands in the whole answer and in each chunk, `beside` in each choice.
    """

    model: str
    thoughts: str = "hidden"
    extra: Body = field(default_factory=dict)
    beside: Body = field(default_factory=dict)
    _begun: bool = False
    _open: bool = False
    _called: bool = False
    _thought: int = 0

    def __post_init__(self) -> None:
        seen = sha(f"{self.model} {time.time_ns()}")[:24]
        self.base = {"id": f"chatcmpl-{seen}", "created": int(time.time()), "model": self.model, **self.extra}

    async def whole(self, lines: Lines) -> Body:
        (line,) = [line async for line in lines]
        native = line["message"]
        self._thought = len(tokens(thought := native.get("thinking", "")))
        message = ROLE | {"content": "".join(self._texts(native))}
        if thought and self.thoughts not in INSIDE:
            message[self.thoughts] = thought
        if calls := [call_of(**call) for call in native.get("tool_calls", [])]:
            self._called = True
            message |= {"content": None, "tool_calls": [without_index(call) for call in calls]}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self._reason(line), **self.beside}
        return {**self.base, "object": CHAT, "choices": [choice], "usage": self.usage(line)}

    async def chunks(self, lines: Lines, *, wants_usage: bool) -> AsyncIterator[Body]:
        """Yield the role, the pieces, why it ended, and the usage where it is wanted, which is null until then."""
        null = {"usage": None} if wants_usage else {}
        line: Body = {}
        async for line in lines:
            for delta in self._deltas(line["message"]):
                yield self._chunk(delta, None) | null
        if not self._begun:
            yield self._chunk(ROLE, None) | null
        yield self._chunk({}, self._reason(line)) | null
        if wants_usage:
            yield {**self.base, "object": CHUNK, "choices": [], "usage": self.usage(line)}

    def usage(self, line: Body) -> Body:
        given, made = line.get("prompt_eval_count", 0), line.get("eval_count", 0)
        details = {"completion_tokens_details": {"reasoning_tokens": self._thought}} if self._thought else {}
        return {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made, **details}

    def _chunk(self, delta: Body, reason: str | None) -> Body:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason, **self.beside}
        return {**self.base, "object": CHUNK, "choices": [choice]}

    def _reason(self, line: Body) -> str:
        return "tool_calls" if self._called else str(line["done_reason"])

    def _deltas(self, message: Body) -> Iterator[Body]:
        """Yield what a caller sees of one native message, the role first."""
        thought = message.get("thinking", "")
        self._thought += len(tokens(thought))
        for call in message.get("tool_calls", []):
            yield from self._call_deltas(call)
        for name, text in ((self.thoughts, thought), ("content", "".join(self._texts(message)))):
            if text and name not in INSIDE:
                yield from self._begin()
                yield {name: text}

    def _begin(self) -> Iterator[Body]:
        if not self._begun:
            self._begun = True
            yield ROLE

    def _texts(self, message: Body) -> Iterator[str]:
        """Yield the content, with the thoughts inside when they are inline."""
        thought, content = message.get("thinking"), message["content"]
        if self.thoughts == "inline" and thought:
            yield thought if self._open else f"<think>\n{thought}"
            self._open = True
        if content and self._open:
            self._open = False
            yield "\n</think>\n\n"
        yield content

    def _call_deltas(self, call: Body) -> Iterator[Body]:
        """Yield the name first, and the arguments in pieces."""
        told, self._called = call_of(**call), True
        text, told["function"] = told["function"]["arguments"], {**told["function"], "arguments": ""}
        yield {**({} if self._begun else {"role": "assistant"}), "content": None, "tool_calls": [told]}
        self._begun = True
        for at in range(0, len(text), 8):
            yield {"tool_calls": [{"index": told["index"], "function": {"arguments": text[at : at + 8]}}]}


def without_index(call: Body) -> Body:
    return {name: value for name, value in call.items() if name != "index"}
