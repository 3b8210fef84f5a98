"""The gateway: an ASGI application of its own. Admit, find, place, relay; no ORM and no thread hop on the way."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from typing import Any, ClassVar

from django.conf import settings

from unified_app.errors import RegistryError
from unified_app.gateway import listing
from unified_app.gateway.admission import InvalidKey, KeyLook, admit
from unified_app.gateway.alarms import Alarms
from unified_app.gateway.answer_log import AnswerLog
from unified_app.gateway.calling import Caller
from unified_app.gateway.entries import ModelEntry
from unified_app.gateway.exchange import Call
from unified_app.gateway.http import ClientWatch, Reply, Request, Scope, Send, printed, where
from unified_app.gateway.limits import RequestLimiter
from unified_app.gateway.line import priority_of
from unified_app.gateway.load import Breakers, Load
from unified_app.gateway.orders import Order
from unified_app.gateway.refusals import (
    Internal,
    MethodNotAllowed,
    ModelNotFound,
    NoModel,
    NotReady,
    refuse,
    unknown,
)
from unified_app.gateway.reporter import Reporter
from unified_app.gateway.sharing import SharedLimits
from unified_app.gateway.snapshot import Snapshot, SnapshotHolder
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
# In the scope of a call from inside, whose caller the site has admitted; no HTTP server puts it there.
ADMITTED = "registry.admitted"
LIVENESS = "/ollama"
READING = ("GET", "HEAD")


class Gateway:
    """`start` and `stop` belong to the ASGI lifespan; without it the first call starts it.

    `running` is the one that this process has, `loop` the event loop that it runs on.
    """

    running: ClassVar[Gateway | None] = None
    loop: asyncio.AbstractEventLoop

    def __init__(self, holder: SnapshotHolder | None = None) -> None:
        self.holder = holder or SnapshotHolder()
        self.load = Load()
        self.breakers = Breakers()
        self.alarms = Alarms()
        self.log = AnswerLog()
        self._key_look = KeyLook(self.holder.catch_up)
        self.limiter = RequestLimiter(settings.RATE_LIMIT_PER_MINUTE)
        self.reporter = Reporter(self.load)
        self.sharing = SharedLimits(self.limiter, settings.REDIS_URL) if settings.REDIS_URL else None
        self._caller: Caller | None = None
        self._starting: asyncio.Lock | None = None

    async def start(self) -> None:
        self.holder.start()
        self.reporter.start()
        if self.sharing is not None:
            self.sharing.start()
        self._caller = Caller(UpstreamClient(), self.load, self.breakers, self._find)
        self.loop = asyncio.get_running_loop()
        Gateway.running = self
        # A minute is for a database that is being migrated; until then /readyz says what is missing.
        await asyncio.to_thread(self.holder.ready.wait, 60.0)
        # All that the start has made stays: no later collection need walk through it while calls wait.
        gc.collect()
        gc.freeze()
        # A call makes some hundred objects and nearly all go with it: looking after each 700 would be 4 % of its time.
        gc.set_threshold(10_000, 20, 20)

    async def stop(self) -> None:
        if Gateway.running is self:
            Gateway.running = None
        self.log.write()
        if self._caller is not None:
            await self._caller.close()
            self._caller = None
        await asyncio.to_thread(self.holder.stop)
        await asyncio.to_thread(self.reporter.stop)
        if self.sharing is not None:
            await asyncio.to_thread(self.sharing.stop)

    async def __call__(self, scope: Scope, receive: Any, send: Send) -> None:
        request, began = Request(scope, receive), time.perf_counter()
        status = 499  # the client has gone
        try:
            status = await self._guarded(request, send)
        except asyncio.CancelledError:
            if not request.gone:
                raise
        finally:
            if request.route != LIVENESS:
                self.log.note(request, status, time.perf_counter() - began)

    async def _guarded(self, request: Request, send: Send) -> int:
        """Answer or refuse; return the status."""
        try:
            await self._answer(request, send)
            return 200
        except RegistryError as error:
            refusal = error
        except Exception as error:
            logger.error("%s failed: %s\n%s", request.id, type(error).__name__, where(error))
            refusal = Internal("The gateway made a mistake; its log says more under this request's id.")
        await refuse(request, Reply(send, request), refusal)
        return refusal.status_code

    async def _answer(self, request: Request, send: Send) -> None:
        request.check_headers()
        if request.route == LIVENESS and request.method in READING:
            return await Reply(send, request).whole(b"Ollama is running", b"text/plain; charset=utf-8")
        caller = self._caller or await self._ready()
        if not self.holder.ready.is_set():
            raise NotReady("The registry is being read; try again in a moment.", retry_after=1)
        if ADMITTED not in request.scope:
            await self._admit(request)
        if request.route in CALLS:
            return await self._call(caller, request, send)
        listed = self._listed(request)
        if request.method not in READING:
            raise MethodNotAllowed(request.route, "GET, HEAD")
        await Reply(send, request).whole(printed(listed))

    async def _admit(self, request: Request) -> None:
        """Admit the caller; a key that is not known may have been made since the last look."""
        try:
            admit(request, self.holder.current, self.limiter)
        except InvalidKey:
            if not await self._key_look.done_for(request):
                raise
            admit(request, self.holder.current, self.limiter)

    def _listed(self, request: Request) -> dict[str, Any]:
        snapshot, path = self.holder.current, request.route
        if path == "/v1/models":
            return listing.openai_models(snapshot)
        if path.startswith("/v1/models/"):
            called = path.removeprefix("/v1/models/")
            return listing.openai_called(snapshot, called, _found(snapshot, called))
        if path == "/ollama/api/tags":
            return listing.ollama_tags(snapshot)
        if path == "/ollama/api/ps":
            return listing.ollama_ps(snapshot)
        if path == "/ollama/api/version":
            return {"version": listing.OLLAMA_VERSION}
        raise unknown(request)

    async def _call(self, caller: Caller, request: Request, send: Send) -> None:
        if request.method != "POST":
            raise MethodNotAllowed(request.route, "POST")
        protocol, kind = CALLS[request.route]
        priority = priority_of(request.headers)
        body = await request.json(settings.MAX_BODY_MB * 2**20, settings.BODY_TIMEOUT, self.alarms)
        body = spelled(body) if protocol == "ollama" else body
        called = body.get("model") or (body.get("name") if protocol == "ollama" else None)
        if not isinstance(called, str) or not called:
            raise NoModel("Name a model in `model`.")
        models = await self._found_at_last(called)
        call = Call(protocol, kind, body, called, request.id)
        order = Order(call, Reply(send, request), priority=priority)
        with ClientWatch(request, self.alarms):
            await caller.call(order, models)

    def _find(self, called: str) -> list[ModelEntry]:
        return _found(self.holder.current, called)

    async def _found_at_last(self, called: str) -> list[ModelEntry]:
        """Return the models of a name; one that is not known may have been made since the last look."""
        try:
            return self._find(called)
        except ModelNotFound:
            await asyncio.to_thread(self.holder.catch_up)
            return self._find(called)

    async def _ready(self) -> Caller:
        if self._caller is None:
            self._starting = self._starting or asyncio.Lock()
            async with self._starting:
                if self._caller is None:
                    await self.start()
        assert self._caller is not None
        return self._caller


def _found(snapshot: Snapshot, called: str) -> list[ModelEntry]:
    models = snapshot.find(called)
    in_force = [model for model in models if not model.retired]
    if in_force:
        return in_force
    shown = called if len(called) <= 100 else called[:97] + "..."
    if models:
        raise ModelNotFound(f"The model {shown!r} is retired: {models[0].retired}.")
    raise ModelNotFound(f"There is no model {shown!r}. GET /v1/models lists what can be called.")
