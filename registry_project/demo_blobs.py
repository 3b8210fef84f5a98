"""Files pushed to the demo's Ollama, and models made with an adapter of them: kept by digest, never looked into."""

from __future__ import annotations

import hashlib

from aiohttp import web

from registry_project.demo import app as demo
from registry_project.demo.server import ApiError, Body, Lines, Server, full_name, sha

BLOBS = web.AppKey("blobs", set[str])
_create = demo.create


def add_to(app: web.Application) -> None:
    blobs: set[str] = set()
    app[BLOBS] = blobs
    app.router.add_route("HEAD", "/api/blobs/{digest}", look)
    app.router.add_route("POST", "/api/blobs/{digest}", push)

    async def create(server: Server, body: Body) -> Lines:
        async for line in made(server, body, blobs):
            yield line

    demo.ROUTES["/api/create"] = {"POST": create}


async def look(request: web.Request) -> web.Response:
    return web.Response(status=200 if request.match_info["digest"] in request.app[BLOBS] else 404)


async def push(request: web.Request) -> web.Response:
    """Hash what comes, as a real server does, and forget it: a demo has no weights to change."""
    found = hashlib.sha256()
    async for chunk in request.content.iter_any():
        found.update(chunk)
    if f"sha256:{found.hexdigest()}" != request.match_info["digest"]:
        text = f"digest mismatch, expected {request.match_info['digest']}, got sha256:{found.hexdigest()}"
        return web.json_response({"error": text}, status=400)
    request.app[BLOBS].add(request.match_info["digest"])
    return web.Response(status=201)


def _check(server: Server, adapters: dict[str, str], blobs: set[str]) -> None:
    is_set = any(name.endswith(".safetensors") for name in adapters)
    if len(adapters) > 1 and not is_set:
        raise ApiError(400, "only one adapter is currently supported")
    if not blobs.issuperset(adapters.values()):
        raise ApiError(400, "unknown type")
    if is_set and "adapter_config.json" not in adapters:
        raise ApiError(500, "open adapter_config.json: no such file or directory")
    if is_set and server.at_least((0, 34, 1)):
        raise ApiError(400, "safetensors adapters are not supported")


async def made(server: Server, body: Body, blobs: set[str]) -> Lines:
    """Make a model as the demo does, with the adapter's line in its Modelfile."""
    named = body.get("adapters") or {}
    adapters = list(named.values())
    _check(server, named, blobs)
    async for line in _create(server, body):
        if adapters and line == {"status": "success"}:
            name = full_name(body["model"])
            model, blob = server.models[name], adapters[0].replace(":", "-")
            modelfile = f"{model.show['modelfile']}ADAPTER /srv/demo/blobs/{blob}\n"
            server.models[name] = model.renamed(name, sha(model.tag["digest"] + blob), modelfile=modelfile)
        yield line
