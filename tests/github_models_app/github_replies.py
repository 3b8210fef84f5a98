"""What the GitHub Models service of the tests answers, and what it refuses."""

from __future__ import annotations

import base64
import json
import math
import random
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.github_models_app.github_rows import deployment

JSON = "application/json; charset=utf-8"
NOT_FOR_REASONING = ("temperature", "top_p", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs")


@dataclass(eq=False)
class Answer(Exception):
    """One answer; raised where a request ends early. `body` is a dict, text, bytes, or an iterator of lines."""

    status: int
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = JSON


def failed(status: int, code: str, message: str, **more: Any) -> Answer:
    told = more or {"details": message}
    return Answer(status, {"error": {"code": code, "message": message, **told}})


def check(entry: dict[str, Any], body: dict[str, Any], verb: str, cap: int) -> None:
    """Refuse what the service refuses, in its words."""
    makes = "embeddings" in entry["supported_output_modalities"]
    if makes != (verb == "embeddings"):
        raise failed(400, "unsupported_operation", f"{entry['id']} does not support this operation.")
    if len(json.dumps(body.get("messages") or body.get("input"))) / 4 > cap:
        name = entry["id"].split("/")[1]
        raise failed(413, "tokens_limit_reached", f"Request body too large for {name} model. Max size: {cap} tokens.")
    if "reasoning" not in entry["capabilities"] or not entry["id"].startswith("openai/"):
        return
    if "max_tokens" in body:
        text = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        raise refused("unsupported_parameter", text, "max_tokens")
    for name in NOT_FOR_REASONING:
        if body.get(name, 1) != 1:
            text = (
                f"Unsupported value: '{name}' does not support {body[name]}. Only the default (1) value is supported."
            )
            raise refused("unsupported_value", text, name)
    roles = {message["role"] for message in body.get("messages", [])}
    if entry["id"] in ("openai/o1-mini", "openai/o1-preview") and "system" in roles:
        text = "Unsupported value: 'messages[0].role' does not support 'system' with this model."
        raise refused("unsupported_value", text, "messages[0].role")


def refused(code: str, message: str, param: str) -> Answer:
    return failed(400, code, message, type="invalid_request_error", param=param)


def said(body: dict[str, Any]) -> dict[str, Any]:
    """Return the message that answers a request."""
    last = body["messages"][-1]
    text = last.get("content") or ""
    if not isinstance(text, str):
        text = " ".join(part.get("text", "") for part in text)
    if body.get("tools") and last["role"] == "user" and "CALL" in text:
        function = {"name": body["tools"][0]["function"]["name"], "arguments": '{"city": "Graz"}'}
        call = {"id": "call_1", "type": "function", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [call]}
    wanted = re.search(r"(?:REPLY|JUDGE):(.*)", text)
    return {"role": "assistant", "content": wanted[1] if wanted else "Hello World", "refusal": None}


def usage(body: dict[str, Any], made: int) -> dict[str, Any]:
    given = len(json.dumps(body.get("messages") or body.get("input"))) // 4
    return {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}


def whole(entry: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    message = said(body)
    reason = "tool_calls" if message.get("tool_calls") else "stop"
    choice = {"index": 0, "finish_reason": reason, "logprobs": None, "message": message, "content_filter_results": {}}
    base = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1_770_000_000, "model": deployment(entry)}
    more = {"system_fingerprint": "fp_1", "service_tier": "default", "prompt_filter_results": []}
    return {**base, **more, "choices": [choice], "usage": usage(body, 3)}


def chunks(entry: dict[str, Any], body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a stream's chunks: first one without choices, as recorded."""
    wants_usage = (body.get("stream_options") or {}).get("include_usage")
    null = {"usage": None} if wants_usage else {}
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_770_000_000, "model": deployment(entry)}
    first = {"choices": [], "created": 0, "id": "", "model": "", "object": "", "prompt_filter_results": []}
    message = said(body)
    deltas = list(_call_deltas(message) if message.get("tool_calls") else _word_deltas(message))
    told = [(delta, None) for delta in deltas] + [({}, "tool_calls" if message.get("tool_calls") else "stop")]
    made = [{**base, "choices": [{"index": 0, "delta": d, "finish_reason": why}], **null} for d, why in told]
    last = [{**base, "choices": [], "usage": usage(body, 3)}] if wants_usage else []
    return [first, *made, *last]


def _word_deltas(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": "", "refusal": None}
    for piece in re.findall(r"\s*\S+|\s+", message["content"]):
        yield {"content": piece}


def _call_deltas(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    (call,) = message["tool_calls"]
    text, begun = call["function"]["arguments"], {**call["function"], "arguments": ""}
    yield {"role": "assistant", "content": None, "tool_calls": [{"index": 0, **call, "function": begun}]}
    for piece in (text[:5], text[5:]):
        yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}


def embeddings(entry: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    width = body.get("dimensions") or (3072 if entry["id"].endswith("large") else 1536)
    rows = [unit_vector(text, width) for text in texts]
    if body.get("encoding_format") == "base64":
        rows = [base64.b64encode(struct.pack(f"<{width}f", *row)).decode() for row in rows]
    data = [{"object": "embedding", "index": number, "embedding": row} for number, row in enumerate(rows)]
    told = {"prompt_tokens": 4, "total_tokens": 4}
    return {"object": "list", "data": data, "model": deployment(entry), "usage": told}


def unit_vector(text: str, width: int) -> Any:
    chance = random.Random(text)
    row = [chance.gauss(0, 1) for _ in range(width)]
    length = math.hypot(*row)
    return [number / length for number in row]
