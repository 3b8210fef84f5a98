"""The routes of the GitHub Models contract, for an application that has them under a prefix."""

from __future__ import annotations

import re

from aiohttp import web

from registry_project.demo.server import ApiError
from registry_project.demo_github.limits import LimitReached
from registry_project.demo_github.refusals import Refused, too_many
from registry_project.demo_github.service import Service
from registry_project.demo_openai.serving import answered, guarded, read_body

INFERENCE = re.compile(r"(?:/orgs/[^/]+)?/inference/(chat/completions|embeddings)")


def add_to(app: web.Application, service: Service, prefix: str = "") -> None:
    """Mount the service; both spellings of the contract work: with and without /models in front."""

    async def handle(request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix(prefix)
        if path == "/demo/mode":
            return await mode(request, service)
        try:
            return await service.fault() or await guarded(route(request, service, path), unread)
        except LimitReached as reached:
            return too_many(reached, service.settings["style"])
        except Refused as refused:
            return refused.answer()

    app.router.add_route("*", prefix + "/{path:.*}", handle)


def unread(text: str) -> web.Response:
    return Refused(400, "invalid_request", text).answer()


async def route(request: web.Request, service: Service, path: str) -> web.StreamResponse:
    path = path.removeprefix("/models")
    if (request.method, path) == ("GET", "/catalog/models"):
        return service.catalog(request)
    found = INFERENCE.fullmatch(path)
    if found and request.method == "POST":
        return await service.inference(request, found[1])
    return web.Response(status=404, text="404 page not found\n")


async def mode(request: web.Request, service: Service) -> web.Response:
    """GET tells how the demo is set, POST changes it; not part of the contract."""
    try:
        return answered(service.change(await read_body(request) if request.method == "POST" else {}))
    except ApiError as error:
        return answered({"error": error.args[1]}, error.args[0])
