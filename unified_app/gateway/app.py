"""The gateway: an ASGI application of its own. Admit, find, place, relay; no ORM and no thread hop on the way."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from django.conf import settings

from unified_app.errors import NotFound, RegistryError, UnsupportedOperation
from unified_app.gateway import listing
from unified_app.gateway.admission import admit
from unified_app.gateway.calling import Caller
from unified_app.gateway.exchange import Call
from unified_app.gateway.http import ClientWatch, Headers, Request, Scope, Send, send_bytes, send_json
from unified_app.gateway.limits import RequestLimiter
from unified_app.gateway.load import Breakers, Load
from unified_app.gateway.reporter import Reporter
from unified_app.gateway.snapshot import SnapshotHolder
from unified_app.gateway.translate.errors import ollama_error, openai_error
from unified_app.gateway.translate.fields import spelled
from unified_app.gateway.upstream import UpstreamClient

logger = logging.getLogger(__name__)

# Path -> (protocol, kind) of the calls that a model answers.
CALLS = {
    "/v1/chat/completions": ("openai", "chat"),
    "/v1/completions": ("openai", "completions"),
    "/v1/embeddings": ("openai", "embeddings"),
    "/ollama/api/chat": ("ollama", "chat"),
    "/ollama/api/generate": ("ollama", "generate"),
    "/ollama/api/embed": ("ollama", "embed"),
    "/ollama/api/embeddings": ("ollama", "embeddings"),
    "/ollama/api/show": ("ollama", "show"),
}
LATER = ("/v1/responses", "/v1/messages", "/v1/rerank")
LIVENESS = ("/ollama", "/ollama/")


class Gateway:
    """`start` and `stop` belong to the ASGI lifespan; without it the first call starts it."""

    def __init__(self, holder: SnapshotHolder | None = None) -> None:
        self.holder = holder or SnapshotHolder()
        self.load = Load()
        self.breakers = Breakers()
        self.limiter = RequestLimiter(settings.RATE_LIMIT_PER_MINUTE)
        self.reporter = Reporter(self.load)
        self._caller: Caller | None = None
        self._starting: asyncio.Lock | None = None

    async def start(self) -> None:
        self.holder.start()
        self.reporter.start()
        self._caller = Caller(UpstreamClient(), self.load, self.breakers)
        # A minute is for a database that is being migrated; until then /readyz says what is missing.
        await asyncio.to_thread(self.holder.ready.wait, 60.0)

    async def stop(self) -> None:
        if self._caller is not None:
            await self._caller.close()
            self._caller = None
        await asyncio.to_thread(self.holder.stop)
        await asyncio.to_thread(self.reporter.stop)

    async def __call__(self, scope: Scope, receive: Any, send: Send) -> None:
        request = Request(scope, receive)
        began = time.perf_counter()
        status = 500
        try:
            status = await self._answer(request, send)
        except RegistryError as error:
            status = error.status_code
            await self._refuse(request, send, error)
        except asyncio.CancelledError:
            if not request.gone:
                raise
            status = 499
        finally:
            if request.path not in LIVENESS:
                milliseconds = (time.perf_counter() - began) * 1000
                logger.info("%s %s %s %.1f ms %s", request.method, request.path, status, milliseconds, request.id)

    async def _answer(self, request: Request, send: Send) -> int:
        request.check_headers()
        if request.path in LIVENESS and request.method in ("GET", "HEAD"):
            await send_bytes(send, 200, b"Ollama is running", b"text/plain; charset=utf-8", request.id, [])
            return 200
        snapshot = self.holder.current
        _, rate = admit(request, snapshot, self.limiter)
        if request.path in CALLS:
            return await self._call(request, send, rate)
        if request.method not in ("GET", "HEAD"):
            raise _unknown(request)
        await send_json(send, 200, self._listed(request), request.id, rate)
        return 200

    def _listed(self, request: Request) -> dict[str, Any]:
        snapshot, path = self.holder.current, request.path.rstrip("/")
        if path == "/v1/models":
            return listing.openai_models(snapshot)
        if path.startswith("/v1/models/"):
            return listing.openai_model(_found(snapshot, path.removeprefix("/v1/models/"))[0])
        if path == "/ollama/api/tags":
            return listing.ollama_tags(snapshot)
        if path == "/ollama/api/ps":
            return listing.ollama_ps(snapshot)
        if path == "/ollama/api/version":
            return {"version": listing.OLLAMA_VERSION}
        raise _unknown(request)

    async def _call(self, request: Request, send: Send, rate: Headers) -> int:
        if request.method != "POST":
            raise MethodNotAllowed(f"{request.path} takes POST.")
        protocol, kind = CALLS[request.path]
        body = await request.json(settings.MAX_BODY_MB * 2**20, settings.BODY_TIMEOUT)
        body = spelled(body) if protocol == "ollama" else body
        called = body.get("model") or (body.get("name") if protocol == "ollama" else None)
        if not isinstance(called, str) or not called:
            raise NoModel("Name a model in `model`.")
        call = Call(protocol, kind, body, called, request.id)
        models = _found(self.holder.current, called)
        caller = await self._ready()
        async with ClientWatch(request):
            return await caller.call(call, models, send, rate)

    async def _ready(self) -> Caller:
        if self._caller is None:
            self._starting = self._starting or asyncio.Lock()
            async with self._starting:
                if self._caller is None:
                    await self.start()
        assert self._caller is not None
        return self._caller

    async def _refuse(self, request: Request, send: Send, error: RegistryError) -> None:
        headers: Headers = list(getattr(error, "headers", []))
        if error.retry_after is not None:
            headers.append((b"retry-after", b"%d" % max(1, -(-error.retry_after // 1))))
        if error.status_code == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        if not request.whole:
            headers.append((b"connection", b"close"))  # the rest of the body is not wanted
        if request.path.startswith("/ollama"):
            body = ollama_error(error.message)
        else:
            param = next(iter(error.details), None) if error.details else getattr(error, "param", None)
            body = openai_error(error.status_code, error.code, error.message, param)
        await send_json(send, error.status_code, body, request.id, headers)


class ModelNotFound(NotFound):
    code = "model_not_found"
    param = "model"


class NoModel(RegistryError):
    status_code = 400
    code = "invalid"
    param = "model"


class MethodNotAllowed(RegistryError):
    status_code = 405
    code = "method_not_allowed"


def _found(snapshot: Any, called: str) -> list[Any]:
    models = snapshot.find(called)
    in_force = [model for model in models if not model.retired]
    if in_force:
        return in_force
    if models:
        raise ModelNotFound(f"The model {called!r} is retired: {models[0].retired}.")
    raise ModelNotFound(f"There is no model {called!r}. GET /v1/models lists what can be called.")


def _unknown(request: Request) -> RegistryError:
    if request.path.rstrip("/") in LATER:
        return UnsupportedOperation(f"{request.path} is not served here yet; use /v1/chat/completions.")
    return NotFound(f"There is no {request.method} {request.path} here.")
