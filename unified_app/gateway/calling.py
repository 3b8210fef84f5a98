"""One call to the models that may answer it: a place in line, a placement, the upstream's bytes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from unified_app.errors import Conflict, RegistryError, UpstreamError
from unified_app.gateway.exchange import Call, Exchange, prepare
from unified_app.gateway.http import Headers, Send, plain_headers
from unified_app.gateway.listing import state_of
from unified_app.gateway.load import Breakers, Load
from unified_app.gateway.readers import Whole
from unified_app.gateway.snapshot import ModelEntry, Route
from unified_app.gateway.translate.framing import compact
from unified_app.gateway.translate.ollama_reply import load_reply
from unified_app.gateway.upstream import Answer, UpstreamClient

logger = logging.getLogger(__name__)


class NoPlacement(RegistryError):
    """The model is known, but no host that has it can be called now."""

    status_code = 503
    code = "no_placement"


class Caller:
    """Calls on one event loop."""

    def __init__(self, client: UpstreamClient, load: Load, breakers: Breakers) -> None:
        self._client = client
        self._load = load
        self._breakers = breakers
        self._starts: dict[str, asyncio.Task[None]] = {}

    async def close(self) -> None:
        await self._client.close()

    async def call(self, call: Call, models: list[ModelEntry], send: Send, rate: Headers) -> int:
        """Answer one call; return the status that was sent. Raises RegistryError while nothing was sent."""
        failure: RegistryError | None = None
        for position, model in enumerate(models):
            if not model.routes:
                failure = failure or NoPlacement(f"No host that has {model.name} can be called now.", retry_after=10)
                continue
            await self._load.enter(model.id, model.max_concurrent, model.max_queue)
            self._load.requests[model.id] += 1
            try:
                why = "alias" if len(models) > 1 else "only" if len(model.routes) == 1 else "least-busy"
                return await self._of_model(call, model, send, rate, why if position == 0 else "fallback")
            except UpstreamError as error:
                self._load.errors[model.id] += 1
                failure = error
            finally:
                self._load.leave(model.id, model.max_concurrent)
        raise failure or NoPlacement("No model can answer now.", retry_after=10)

    async def _of_model(self, call: Call, model: ModelEntry, send: Send, rate: Headers, why: str) -> int:
        if call.only_loads and call.body.get("keep_alive") in (0, "0", "0s"):
            return await self._send_unloaded(call, send, rate)
        failure: UpstreamError | None = None
        for route in self._in_order(model):
            await self._ensure_started(model, route)
            exchange = prepare(call, model, route)
            self._load.placements[route.placement] += 1
            try:
                answer = await self._open(exchange, model, route)
                return await self._relay(answer, exchange, call, model, route, send, [*rate, *_told(model, route, why)])
            except UpstreamError as error:
                if not _another_may_do_better(error):
                    raise _as_ours(error) from error
                failure, why = error, "retry"
            finally:
                self._load.placements[route.placement] -= 1
        assert failure is not None
        raise _as_ours(failure)

    def _in_order(self, model: ModelEntry) -> Iterator[Route]:
        """Yield the placements, the least busy healthy one first; those that broke come last."""
        yield from sorted(
            model.routes,
            key=lambda r: (self._breakers.is_open(r.placement), self._load.placements[r.placement], r.place),
        )

    async def _ensure_started(self, model: ModelEntry, route: Route) -> None:
        if not route.takes_slot or state_of(model) == "ready":
            return
        if not settings.AUTOSTART:
            raise Conflict(f"{model.name} is not started. Start it with POST /api/models/{model.id}/serve.")
        task = self._starts.get(model.id)
        if task is None:
            task = asyncio.create_task(_start(model.id))
            task.add_done_callback(lambda _: self._starts.pop(model.id, None))
            self._starts[model.id] = task
        # The start goes on for the other callers when this one leaves.
        await asyncio.shield(task)

    async def _open(self, exchange: Exchange, model: ModelEntry, route: Route) -> Answer:
        try:
            answer = await self._client.open(route.upstream, exchange.path, exchange.payload, model.timeout)
        except UpstreamError as error:
            if _is_the_placements_fault(error):
                self._breakers.failed(route.placement)
            raise
        self._breakers.succeeded(route.placement)
        return answer

    async def _relay(
        self,
        answer: Answer,
        exchange: Exchange,
        call: Call,
        model: ModelEntry,
        route: Route,
        send: Send,
        headers: Headers,
    ) -> int:
        """Send the answer on; what fails before the first byte is raised, what fails later ends the stream."""
        reader, begun = exchange.reader, False
        try:
            async for chunk in answer.chunks():
                piece = reader.feed(chunk)
                if piece:
                    if not begun:
                        await _begin(send, reader.content_type, call.request_id, headers)
                        begun = True
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            last = reader.end()
            if not begun:
                length = [(b"content-length", b"%d" % len(last))] if isinstance(reader, Whole) else []
                await _begin(send, reader.content_type, call.request_id, [*headers, *length])
                begun = True
            await send({"type": "http.response.body", "body": last})
        except UpstreamError as error:
            if not begun:
                raise
            self._load.errors[model.id] += 1
            logger.warning("%s: the answer of %s broke off: %s", call.request_id, route.place, error.message)
            await send({"type": "http.response.body", "body": reader.failure(error.code, error.message)})
        finally:
            answer.close()
        return 200

    async def _send_unloaded(self, call: Call, send: Send, rate: Headers) -> int:
        """Say what Ollama would; when a model is unloaded is the registry's to decide, not one caller's."""
        shape: Any = call.kind
        body = compact(load_reply(shape=shape, model=call.called, now=time.time_ns(), unloaded=True))
        await _begin(send, b"application/json", call.request_id, rate)
        await send({"type": "http.response.body", "body": body})
        return 200


async def _begin(send: Send, content_type: bytes, request_id: str, headers: Headers) -> None:
    start = {"type": "http.response.start", "status": 200}
    await send(start | {"headers": plain_headers(content_type, request_id, headers)})


async def _start(model_id: str) -> None:
    from unified_app.serving_interface import ensure_ready

    await asyncio.to_thread(_in_thread, ensure_ready, model_id)


def _in_thread(function: Any, model_id: str) -> None:
    from django.db import connection

    try:
        function(model_id)
    finally:
        connection.close()


def _told(model: ModelEntry, route: Route, why: str) -> Headers:
    place = f"{route.place}/{route.upstream.model}".encode("ascii", "replace")
    return [
        (b"x-registry-model", model.id.encode()),
        (b"x-registry-placement", place),
        (b"x-registry-version", model.version.encode("ascii", "replace")),
        (b"x-registry-route", why.encode()),
    ]


def _another_may_do_better(error: UpstreamError) -> bool:
    """Whether the failure is this placement's own: it does not answer, is broken, or lost the model."""
    status = error.upstream_status
    return status is None or status >= 500 or status in (401, 403, 404, 408, 429)


def _is_the_placements_fault(error: UpstreamError) -> bool:
    return error.upstream_status is None or error.upstream_status >= 502


def _as_ours(error: UpstreamError) -> UpstreamError:
    """Return the error with the status that our caller gets: a caller's mistake stays one."""
    status = error.upstream_status
    if status is not None and 400 <= status < 500 and status not in (401, 403):
        error.status_code = status
        error.code = "upstream_error" if status != 404 else "model_not_found"
    elif status == 503:
        error.status_code = 503
    return error
