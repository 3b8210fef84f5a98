"""The demo upstream: an Ollama server without weights, for trying and testing the registry."""

from __future__ import annotations

import ipaddress
import random
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from registry_project.demo import inference, openai, storage
from registry_project.demo.faults import send_half
from registry_project.demo.server import SERVER, Server
from registry_project.demo.wire import ApiError, answer, read_body

V1_TYPES = {400: "invalid_request_error", 404: "not_found_error"}


def is_local(host: str) -> bool:
    name = host.rsplit(":", 1)[0] if host.count(":") == 1 or "]" in host else host
    try:
        return not ipaddress.ip_address(name.strip("[]")).is_global
    except ValueError:
        return name == "localhost" or name.endswith((".localhost", ".local", ".internal"))


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Ollama's check against pages that reach a loopback server through a name of their own."""
    origin = request.headers.get("Origin", "")
    if not is_local(request.host) or (origin and not is_local(origin.split("://")[-1])):
        return web.Response(status=403)
    faults = request.app[SERVER].faults
    if (faulty := await faults.apply(request)) is not None:
        return faulty
    response = await told(request, handler)
    whole = isinstance(response, web.Response) and faults.mode(request) == "half"
    return await send_half(request, response) if whole and isinstance(response, web.Response) else response


async def told(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors in Ollama's words and shapes."""
    try:
        return await handler(request)
    except ApiError as error:
        status, text = error.args
        shape = {"message": text, "type": V1_TYPES.get(status, "api_error"), "param": None, "code": None}
        return answer({"error": shape if request.path.startswith("/v1") else text}, status)
    except web.HTTPNotFound:
        if request.path.endswith("/"):
            moved = 301 if request.method == "GET" else 307
            return web.Response(status=moved, headers={"Location": request.path.rstrip("/")})
        return web.Response(status=404, text="404 page not found")
    except web.HTTPMethodNotAllowed as error:
        allow = {"Allow": ", ".join(sorted(error.allowed_methods))}
        return web.Response(status=405, text="405 method not allowed", headers=allow)


async def label(request: web.Request, response: web.StreamResponse) -> None:
    response.headers["X-Demo-Upstream"] = "true"


async def root(request: web.Request) -> web.Response:
    return web.Response(text="Ollama is running")


async def version(request: web.Request) -> web.Response:
    return answer({"version": request.app[SERVER].version})


async def tags(request: web.Request) -> web.Response:
    """Newest first by whole seconds; equal seconds change places from call to call, as they really do."""
    server = request.app[SERVER]
    models = sorted(server.models.values(), key=lambda m: (-(m.modified // 10**9), random.random()))
    return answer({"models": [model.tag(server.at_least((0, 30, 0))) for model in models]})


async def show(request: web.Request) -> web.Response:
    body, server = await read_body(request, "ShowRequest"), request.app[SERVER]
    name = body["model"]
    if not name:
        raise ApiError(400, "model is required")
    shown = name if ":" in name or not server.at_least((0, 30, 0)) else f"{name}:latest"
    model = server.find(name, f"model '{shown}' not found")
    return answer(model.show(body, server.at_least((0, 6, 4))))


async def ps(request: web.Request) -> web.Response:
    server = request.app[SERVER]
    return answer({"models": [runner.row(server.at_least((0, 10, 0))) for runner in server.runners.live()]})


async def mode(request: web.Request) -> web.Response:
    server = request.app[SERVER]
    if request.method == "POST":
        try:
            server.faults.set(await read_body(request, "Mode"))
        except ValueError as error:
            raise ApiError(400, str(error)) from error
    return answer({"demo": "a demo server without weights", "version": server.version, **server.faults.now})


def build_app(**options: Any) -> web.Application:
    """Options are those of Server: version, models, mode, load_delay, token_delay, parallel, max_loaded."""
    app = web.Application(middlewares=[guard], client_max_size=2**27)
    app[SERVER] = Server(**options)
    app.on_response_prepare.append(label)
    reads = {"/": root, "/api/version": version, "/api/tags": tags}
    app.add_routes([web.get(path, handler) for path, handler in reads.items()])
    lists = {"/api/ps": ps, "/v1/models": openai.models, "/v1/models/{name}": openai.one_model, "/demo/mode": mode}
    app.add_routes([web.get(path, handler, allow_head=False) for path, handler in lists.items()])
    calls = {name: getattr(storage, name) for name in ("pull", "create", "copy")}
    calls |= {"show": show, "chat": inference.chat, "generate": inference.generate}
    calls |= {"embed": inference.embed_call, "embeddings": inference.embeddings_call}
    app.add_routes([web.post(f"/api/{name}", handler) for name, handler in calls.items()])
    blob = "/api/blobs/{digest}"
    app.add_routes([web.head(blob, storage.has_blob), web.post(blob, storage.add_blob)])
    app.add_routes([web.delete("/api/delete", storage.delete), web.post("/demo/mode", mode)])
    v1 = {"chat/completions": openai.chat_completions, "embeddings": openai.embeddings}
    app.add_routes([web.post(f"/v1/{name}", handler) for name, handler in v1.items()])
    return app
