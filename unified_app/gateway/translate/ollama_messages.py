"""Messages of an Ollama caller, as OpenAI's protocol wants them. Pure."""

from __future__ import annotations

from typing import Any

from unified_app.gateway.translate.fields import Body, given, refused, take_list, take_text
from unified_app.gateway.translate.framing import compact
from unified_app.gateway.translate.media import media_part


class _Calls:
    """The tool calls so far whose results have not come yet: (id, name), in order."""

    def __init__(self) -> None:
        self.open: list[tuple[str, str]] = []

    def answered(self, call_id: str | None, name: str | None, at: str) -> str:
        """Return the id of the call that a result belongs to: the one it names, else the oldest one of that tool."""
        fits = (c for c in self.open if (c[0] == call_id if call_id else name in (None, c[1])))
        call = next(fits, None)
        if call is not None:
            self.open.remove(call)
        elif not call_id:
            raise refused(at, "No earlier message holds a call of this tool.")
        return call_id or (call[0] if call else "")


def messages_to_openai(messages: list[Any]) -> list[Body]:
    """Raises InvalidInput, with the path of what is wrong such as `messages.0.images.1`."""
    calls = _Calls()
    return [_message(message, f"messages.{number}", calls) for number, message in enumerate(messages)]


def content_of(text: str, images: list[Any], at: str) -> str | list[Body]:
    """Return a content: the text alone, or the images before it, which is where Ollama puts them in a prompt."""
    if not images:
        return text
    parts = [media_part(data, f"{at}.{number}") for number, data in enumerate(images)]
    return [*parts, {"type": "text", "text": text}] if text else parts


def _message(message: Any, at: str, calls: _Calls) -> Body:
    if not isinstance(message, dict):
        raise refused(at, "Must be an object.")
    rest = given(message)
    role = (take_text(rest, "role", f"{at}.") or "").lower()
    text = take_text(rest, "content", f"{at}.") or ""
    images = take_list(rest, "images", f"{at}.") or []
    told: Body = {"role": role, "content": content_of(text, images, f"{at}.images")}
    if thinking := take_text(rest, "thinking", f"{at}."):
        told["reasoning"] = thinking
    if made := take_list(rest, "tool_calls", f"{at}."):
        told["tool_calls"] = [_call(call, f"{at}.tool_calls.{n}", calls) for n, call in enumerate(made)]
    if role == "tool":
        name, call_id = take_text(rest, "tool_name", f"{at}."), take_text(rest, "tool_call_id", f"{at}.")
        told["tool_call_id"] = calls.answered(call_id, name, f"{at}.tool_name")
    return {**rest, **told}


def _call(call: Any, at: str, calls: _Calls) -> Body:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise refused(at, "Must be a function call with a name.")
    arguments = function.get("arguments") or {}
    if not isinstance(arguments, dict):
        raise refused(f"{at}.function.arguments", "Must be an object.")
    call_id = str(call.get("id") or f"call_{at.replace('.', '_')}")
    calls.open.append((call_id, function["name"]))
    kept = {name: value for name, value in function.items() if name != "index"}
    try:
        text = compact(arguments).decode()
    except ValueError as error:
        raise refused(f"{at}.function.arguments", "Must hold no infinite number.") from error
    return {**given(call), "id": call_id, "type": "function", "function": {**kept, "arguments": text}}
