"""What a choice of an OpenAI reply says, whole or as a stream's delta, of chat or of completions. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from unified_app.errors import UpstreamInvalid
from unified_app.gateway.translate.errors import checked_reply
from unified_app.gateway.translate.fields import Body
from unified_app.gateway.translate.logprobs import ollama_logprobs

# More than any caller could use; a server that never ends its calls must not fill our memory.
MAX_CALL_CHARACTERS = 8 * 2**20

_THINKING = ("reasoning", "reasoning_content", "thinking")
_TRANSLATED = frozenset(("role", "content", "text", "tool_calls", "function_call", *_THINKING))


@dataclass(slots=True)
class Said:
    """One choice: `extras` are what the upstream added to the message."""

    text: str = ""
    thinking: str = ""
    calls: list[Body] = field(default_factory=list)
    finish: str | None = None
    logprobs: list[Body] = field(default_factory=list)
    extras: Body = field(default_factory=dict)


def read(reply: Any) -> Said:
    """Return what the first choice says; nothing when there is none. Raises UpstreamError or UpstreamInvalid."""
    choices = checked_reply(reply).get("choices")
    if not choices:
        return Said()
    choice = choices[0] if isinstance(choices, list) else None
    if not isinstance(choice, dict):
        raise UpstreamInvalid("The upstream's choices are not a list of objects.")
    message = choice.get("message") or choice.get("delta") or choice
    if not isinstance(message, dict):
        raise UpstreamInvalid("The upstream's message is not an object.")
    finish = choice.get("finish_reason")
    text, thinking = _texts(message)
    return Said(
        text=text,
        thinking=thinking,
        calls=_calls(message.get("tool_calls")),
        finish=finish if isinstance(finish, str) else None,
        logprobs=ollama_logprobs(choice.get("logprobs")),
        extras={} if message is choice else _extras(message),
    )


def extras_of(reply: Body) -> Body:
    """Return what stands beside the choices and is not told in Ollama's own words: usage in detail, ids, tiers."""
    known = ("object", "created", "model", "choices", "error")
    return {name: value for name, value in reply.items() if name not in known and value is not None}


class Calls:
    """Assembles whole tool calls from a stream's pieces."""

    def __init__(self) -> None:
        self._calls: list[Body] = []
        self._places: dict[int, int] = {}
        self._size = 0

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(self, pieces: list[Body]) -> None:
        for piece in pieces:
            self._merge(self._target(piece), piece)

    def whole(self, *, cut: bool = False) -> list[Body]:
        """Return the calls in Ollama's shape. Where the answer was `cut`, the one that broke off is left out.

        Raises UpstreamInvalid when arguments are no JSON object.
        """
        made = []
        for number, call in enumerate(self._calls):
            arguments = _arguments("".join(call["arguments"]))
            if arguments is not None:
                function = {"index": number, "name": call["name"], "arguments": arguments}
                made.append({**call["extras"], "id": call["id"] or f"call_{number}", "function": function})
            elif not cut:
                raise UpstreamInvalid("The arguments in the upstream's tool call are not a JSON object.")
        return made

    def _target(self, piece: Body) -> Body:
        """Return the call that a piece belongs to. Some servers give no index, or 0 to each whole call."""
        index, call_id = piece.get("index"), piece.get("id")
        index = index if isinstance(index, int) else None
        place = self._places.get(index) if index is not None else None
        if index is None and not call_id and self._calls:
            place = len(self._calls) - 1
        if place is not None and call_id and self._calls[place]["id"] not in ("", call_id):
            place = None
        if place is None:
            place = len(self._calls)
            self._calls.append({"id": "", "name": "", "arguments": [], "extras": {}})
            if index is not None:
                self._places[index] = place
        return self._calls[place]

    def _merge(self, call: Body, piece: Body) -> None:
        function = piece.get("function")
        function = function if isinstance(function, dict) else {}
        arguments = function.get("arguments")
        call["id"] = call["id"] or piece.get("id") or ""
        call["name"] = call["name"] or function.get("name") or ""
        if isinstance(arguments, dict):
            arguments = json.dumps(arguments)
        if isinstance(arguments, str):
            call["arguments"].append(arguments)
            self._size += len(arguments)
        self._size += 100
        if self._size > MAX_CALL_CHARACTERS:
            raise UpstreamInvalid("The upstream's tool calls are too long.")
        known = ("index", "id", "type", "function")
        call["extras"] |= {name: value for name, value in piece.items() if name not in known and value is not None}


def _texts(message: Body) -> tuple[str, str]:
    """Return text and thinking; some servers answer with parts, of which those of type thinking hold parts again."""
    content = message.get("content", message.get("text"))
    thinking = next((t for name in _THINKING if isinstance(t := message.get(name), str) and t), "")
    if not isinstance(content, list):
        return (content if isinstance(content, str) else ""), thinking
    texts = [str(part.get("text") or "") for part in content if isinstance(part, dict)]
    for part in content:
        inner = part.get("thinking") if isinstance(part, dict) else None
        pieces = inner if isinstance(inner, list) else [{"text": inner}]
        thinking += "".join(str(piece.get("text") or "") for piece in pieces if isinstance(piece, dict))
    return "".join(texts), thinking


def _calls(calls: Any) -> list[Body]:
    if not calls:
        return []
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        raise UpstreamInvalid("The upstream's tool calls are not a list of objects.")
    return calls


def _extras(message: Body) -> Body:
    return {name: value for name, value in message.items() if name not in _TRANSLATED and value not in (None, [], "")}


def _arguments(text: str) -> Body | None:
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
