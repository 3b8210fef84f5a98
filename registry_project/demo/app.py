"""The demo upstream: an Ollama server without weights, for trying and testing the registry."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from typing import Any

from aiohttp import web

from registry_project.demo.faults import MODES, faulty
from registry_project.demo.server import LIBRARY, ApiError, Body, Lines, Server, full_name, sha
from registry_project.demo.talk import Ask, embed

SERVER = web.AppKey("server", Server)
TEXTS = ("model", "name", "prompt", "system", "suffix", "template", "from", "source", "destination")
DEFAULTS = {**dict.fromkeys(TEXTS, ""), "stream": True, "messages": [], "tools": [], "options": {}, "parameters": {}}


def tags(server: Server, _: Body) -> Body:
    """Newest first by whole seconds; equal seconds change places from call to call, as they really do."""
    models = sorted(server.models.values(), key=lambda model: (model.tag["modified_at"][:19], random.random()))
    return {"models": [model.row(server.at_least((0, 30, 0))) for model in reversed(models)]}


async def pull(server: Server, body: Body) -> Lines:
    wanted = full_name(body["model"])
    yield {"status": "pulling manifest"}
    model = next((model for model in LIBRARY if full_name(model.tag["name"]) == wanted), None)
    if model is None:
        raise ApiError(500, "pull model manifest: file does not exist")
    line = {"status": f"pulling {model.blob[:12]}", "digest": f"sha256:{model.blob}", "total": model.tag["size"]}
    for quarter in range(5):
        await asyncio.sleep(server.load_delay / 4)
        yield line | ({"completed": line["total"] * quarter // 4} if quarter else {})
    server.models[wanted] = model.renamed(wanted)
    for status in ("verifying sha256 digest", "writing manifest", "success"):
        yield {"status": status}


async def create(server: Server, body: Body) -> Lines:
    name = full_name(body["model"])
    if not body["from"]:
        raise ApiError(400, "neither 'from' or 'files' was specified")
    base, changed = server.find(body["from"]), {key: body[key] for key in ("system", "template") if body[key]}
    if body["parameters"]:
        changed["parameters"] = "\n".join(f"{key:<30} {dumps(value)}" for key, value in body["parameters"].items())
    server.models[name] = base.renamed(name, sha(base.tag["digest"] + dumps(changed)), **changed)
    for status in (f"using existing layer sha256:{base.blob}", "writing manifest", "success"):
        yield {"status": status}


def copy(server: Server, body: Body) -> None:
    name = full_name(body["destination"])
    server.models[name] = server.find(body["source"], 'model "{}" not found').renamed(name)


def delete(server: Server, body: Body) -> None:
    del server.models[full_name(server.find(body["model"]).tag["name"])]


def mode(server: Server, body: Body) -> Body:
    if body and body.get("mode") not in MODES:
        raise ApiError(400, f"mode must be one of {', '.join(MODES)}")
    server.fault = body or server.fault
    return {"demo": "a demo server without weights", "mode": server.fault["mode"]}


ROUTES: dict[str, dict[str, Callable[[Server, Body], Body | Lines | str | None]]] = {
    "/": dict.fromkeys(("GET", "HEAD"), lambda *_: "Ollama is running"),
    "/api/version": dict.fromkeys(("GET", "HEAD"), lambda server, _: {"version": server.version}),
    "/api/tags": dict.fromkeys(("GET", "HEAD"), tags),
    "/api/ps": {"GET": lambda server, _: {"models": [each.row(server.at_least((0, 10, 0))) for each in server.live()]}},
    "/api/show": {"POST": lambda server, body: server.find(body["model"]).described(server.at_least((0, 6, 4)))},
    "/api/chat": {"POST": lambda server, body: Ask(server, body, "chat").lines()},
    "/api/generate": {"POST": lambda server, body: Ask(server, body, "generate").lines()},
    "/api/delete": {"DELETE": delete},
    "/demo/mode": {"GET": mode, "POST": mode},
    **{f"/api/{route.__name__}": {"POST": route} for route in (pull, create, copy, embed)},
}


def dumps(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


async def handle(request: web.Request) -> web.StreamResponse:
    """Every request: a fault, or the route's answer, or its error in Ollama's words."""
    server, methods = request.app[SERVER], ROUTES.get(request.path, {})
    if fault := await faulty(request, server.fault):
        return fault
    if (route := methods.get(request.method)) is None:
        text = "405 method not allowed" if methods else "404 page not found"
        return web.Response(status=int(text[:3]), text=text)
    try:
        body = {} if request.method in ("GET", "HEAD") else await read_body(request)
        told = route(server, body)
        if told is None or isinstance(told, str):
            return web.Response(text=told)
        return web.json_response(told, dumps=dumps) if isinstance(told, dict) else await respond(request, body, told)
    except ApiError as error:
        return web.json_response({"error": error.args[1]}, status=error.args[0], dumps=dumps)
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # a field of a wrong type
        return web.json_response({"error": f"json: cannot unmarshal: {error}"}, status=400)


async def read_body(request: web.Request) -> Body:
    """With defaults for what is missing or null; `name` is the old word for `model`."""
    if not (text := await request.text()):
        raise ApiError(400, "missing request body")
    body = DEFAULTS | {key: value for key, value in json.loads(text).items() if value is not None}
    return body | {"model": body["model"] or body["name"]}


async def respond(request: web.Request, body: Body, lines: Lines) -> web.StreamResponse:
    """The lines as they come, or the last one. What fails before the first still has a status of its own."""
    response, line = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"}), {}
    try:
        async for line in lines:
            if body["stream"]:
                await response.prepare(request)
                await response.write(dumps(line).encode() + b"\n")
    except ApiError as error:
        if not response.prepared:
            raise
        await response.write(dumps({"error": error.args[1]}).encode() + b"\n")
    return response if response.prepared else web.json_response(line, dumps=dumps)


async def label(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["X-Demo-Upstream"] = "true"


def build_app(**options: Any) -> web.Application:
    """Options are those of Server: version, models, mode, load_delay, token_delay."""
    app = web.Application()
    app[SERVER] = Server(**options)
    app.on_response_prepare.append(label)
    app.router.add_route("*", "/{path:.*}", handle)
    return app
