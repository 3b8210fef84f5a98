"""Replies of OpenAI's protocol, for an Ollama caller. Times are nanoseconds since 1970, measured by who calls. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from unified_app.errors import UpstreamInvalid
from unified_app.gateway.translate.fields import Body
from unified_app.gateway.translate.openai_reading import Calls, Said, extras_of, read

Shape = Literal["chat", "generate"]

# Ollama ends tool calls with `stop` too.
_DONE_REASONS = {"tool_calls": "stop", "function_call": "stop"}


def openai_to_ollama(reply: Any, *, shape: Shape, model: str, started: int, now: int) -> Body:
    """Return a whole reply of /api/chat or /api/generate. Raises UpstreamError or UpstreamInvalid."""
    said = read(reply)
    if not reply.get("choices"):
        raise UpstreamInvalid("The upstream's answer holds no choice.")
    calls = Calls()
    calls.add(said.calls)
    said.calls = calls.whole(cut=said.finish == "length")
    told = {"model": model, "created_at": rfc3339(now), **_spoken(said, shape), **_done(said.finish)}
    counts = _counts(reply.get("usage"))
    times = {"total_duration": max(0, now - started), "eval_duration": max(0, now - started)}
    return {**extras_of(reply), **told, **times, **counts}


def load_reply(*, shape: Shape, model: str, now: int, unloaded: bool = False) -> Body:
    """Return the one object that answers a call without a prompt (see `only_loads`)."""
    reason = "unload" if unloaded else "load"
    told = {"model": model, "created_at": rfc3339(now), **_spoken(Said(), shape)}
    return {**told, "done": True, "done_reason": reason}


class OpenAIToOllama:
    """Turns the chunks of an OpenAI stream into the objects of a native one.

    Call `finish` at `[DONE]` or at the stream's end: the last object must wait for usage, which comes after the
    finish reason. `finished` is true when the stream really was complete; if it is not after `finish`, it has failed.
    """

    def __init__(self, model: str, started: int, *, shape: Shape = "chat") -> None:
        self.finished = False
        self.usage: Body | None = None
        self._model = model
        self._started = started
        self._first: int | None = None
        self._shape = shape
        self._calls = Calls()
        self._finish: str | None = None
        self._extras: Body = {}

    def feed(self, obj: Any, now: int) -> list[Body]:
        """Raises UpstreamError when the upstream reports one in mid-stream, UpstreamInvalid for garbage."""
        said = read(obj)
        self._extras |= extras_of(obj)
        if isinstance(obj.get("usage"), dict):
            self.usage = obj["usage"]
        self._calls.add(said.calls)
        said.calls = []
        if self._first is None and obj.get("choices"):
            self._first = now
        objects = [self._line(said, now)] if said.text or said.thinking or said.logprobs or said.extras else []
        if said.finish and not self._finish:
            self._finish = said.finish
            objects += self._called(now)
        return objects

    def finish(self, now: int, *, marked: bool) -> list[Body]:
        """Return the last object. `marked` says that `[DONE]` came, which some servers leave out."""
        if self.finished or not (marked or self._finish):
            return []
        objects = [] if self._finish else self._called(now)
        self.finished = True
        first = self._first or now
        times = {
            "total_duration": max(0, now - self._started),
            "prompt_eval_duration": max(0, first - self._started),
            "eval_duration": max(0, now - first),
        }
        last = self._line(Said(), now) | _done(self._finish)
        return [*objects, {**self._extras, **last, **times, **_counts(self.usage)}]

    def _called(self, now: int) -> list[Body]:
        """Return the object with the tool calls, which Ollama's callers get whole."""
        calls = self._calls.whole(cut=self._finish == "length")
        return [self._line(Said(calls=calls), now)] if calls else []

    def _line(self, said: Said, now: int) -> Body:
        return {"model": self._model, "created_at": rfc3339(now), **_spoken(said, self._shape), "done": False}


def rfc3339(nanoseconds: int) -> str:
    """Return the time as Ollama prints it: UTC, up to nine digits, without zeros at the end."""
    seconds, rest = divmod(nanoseconds, 10**9)
    fraction = f".{rest:09d}".rstrip("0").rstrip(".")
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _spoken(said: Said, shape: Shape) -> Body:
    """Return what was said, where each of the two routes has it."""
    thinking = {"thinking": said.thinking} if said.thinking else {}
    calls = {"tool_calls": said.calls} if said.calls else {}
    logprobs = {"logprobs": said.logprobs} if said.logprobs else {}
    if shape == "generate":
        return {**said.extras, "response": said.text, **thinking, **calls, **logprobs}
    message = {**said.extras, "role": "assistant", "content": said.text, **thinking, **calls}
    return {"message": message, **logprobs}


def _done(finish: str | None) -> Body:
    return {"done": True, "done_reason": _DONE_REASONS.get(finish or "stop", finish or "stop")}


def _counts(usage: Any) -> Body:
    """Return Ollama's token counts; it leaves those of zero out."""
    if not isinstance(usage, dict):
        return {}
    found = {"prompt_eval_count": usage.get("prompt_tokens"), "eval_count": usage.get("completion_tokens")}
    return {name: count for name, count in found.items() if isinstance(count, int) and count}
