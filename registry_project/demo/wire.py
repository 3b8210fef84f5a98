"""How Ollama speaks: Go-like JSON, bodies, errors, times and line streams."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

Body = dict[str, Any]
CHECKED = {
    **dict.fromkeys(("model", "prompt", "system", "suffix", "from"), (str, "string")),
    **dict.fromkeys(("stream", "raw", "insecure", "verbose"), (bool, "bool")),
    **{
        "messages": (list, "[]api.Message"),
        "tools": (list, "api.Tools"),
        "options": (dict, "map[string]any"),
    },
}
GO_NAMES = {
    type(None): "null",
    str: "string",
    bool: "bool",
    int: "number",
    float: "number",
    list: "array",
    dict: "object",
}
UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


class ApiError(Exception):
    """ApiError(status, text) becomes Ollama's error answer, or the last line of a stream that has begun."""


def dumps(value: Any) -> str:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def answer(value: Any, status: int = 200, charset: bool = True) -> web.Response:
    kind = "application/json" + ("; charset=utf-8" if charset else "")
    return web.Response(body=dumps(value).encode(), status=status, headers={"Content-Type": kind})


def stamp(ns: int, utc: bool = False) -> str:
    moment = datetime.fromtimestamp(ns // 10**9, UTC)
    moment = moment if utc else moment.astimezone()
    zone = moment.isoformat()[19:].replace("+00:00", "Z")
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ns % 10**9:09d}{zone}"


def type_error(struct: str, field: str, value: Any, go_type: str) -> ApiError:
    told = f"json: cannot unmarshal {GO_NAMES[type(value)]} into Go struct field {struct}.{field} of type {go_type}"
    return ApiError(400, told)


async def read_body(request: web.Request, struct: str) -> Body:
    text = (await request.read()).decode(errors="replace").strip()
    if not text:
        raise ApiError(400, "EOF" if struct == "ChatCompletionRequest" else "missing request body")
    try:
        value, _ = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        odd = f"invalid character '{text[0]}' looking for beginning of value"
        raise ApiError(400, "unexpected EOF" if text[0] in '{["' else odd) from error
    if not isinstance(value, dict):
        raise ApiError(400, f"json: cannot unmarshal into Go value of type api.{struct}")
    body = {key.lower(): item for key, item in value.items() if item is not None}
    for field, (wanted, go_type) in CHECKED.items():
        if field in body and not isinstance(body[field], wanted):
            raise type_error(struct, field, body[field], go_type)
    for field, go_type in (("messages", "api.Message"), ("tools", "api.Tool")):
        for item in body.get(field, []):
            if not isinstance(item, dict):
                raise type_error(struct, field, item, go_type)
    return {**body, "model": body.get("model") or body.get("name", "")}


def keep_alive(value: Any) -> float | None:
    """Seconds; infinity for negative values; None when not given."""
    if isinstance(value, str) and value not in ("", "0"):
        parts = re.findall(r"([\d.]+)(h|ms|us|ns|m|s)", value)
        if "".join(map("".join, parts)) != value.lstrip("+-"):
            wrong = "missing unit in" if re.fullmatch(r"[+-]?[\d.]+", value) else "invalid"
            raise ApiError(400, f'time: {wrong} duration "{value}"')
        value = sum(float(n) * UNITS[u] for n, u in parts) * (-1 if value[0] == "-" else 1)
    if isinstance(value, bool | dict | list):
        names: dict[type, str] = {bool: "bool", dict: "map[string]interface {}", list: "[]interface {}"}
        raise ApiError(400, f"Unsupported type: '{names[type(value)]}'")
    seconds = None if value in (None, "") else float(value)
    return seconds if seconds is None or seconds >= 0 else float("inf")


async def send_lines(
    request: web.Request, lines: AsyncGenerator[Any], cut: str = "", sse: bool = False
) -> web.StreamResponse:
    """Send each line when it is there. What fails before the first still has a status of its own.

    cut "half" drops the connection after two lines, "midstream" ends them with an error."""
    line = await anext(lines)
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream" if sse else "application/x-ndjson"})
    await response.prepare(request)
    sent = 0
    try:
        while not (cut in ("half", "midstream") and sent == 2):
            text = line if isinstance(line, str) else dumps(line)
            await response.write((f"data: {text}\n\n" if sse else f"{text}\n").encode())
            sent += 1
            line = await anext(lines)
        if cut == "midstream":
            raise ApiError(500, "an error was encountered while running the model: unexpected EOF")
        if request.transport:
            request.transport.close()
    except StopAsyncIteration:
        pass
    except ApiError as error:
        await response.write(b"" if sse else dumps({"error": error.args[1]}).encode() + b"\n")
    finally:
        await lines.aclose()
    return response
