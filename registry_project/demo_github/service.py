"""One demo service that keeps to the GitHub Models contract: its mode, its counters, its answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from registry_project.demo.app import DEFAULTS, dumps
from registry_project.demo.server import ApiError, Body
from registry_project.demo.talk import Ask, embed
from registry_project.demo_github import catalog, refusals
from registry_project.demo_github.limits import Counters, limits_of
from registry_project.demo_github.refusals import Refused
from registry_project.demo_openai import replies
from registry_project.demo_openai.serving import answered, bearer, read_body, stream
from registry_project.demo_openai.telling import Telling
from registry_project.demo_openai.voices import choir, native_chat

SAFE = {name: {"filtered": False, "severity": "safe"} for name in ("hate", "self_harm", "sexual", "violence")}
PROMPT_FILTER = [
    {"prompt_index": 0, "content_filter_results": {**SAFE, "jailbreak": {"detected": False, "filtered": False}}}
]
OPENING: Body = {
    "choices": [],
    "created": 0,
    "id": "",
    "model": "",
    "object": "",
    "prompt_filter_results": PROMPT_FILTER,
}
# They tell of the deployment and not of the caller's quota, as the real ones do.
MISLEADING = {
    **{"x-ratelimit-limit-requests": "1000", "x-ratelimit-remaining-requests": "999"},
    **{"x-ratelimit-limit-tokens": "1000000", "x-ratelimit-remaining-tokens": "999000"},
    **dict.fromkeys(("x-ratelimit-renewalperiod-requests", "x-ratelimit-renewalperiod-tokens"), "60"),
    **dict.fromkeys(("x-ratelimit-reset-requests", "x-ratelimit-reset-tokens"), "0"),
}


class Service:
    """`mode` and `style` can be changed while it runs; `plan` is the one whose limits hold."""

    def __init__(
        self, mode: str = "healthy", plan: str = "free", delay: float = 5.0, token_delay: float = 0.02
    ) -> None:
        self.settings: Body = {"mode": mode, "style": "plain", "delay": delay}
        self.plan = plan
        self._counters = Counters()
        self._choir = choir(map(catalog.speaker, catalog.ROWS), token_delay)

    async def fault(self) -> web.Response | None:
        if self.settings["mode"] == "slow":
            await asyncio.sleep(self.settings["delay"])
        return refusals.fault(self.settings["mode"])

    def catalog(self, request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == catalog.ETAG:
            return web.Response(status=304, headers={"ETag": catalog.ETAG})
        headers = {"ETag": catalog.ETAG, "Content-Type": "application/json; charset=utf-8"}
        return web.Response(body=catalog.BODY, headers=headers)

    async def inference(self, request: web.Request, verb: str) -> web.StreamResponse:
        """Refuse in the service's order, and answer while a place among the concurrent calls is held."""
        refusals.check_token(token := bearer(request))
        body = await read_body(request)
        row = refusals.check_model(str(body.get("model", "")), token)
        limits = limits_of(row, self.plan)
        if not limits.is_offered:
            raise Refused(400, "unavailable_model", f"Unavailable model: {row['id'].partition('/')[2]}")
        self._check(row, body, verb, limits.tokens)
        with self._counters.counted(token, row["id"], limits):
            answer = self._embeddings if verb == "embeddings" else self._chat
            return await answer(request, row, body)

    def _check(self, row: Body, body: Body, verb: str, tokens: int) -> None:
        wants_vectors, name = verb == "embeddings", "input" if verb == "embeddings" else "messages"
        if catalog.embeds(row) != wants_vectors:
            raise Refused(400, "unsupported_operation", f"The operation is not supported by model: {row['id']}")
        given = body.get(name)
        if isinstance(given, str) and given and wants_vectors:
            given = [given]
        if not isinstance(given, list) or not given or "" in given:
            raise Refused(400, "invalid_request", f"Invalid '{name}'.", type="invalid_request_error", param=name)
        refusals.check_size(row, dumps(given), tokens)
        if not wants_vectors:
            refusals.check_parameters(row, body)
            refusals.check_tools(row, body)

    async def _chat(self, request: web.Request, row: Body, body: Body) -> web.StreamResponse:
        asked = native_chat(body, row["id"])
        told = self._telling(row)
        lines = Ask(self._choir, asked, "chat").lines()
        if not asked["stream"]:
            whole = await told.whole(lines)
            more = {"prompt_filter_results": PROMPT_FILTER} if self._is_azure(row) else {}
            return answered({**whole, **more}, headers=MISLEADING)
        return await stream(request, opened(told.chunks(lines, wants_usage=asked["wants_usage"])), MISLEADING)

    async def _embeddings(self, request: web.Request, row: Body, body: Body) -> web.StreamResponse:
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        asked = DEFAULTS | {"model": row["id"], "input": texts, "options": {}}
        asked |= {"dimensions": body["dimensions"]} if "dimensions" in body else {}
        (line,) = [line async for line in embed(self._choir, asked)]
        line["model"] = catalog.deployment(row)
        return answered(replies.embeddings(line, body.get("encoding_format", "float")), headers=MISLEADING)

    def _telling(self, row: Body) -> Telling:
        extra = {"system_fingerprint": "fp_demo", "service_tier": "default"} if self._is_azure(row) else {}
        beside: Body = {"content_filter_results": {}} if self._is_azure(row) else {}
        return Telling(catalog.deployment(row), catalog.thoughts(row), extra, beside)

    def _is_azure(self, row: Body) -> bool:
        """Whether it is one of those whose answers carry what their platform's filter found."""
        return str(row["registry"]) == "azure-openai"

    def change(self, wanted: Body) -> Body:
        """Set mode, style or delay; return all of them. Raises ApiError for what is none of them."""
        allowed: dict[str, Any] = {"mode": refusals.MODES, "style": refusals.STYLES}
        for name, values in allowed.items():
            if wanted.get(name, values[0]) not in values:
                raise ApiError(400, f"{name} must be one of {', '.join(values)}")
        self.settings |= {name: value for name, value in wanted.items() if name in self.settings}
        return {"demo": "a demo server without weights", "plan": self.plan, **self.settings}


async def opened(chunks: AsyncIterator[Body]) -> AsyncIterator[Body]:
    """A stream begins with a chunk that has no choices."""
    yield OPENING
    async for chunk in chunks:
        yield chunk
