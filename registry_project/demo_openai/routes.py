"""The demo's OpenAI-compatible routes, as Ollama has them beside its own; they ask the demo's native functions."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from aiohttp import web

from registry_project.demo.app import SERVER, dumps
from registry_project.demo.faults import faulty
from registry_project.demo.server import ApiError, Body, Lines, Model, Server, full_name
from registry_project.demo.talk import Ask, embed
from registry_project.demo_openai import reading, replies
from unified_app.errors import InvalidInput

ERROR_TYPES = {400: "invalid_request_error", 404: "not_found_error"}


async def chat(request: web.Request, server: Server) -> web.StreamResponse:
    body = reading.chat_body(await read_body(request))
    lines, told = Ask(server, body, "chat").lines(), replies.Chat(body["model"], is_new(server))
    return await (stream(request, body, lines, told) if body["stream"] else whole(lines, told))


async def completions(request: web.Request, server: Server) -> web.StreamResponse:
    body = reading.completion_body(await read_body(request))
    lines, told = Ask(server, body, "generate").lines(), replies.Completion(body["model"], is_new(server))
    return await (stream(request, body, lines, told) if body["stream"] else whole(lines, told))


async def embeddings(request: web.Request, server: Server) -> web.StreamResponse:
    body = reading.embed_body(await read_body(request))
    (reply,) = [line async for line in embed(server, body)]
    return answered(replies.embeddings(reply, body["encoding_format"]))


async def models(_: web.Request, server: Server) -> web.StreamResponse:
    """Newest first; null, not an empty list, when there is none."""
    found = sorted(server.models.values(), key=lambda model: str(model.tag["modified_at"]), reverse=True)
    return answered({"object": "list", "data": [entry(model, model.tag["name"]) for model in found] or None})


async def one_model(request: web.Request, server: Server) -> web.StreamResponse:
    name = request.path.rpartition("/")[2]
    if model := server.models.get(full_name(name)):
        return answered(entry(model, name))
    raise ApiError(404, f"model '{full_name(name) if is_new(server) else name}' not found")


ROUTES: list[tuple[str, str, Callable[[web.Request, Server], Awaitable[web.StreamResponse]]]] = [
    ("POST", "/v1/chat/completions", chat),
    ("POST", "/v1/completions", completions),
    ("POST", "/v1/embeddings", embeddings),
    ("GET", "/v1/models", models),
    ("GET", "/v1/models/[^/]+", one_model),
]


async def handle(request: web.Request) -> web.StreamResponse:
    """Every request: a fault, or the route's answer, or its error in OpenAI's shape and Ollama's words."""
    server = request.app[SERVER]
    if fault := await faulty(request, server.fault):
        return fault
    fitting = [(method, answer) for method, path, answer in ROUTES if re.fullmatch(path, request.path)]
    if not fitting or fitting[0][0] != request.method:
        text = "405 method not allowed" if fitting else "404 page not found"
        return web.Response(status=int(text[:3]), text=text)
    try:
        return await fitting[0][1](request, server)
    except ApiError as error:
        return failed(*error.args)
    except InvalidInput as error:
        return failed(400, error.message)
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # a field of a wrong type, deeper down
        return failed(400, f"json: cannot unmarshal: {error}")


def add_to(app: web.Application) -> None:
    app.router.add_route("*", "/v1/{path:.*}", handle)


async def read_body(request: web.Request) -> Body:
    if not (text := await request.text()):
        raise ApiError(400, "EOF")
    try:
        body: Body = json.loads(text)
    except ValueError as error:
        raise ApiError(400, "unexpected EOF") from error
    return body


async def whole(lines: Lines, told: replies.Completion) -> web.Response:
    (line,) = [line async for line in lines]
    return answered(told.whole(line))


async def stream(request: web.Request, body: Body, lines: Lines, told: replies.Completion) -> web.StreamResponse:
    """The chunks as they come, the usage where it is wanted, and the mark of the end."""
    response, line = web.StreamResponse(headers={"Content-Type": "text/event-stream"}), {}
    wants_usage = body["stream_options"].get("include_usage")
    async for line in lines:
        await response.prepare(request)
        # Completions have a usage of zeros in each chunk then.
        zeros = {"usage": replies.usage({})} if wants_usage and not isinstance(told, replies.Chat) else {}
        await response.write(replies.event(told.chunk(line) | zeros))
    if wants_usage:
        await response.write(replies.event(told.last(line)))
    await response.write(b"data: [DONE]\n\n")
    return response


def answered(value: Any, status: int = 200) -> web.Response:
    return web.json_response(value, status=status, dumps=dumps)


def failed(status: int, text: str) -> web.Response:
    kind = ERROR_TYPES.get(status, "api_error")
    return answered({"error": {"message": text, "type": kind, "param": None, "code": None}}, status)


def entry(model: Model, name: str) -> Body:
    created = int(datetime.fromisoformat(model.tag["modified_at"]).timestamp())
    return {"id": name, "object": "model", "created": created, "owned_by": name.rpartition("/")[0] or "library"}


def is_new(server: Server) -> bool:
    return server.at_least((0, 30, 0))
