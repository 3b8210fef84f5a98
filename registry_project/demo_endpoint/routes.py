"""An OpenAI-compatible server without weights, in the manner of vLLM, for an application that has it under a prefix."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from registry_project.demo.app import DEFAULTS, dumps
from registry_project.demo.server import Body, Lines
from registry_project.demo.talk import Ask, embed, tokens
from registry_project.demo_endpoint import models
from registry_project.demo_openai import replies
from registry_project.demo_openai.serving import answered, bearer, guarded, read_body, stream
from registry_project.demo_openai.telling import Telling
from registry_project.demo_openai.voices import choir, native_chat, native_completion

TYPES = {400: "BadRequestError", 401: "AuthenticationError", 404: "NotFoundError"}
NO_TOOLS = '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'


class Refused(Exception):
    """One error answer; `param` is the field that it is about."""

    def __init__(self, status: int, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.param = status, message, param

    def answer(self) -> web.Response:
        error = {"message": self.message, "type": TYPES[self.status], "param": self.param, "code": self.status}
        return answered({"error": error}, self.status)


class Endpoint:
    """`key` is the bearer token that callers must show; "" lets everybody in."""

    def __init__(self, key: str = "", token_delay: float = 0.02) -> None:
        self.key = key
        self._choir = choir(map(models.speaker, models.ROWS.values()), token_delay)

    async def answer(self, request: web.Request, path: str) -> web.StreamResponse:
        if self.key and bearer(request) != self.key:
            raise Refused(401, "Invalid API key.")
        posts = {"chat/completions": self.chat, "completions": self.completions, "embeddings": self.embeddings}
        if request.method == "POST" and (post := posts.get(path.removeprefix("/v1/"))):
            return await post(request)
        if request.method == "GET" and (found := re.fullmatch(r"/v1/models(?:/([^/]+))?", path)):
            return answered(models.listed(known(found[1])) if found[1] else models.listing())
        raise Refused(404, "Not Found")

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await read_body(request)
        name = self._speaking(body, "completion", "Chat Completions API", body.get("messages", []))
        if body.get("tools") and body.get("tool_choice") != "none" and "tools" not in models.ROWS[name]["speaks"]:
            raise Refused(400, NO_TOOLS)
        asked, told = native_chat(body, name), Telling(name, "reasoning_content")
        lines = Ask(self._choir, asked, "chat").lines()
        if asked["stream"]:
            return await stream(request, told.chunks(lines, wants_usage=asked["wants_usage"]), {})
        return answered(await told.whole(lines))

    async def completions(self, request: web.Request) -> web.StreamResponse:
        body = await read_body(request)
        name = self._speaking(body, "completion", "Completions API", body.get("prompt", ""))
        asked, told = native_completion(body, name), replies.Completion(name, is_new=True)
        told.base["system_fingerprint"] = "fp_demo"
        lines = Ask(self._choir, asked, "generate").lines()
        if asked["stream"]:
            return await stream(request, pieces(told, lines, asked["wants_usage"]), {})
        (line,) = [line async for line in lines]
        return answered(told.whole(line))

    async def embeddings(self, request: web.Request) -> web.StreamResponse:
        body = await read_body(request)
        name = self._speaking(body, "embedding", "Embeddings API", body.get("input", ""))
        if not body.get("input"):
            raise Refused(400, "Field required", "input")
        if "dimensions" in body:
            raise Refused(400, f"Model {name!r} does not support matryoshka representation.", "dimensions")
        asked = DEFAULTS | {"model": name, "input": body["input"], "options": {}}
        (line,) = [line async for line in embed(self._choir, asked)]
        return answered(replies.embeddings(line, body.get("encoding_format", "float")))

    def _speaking(self, body: Body, ability: str, api: str, text: Any) -> str:
        """Return the model that is meant, if it can do this with so much text."""
        name = known(body.get("model", ""))
        if ability not in models.ROWS[name]["speaks"]:
            raise Refused(400, f"The model does not support {api}")
        most, given = models.context_of(name), len(tokens(dumps(text)))
        if given > most:
            raise Refused(
                400, f"This model's maximum context length is {most} tokens. Your request has {given}.", "input"
            )
        return name


def known(name: str) -> str:
    if name not in models.ROWS:
        raise Refused(404, f"The model `{name}` does not exist.", "model")
    return name


async def pieces(told: replies.Completion, lines: Lines, wants_usage: bool) -> AsyncIterator[Body]:
    line: Body = {}
    async for line in lines:
        yield told.chunk(line)
    if wants_usage:
        yield told.last(line)


def add_to(app: web.Application, endpoint: Endpoint, prefix: str) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            answer = endpoint.answer(request, request.path.removeprefix(prefix))
            return await guarded(answer, lambda text: Refused(400, text).answer())
        except Refused as refused:
            return refused.answer()

    app.router.add_route("*", prefix + "/{path:.*}", handle)
