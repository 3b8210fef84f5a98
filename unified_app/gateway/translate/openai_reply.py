"""Replies of Ollama's native protocol, for an OpenAI caller. Pure."""

from __future__ import annotations

import hashlib
from typing import Any

from unified_app.errors import UpstreamInvalid
from unified_app.gateway.translate.errors import checked_reply
from unified_app.gateway.translate.fields import Body
from unified_app.gateway.translate.framing import compact
from unified_app.gateway.translate.logprobs import chat_logprobs, completion_logprobs

_TRANSLATED = frozenset(
    (
        *("model", "created_at", "message", "response", "thinking", "tool_calls", "done", "done_reason", "logprobs"),
        *("prompt_eval_count", "eval_count", "error"),
    )
)
_MESSAGE = frozenset(("role", "content", "thinking", "tool_calls"))


def ollama_chat_to_openai(reply: Any, *, model: str, request_id: str, created: int) -> Body:
    """Return a chat.completion. Raises UpstreamError or UpstreamInvalid when the reply is an error or garbage."""
    checked_reply(reply)
    message = _message_of(reply)
    answer = {"role": "assistant", "content": _text(message.get("content")), **_extras(message, _MESSAGE)}
    if thinking := _text(message.get("thinking")):
        answer["reasoning"] = thinking
    if calls := openai_calls(message.get("tool_calls"), request_id, 0):
        answer["tool_calls"] = calls
    choice: Body = {"index": 0, "message": answer, "finish_reason": finish_of(reply, bool(calls))}
    if logprobs := chat_logprobs(reply.get("logprobs")):
        choice["logprobs"] = logprobs
    return _whole("chatcmpl", "chat.completion", reply, choice, model, request_id, created)


def ollama_generate_to_openai(reply: Any, *, model: str, request_id: str, created: int) -> Body:
    """Return a text_completion. Raises UpstreamError or UpstreamInvalid."""
    checked_reply(reply)
    choice: Body = {"text": _text(reply.get("response")), "index": 0, "logprobs": None}
    choice["finish_reason"] = finish_of(reply, False)
    choice["logprobs"] = completion_logprobs(reply.get("logprobs"), 0)
    if thinking := _text(reply.get("thinking")):
        choice["reasoning"] = thinking
    return _whole("cmpl", "text_completion", reply, choice, model, request_id, created)


class OllamaChatToOpenAI:
    """Turns the objects of a native chat stream into chat.completion.chunk objects.

    `finished` is true once the upstream said that it is done; a stream that ends before has failed. `usage` holds its
    token counts then, whether or not the caller wants them in the stream.
    """

    _prefix, _kind = "chatcmpl", "chat.completion.chunk"

    def __init__(self, model: str, request_id: str, created: int, include_usage: bool) -> None:
        self.finished = False
        self.usage: Body | None = None
        self._request_id = request_id
        self._include_usage = include_usage
        self._base = {
            "id": f"{self._prefix}-{request_id}",
            "object": self._kind,
            "created": created,
            "model": model,
        }
        self._begun = False
        self._calls = 0

    def feed(self, obj: Any) -> list[Body]:
        """Raises UpstreamError when the upstream reports one in mid-stream, UpstreamInvalid for garbage."""
        checked_reply(obj)
        chunks = [self._chunk(piece, None)] if (piece := self._piece(obj)) else []
        return chunks + self._end(obj) if obj.get("done") else chunks

    def _piece(self, obj: Body) -> Body | None:
        """Return the choice that this object makes, without its finish reason; None when it says nothing."""
        message = _message_of(obj)
        delta: Body = _extras(message, _MESSAGE)
        if text := _text(message.get("content")):
            delta["content"] = text
        if thinking := _text(message.get("thinking")):
            delta["reasoning"] = thinking
        if calls := openai_calls(message.get("tool_calls"), self._request_id, self._calls):
            self._calls += len(calls)
            delta["tool_calls"] = calls
        logprobs = chat_logprobs(obj.get("logprobs"))
        if self._begun and not delta and not logprobs:
            return None
        if not self._begun:
            self._begun = True
            delta = {"role": "assistant", "content": "", **delta}
        return {"index": 0, "delta": delta} | ({"logprobs": logprobs} if logprobs else {})

    def _last(self) -> Body:
        return {"index": 0, "delta": {}}

    def _end(self, obj: Body) -> list[Body]:
        self.finished = True
        self.usage = usage_of(obj)
        last = self._chunk(self._last(), finish_of(obj, self._calls > 0))
        chunks = [_extras(obj, _TRANSLATED | last.keys()) | last]
        if self._include_usage:
            chunks.append({**self._base, "choices": [], "usage": self.usage})
        return chunks

    def _chunk(self, choice: Body, finish: str | None) -> Body:
        return {**self._base, "choices": [{**choice, "finish_reason": finish}]}


