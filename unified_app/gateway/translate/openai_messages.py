"""Messages of an OpenAI caller, as Ollama's native protocol wants them. Pure."""

from __future__ import annotations

import json
from typing import Any

from unified_app.gateway.translate.fields import Body, given, refused, take_list, take_text
from unified_app.gateway.translate.media import audio_data, image_data

_ROLES = {"developer": "system", "function": "tool"}


def messages_to_ollama(messages: Any) -> list[Body]:
    """Raises InvalidInput, with the path of what is wrong such as `messages.0.content.1`."""
    if not isinstance(messages, list) or not messages:
        # Ollama would take an empty list for the wish to load the model.
        raise refused("messages", "Must be a list of at least one message.")
    tools: dict[str, str] = {}
    return [_message(message, f"messages.{number}", tools) for number, message in enumerate(messages)]


def _message(message: Any, at: str, tools: dict[str, str]) -> Body:
    """Return one message; `tools` learns which tool each call id names, for the results that follow."""
    if not isinstance(message, dict):
        raise refused(at, "Must be an object.")
    rest = given(message)
    role = take_text(rest, "role", f"{at}.")
    if not role:
        raise refused(f"{at}.role", "Must be given.")
    role = _ROLES.get(role, role)
    text, media = _content(rest.pop("content", None), f"{at}.content", may_lack=role in ("assistant", "tool"))
    told: Body = {"role": role, "content": text}
    if media:
        told["images"] = media
    if thinking := _reasoning(rest):
        told["thinking"] = thinking
    if calls := take_list(rest, "tool_calls", f"{at}."):
        told["tool_calls"] = [_call(call, f"{at}.tool_calls.{n}", tools) for n, call in enumerate(calls)]
    if role == "tool" and (name := tools.get(str(rest.get("tool_call_id"))) or rest.get("name")):
        told["tool_name"] = name
    return {**rest, **told}


def _reasoning(rest: Body) -> str:
    """Return what the model thought in an earlier turn, under the name that either kind of server gives it."""
    for name in ("reasoning", "reasoning_content"):
        if isinstance(rest.get(name), str):
            return str(rest.pop(name))
    return ""


def _content(content: Any, at: str, *, may_lack: bool) -> tuple[str, list[str]]:
    """Return the text and the images of a content. Ollama's own /v1 joins texts with an empty line too."""
    if isinstance(content, str):
        return content, []
    if content is None and may_lack:
        return "", []
    if not isinstance(content, list):
        raise refused(at, "Must be a string or a list of parts.")
    texts: list[str] = []
    media: list[str] = []
    for number, part in enumerate(content):
        _sort(part, f"{at}.{number}", texts, media)
    return "\n\n".join(texts), media


def _sort(part: Any, at: str, texts: list[str], media: list[str]) -> None:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind in ("text", "refusal"):
        text = part.get(kind)
        if not isinstance(text, str):
            raise refused(at, f"A {kind} part needs {kind}.")
        texts.append(text)
    elif kind == "image_url":
        media.append(image_data(part, at))
    elif kind == "input_audio":
        media.append(audio_data(part, at))
    else:
        raise refused(at, "Must be a part of type text, image_url or input_audio.")


def _call(call: Any, at: str, tools: dict[str, str]) -> Body:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise refused(at, "Must be a function call with a name.")
    told = {**function, "arguments": _arguments(function.get("arguments"), f"{at}.function.arguments")}
    if isinstance(call.get("index"), int):
        told["index"] = call["index"]
    if isinstance(call.get("id"), str):
        tools[call["id"]] = function["name"]
    kept = {name: value for name, value in call.items() if name not in ("type", "index") and value is not None}
    return {**kept, "function": told}


def _arguments(arguments: Any, at: str) -> Body:
    """Return the arguments as an object: Ollama refuses the string of JSON that OpenAI's protocol has here."""
    if arguments is None or arguments == "":
        return {}
    try:
        value = json.loads(arguments) if isinstance(arguments, str) else arguments
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise refused(at, "Must be a JSON object in a string.")
    return value
