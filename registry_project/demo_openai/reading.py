"""What a caller sends to the OpenAI routes: refused in Ollama's words, or turned into the native body. Pure."""

from __future__ import annotations

from typing import Any

from registry_project.demo.app import DEFAULTS
from registry_project.demo.server import ApiError, Body
from unified_app.gateway.translate.openai_request import chat_to_ollama, completion_to_ollama

# Go's word for each kind of JSON value, in the texts of its decoder.
KINDS = {str: "string", list: "array", dict: "object", bool: "bool", int: "number", float: "number"}
TEXT, WHOLE, REAL, OBJECT = ("string", "string"), ("number", "int"), ("number", "float64"), ("object", "map")
# Field -> (kind, Go type). What is not here Ollama does not read, whatever the caller hopes.
SHARED: dict[str, tuple[str, str]] = {
    **{"model": TEXT, "stream": ("bool", "bool"), "stream_options": OBJECT, "stop": ("", "")},
    **{"seed": WHOLE, "max_tokens": WHOLE, **dict.fromkeys(("temperature", "top_p"), REAL)},
    **dict.fromkeys(("frequency_penalty", "presence_penalty"), REAL),
}
CHAT = SHARED | {"messages": ("array", "[]openai.Message"), "tools": ("array", "api.Tools")}
CHAT |= {"response_format": OBJECT, "reasoning_effort": TEXT, "reasoning": OBJECT}
COMPLETION = SHARED | {"prompt": TEXT, "suffix": TEXT}
EMBED = {"model": TEXT, "input": ("", ""), "dimensions": WHOLE, "encoding_format": TEXT}


def chat_body(given: Body) -> Body:
    body = read(given, CHAT, "ChatCompletionRequest")
    if not body.get("messages"):
        raise ApiError(400, "[] is too short - 'messages'")
    for message in body["messages"]:
        if message.get("content") is None and not message.get("tool_calls"):
            raise ApiError(400, "invalid message content type: <nil>")
    return DEFAULTS | chat_to_ollama(body, None) | {"stream_options": body.get("stream_options", {})}


def completion_body(given: Body) -> Body:
    body = {"prompt": "", **read(given, COMPLETION, "CompletionRequest")}
    return DEFAULTS | completion_to_ollama(body, None) | {"stream_options": body.get("stream_options", {})}


def embed_body(given: Body) -> Body:
    body = {"encoding_format": "float", **read(given, EMBED, "EmbedRequest")}
    texts, encoding = body.get("input"), body["encoding_format"]
    if texts is None or texts == []:
        raise ApiError(400, "invalid input")
    if encoding not in ("float", "base64"):
        known = "Supported values: ['float', 'base64']."
        raise ApiError(400, f"Invalid value for 'encoding_format' = {encoding}. {known}")
    # A bare "" is embedded here, where the native route takes it for nothing.
    return DEFAULTS | body | {"input": [texts] if isinstance(texts, str) else texts}


def read(given: Body, fields: dict[str, tuple[str, str]], struct: str) -> Body:
    """Return the fields that are read, each of its kind."""
    found = {name: given[name] for name in fields if given.get(name) is not None}
    for name, value in found.items():
        wanted, go = fields[name]
        if wanted not in ("", kind_of(value)):
            text = f"json: cannot unmarshal {kind_of(value)} into Go struct field {struct}.{name} of type {go}"
            raise ApiError(400, text)
    return found


def kind_of(value: Any) -> str:
    return KINDS.get(type(value), "null")