class OllamaGenerateToOpenAI(OllamaChatToOpenAI):
    """The same for generate and /v1/completions."""

    _prefix, _kind = "cmpl", "text_completion"
    _offset = 0

    def _piece(self, obj: Body) -> Body | None:
        text, thinking = _text(obj.get("response")), _text(obj.get("thinking"))
        logprobs = completion_logprobs(obj.get("logprobs"), self._offset)
        if not text and not thinking and not logprobs:
            return None
        self._offset += len(text)
        choice = {"text": text, "index": 0, "logprobs": logprobs}
        return choice | {"reasoning": thinking} if thinking else choice

    def _last(self) -> Body:
        return {"text": "", "index": 0, "logprobs": None}


def openai_calls(calls: Any, request_id: str, first: int) -> list[Body]:
    """Return tool calls with an index, an id and arguments as a string; `first` is the number of the first one."""
    if not calls:
        return []
    if not isinstance(calls, list):
        raise UpstreamInvalid("The upstream's tool calls are not a list.")
    return [_call(call, request_id, first + number) for number, call in enumerate(calls)]


def usage_of(reply: Body) -> Body:
    """Return OpenAI's usage; Ollama leaves counts of zero out."""
    prompt, made = _count(reply.get("prompt_eval_count")), _count(reply.get("eval_count"))
    return {"prompt_tokens": prompt, "completion_tokens": made, "total_tokens": prompt + made}


def finish_of(reply: Body, calls: bool) -> str:
    """Return the finish reason. Ollama ends tool calls with `stop`, and a load with a word of its own."""
    if calls:
        return "tool_calls"
    if not reply.get("done"):
        # A whole reply that is not done was given up because the model repeated itself: it is cut.
        return "length"
    reason = reply.get("done_reason")
    return str(reason) if reason in ("length", "content_filter") else "stop"


def _whole(prefix: str, kind: str, reply: Body, choice: Body, model: str, request_id: str, created: int) -> Body:
    told = {"id": f"{prefix}-{request_id}", "object": kind, "created": created, "model": model, "choices": [choice]}
    told["usage"] = usage_of(reply)
    return {**told, **_extras(reply, _TRANSLATED | told.keys())}


def _call(call: Any, request_id: str, number: int) -> Body:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        raise UpstreamInvalid("The upstream's tool call names no function.")
    text = _argument_text(function.get("arguments"))
    # Servers before 0.12.10 give no id, but the caller must name one when it answers.
    own = hashlib.sha256(f"{request_id}:{number}".encode()).hexdigest()[:16]
    given = _text(call.get("id"))
    named = {name: value for name, value in function.items() if name != "index"}
    rest = {name: value for name, value in call.items() if name not in ("id", "index", "type", "function")}
    told = {"index": number, "id": given or f"call_{own}", "type": "function"}
    return {**rest, **told, "function": {**named, "arguments": text}}


def _argument_text(arguments: Any) -> str:
    try:
        return arguments if isinstance(arguments, str) else compact(arguments or {}).decode()
    except ValueError as error:
        raise UpstreamInvalid("The arguments in the upstream's tool call are not JSON.") from error


def _message_of(reply: Body) -> Body:
    message = reply.get("message") or {}
    if not isinstance(message, dict):
        raise UpstreamInvalid("The upstream's message is not an object.")
    return message


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _extras(fields: Body, translated: frozenset[str]) -> Body:
    return {name: value for name, value in fields.items() if name not in translated and value is not None}
