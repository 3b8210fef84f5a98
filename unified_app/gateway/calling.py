"""One call to the models that may answer it: a place in line, a placement, the upstream's bytes."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

from unified_app.errors import NoPlacement, Paced, RegistryError, UpstreamError, UpstreamInvalid, UpstreamRetired
from unified_app.gateway import programs
from unified_app.gateway.adapting import MAX_ADAPTATIONS, Refusals, refused_by
from unified_app.gateway.entries import ModelEntry, Route
from unified_app.gateway.exchange import Exchange, prepare
from unified_app.gateway.http import NO_HEADERS, Headers, Reply, length_of, printed, where
from unified_app.gateway.listing import ollama_show
from unified_app.gateway.load import Breakers, Load
from unified_app.gateway.orders import Find, Order
from unified_app.gateway.pacing import Pacing
from unified_app.gateway.readers import Reader
from unified_app.gateway.starting import Starts
from unified_app.gateway.translate.framing import compact
from unified_app.gateway.translate.ollama_reply import load_reply
from unified_app.gateway.upstream import Answer, UpstreamClient
from unified_app.upstream_words import without_secrets

logger = logging.getLogger(__name__)

NOTHING_SENT: dict[str, str] = {}


class Caller:
    """Calls on one event loop; `find` returns the models that a name means, for programs. Raises ModelNotFound."""

    def __init__(self, client: UpstreamClient, load: Load, breakers: Breakers, find: Find) -> None:
        self._find = find
        self._client = client
        self._load = load
        self._breakers = breakers
        self._starts = Starts()
        self._pacing = Pacing()
        self._refusals = Refusals()

    async def close(self) -> None:
        self._starts.close()
        self._pacing.close()
        await self._client.close()

    async def call(self, order: Order, models: list[ModelEntry]) -> None:
        """Answer one call by the first of `models` that can. Raises RegistryError while nothing was sent."""
        failure: RegistryError | None = None
        for model in models:
            why = "fallback" if failure else "alias" if len(models) > 1 else _why_there(model)
            try:
                return await self._in_turn(order, model, why)
            except RegistryError as error:
                if not _another_model_may(error):
                    raise
                failure = failure or error
        raise failure or NoPlacement("No model can answer now.", retry_after=10)

    async def _in_turn(self, order: Order, model: ModelEntry, why: str) -> None:
        """Call one model when it is this call's turn."""
        if not model.routes and model.program is None:
            raise _nowhere(model)
        order.place = await self._load.enter(model.runs_on, model.max_concurrent, model.max_queue, order.priority)
        self._load.requests[model.runs_on] += 1
        if model.overlay is not None and model.id != model.runs_on:
            self._load.requests[model.id] += 1
        try:
            await self._of_model(order, model, why)
        except RegistryError as error:
            if error.status_code >= 500:
                self._count_error(model)
            raise
        finally:
            self._load.leave(model.runs_on)

    def _count_error(self, model: ModelEntry) -> None:
        for model_id in {model.runs_on, model.id}:
            self._load.errors[model_id] += 1

    async def _of_model(self, order: Order, model: ModelEntry, why: str) -> None:
        if order.call.only_unloads:
            # When a model is unloaded is the registry's to decide, not one caller's.
            return await _say_loaded(order, unloaded=True)
        failure: UpstreamError | None = None
        for route in self._in_order(model):
            if order.call.kind != "show":
                await self._starts.ensure(model, route)
            try:
                return await self._at(route, order, model, why)
            except UpstreamError as error:
                if not _another_may_do_better(error):
                    raise _as_ours(error) from error
                failure, why = _more_telling(failure, error), "retry"
        if failure is None:  # it has no places
            return await self._of_program(order, model, why)
        raise _as_ours(failure)

    async def _of_program(self, order: Order, model: ModelEntry, why: str) -> None:
        """Run an ensemble, whose members are called by `call` again, each in its own turn."""
        if order.call.only_loads:
            return await _say_loaded(order)
        if order.call.kind == "show":
            return await order.reply.whole(printed(ollama_show(model)))
        reader, answer = await programs.run(model, order, self.call, self._find)
        told = [*programs.headers(model), *_way(order, why)]
        try:
            await self._relay(answer, reader, order.reply, model, told)
        except RegistryError as error:
            if not order.reply.begun:
                raise
            self._count_error(model)
            logger.warning("%s: the answer of %s broke off: %s", order.call.request_id, model.id, error.code)
            await order.reply.end(reader.failure(error.code, error.message))
        finally:
            await answer.aclose()

    async def _at(self, route: Route, order: Order, model: ModelEntry, why: str) -> None:
        """Call one placement; what it refuses of the body is changed, and the body sent again at once."""
        if route.upstream.protocol != "ollama":
            if order.call.only_loads:
                return await _say_loaded(order)
            if order.call.kind == "show":
                return await order.reply.whole(printed(ollama_show(model)))
        for _ in range(MAX_ADAPTATIONS):
            exchange = self._prepared(route, order, model)
            try:
                return await self._exchanged(exchange, route, order, model, why)
            except UpstreamError as error:
                if not (refused := self._refused(error, route)):
                    raise
                self._refusals.learn(route.placement, refused)
                if self._prepared(route, order, model).payload == exchange.payload:
                    raise
        await self._exchanged(self._prepared(route, order, model), route, order, model, why)

    def _prepared(self, route: Route, order: Order, model: ModelEntry) -> Exchange:
        return prepare(order.call, model, route, route.upstream.refuses | self._refusals.of(route.placement))

    def _refused(self, error: UpstreamError, route: Route) -> str:
        return refused_by(error) if route.upstream.protocol != "ollama" else ""

    async def _exchanged(self, exchange: Exchange, route: Route, order: Order, model: ModelEntry, why: str) -> None:
        """Send one body, and let the placement's pace and breaker know how that went."""
        pace = route.upstream.pace
        if pace is not None:
            await self._pacing.ask(pace, model.name)
        self._load.placements[route.placement] += 1
        self._breakers.trying(route.placement)
        try:
            answer = await self._client.open(
                route.upstream, exchange.path, exchange.payload, model.timeout, is_stream=exchange.is_stream
            )
            told = _told(model, route, exchange, order, why)
            await self._relay(answer, exchange.reader, order.reply, model, told, route.upstream.headers)
            self._breakers.succeeded(route.placement)
        except UpstreamError as error:
            # One that was told with status 200, or in mid-stream, has not been through this yet.
            error.message = without_secrets(error.message, route.upstream.headers)
            if _is_the_placements_fault(error):
                self._breakers.failed(route.placement)
            if pace is not None:
                await self._pacing.learn(pace, error)
            if not order.reply.begun:
                raise
            self._count_error(model)
            # Its code only: an upstream's words may repeat the prompt.
            logger.warning("%s: the answer of %s broke off: %s", order.call.request_id, route.place, error.code)
            await order.reply.end(exchange.reader.failure(error.code, error.message))
        finally:
            self._load.placements[route.placement] -= 1

    def _in_order(self, model: ModelEntry) -> Iterator[Route]:
        """Yield the placements, the least busy healthy one first; those that broke come last."""
        # When all have broken, they are tried all the same: a refusal would tell less than their own errors.
        if len(model.routes) == 1:
            yield model.routes[0]
            return
        yield from sorted(
            model.routes,
            key=lambda r: (
                self._breakers.is_open(r.placement),
                self._load.placements[r.placement],
                r.placement != model.served_placement,
                r.place,
            ),
        )

    async def _relay(
        self,
        answer: Answer | programs.Answer,
        reader: Reader,
        reply: Reply,
        model: ModelEntry,
        told: Headers,
        sent: dict[str, str] = NOTHING_SENT,
    ) -> None:
        """Send the answer on; the status goes with its first bytes. Raises UpstreamError when it is no good.

        `sent` are the headers that the upstream got, which an error of its own may repeat.
        """
        try:
            while chunk := await answer.next():
                if piece := _fed(reader, chunk):
                    piece = _shown(piece, sent) if reader.told_error else piece
                    if not reply.begun:
                        await reply.begin(reader.content_type, told)
                    await reply.piece(piece)
            last = _ended(reader)
            if reader.told_error:
                self._count_error(model)
                last = _shown(last, sent)
            if not reply.begun:
                await reply.begin(reader.content_type, [*told, length_of(last)])
            await reply.end(last)
        finally:
            answer.close()


def _shown(error: bytes, sent: dict[str, str]) -> bytes:
    """Return what an upstream tells in a stream's error without the values of the headers that it was sent."""
    return without_secrets(error.decode("utf-8", "surrogateescape"), sent).encode("utf-8", "surrogateescape")


def _fed(reader: Reader, chunk: bytes) -> bytes:
    try:
        return reader.feed(chunk)
    except RegistryError:
        raise
    except Exception as error:
        raise _unreadable(error) from error


def _ended(reader: Reader) -> bytes:
    try:
        return reader.end()
    except RegistryError:
        raise
    except Exception as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> UpstreamInvalid:
    """Return what a caller is told when a translation stumbles; where it did is logged, without what it read."""
    logger.error("an answer could not be translated: %s\n%s", type(error).__name__, where(error))
    return UpstreamInvalid("The upstream's answer could not be read.")


async def _say_loaded(order: Order, *, unloaded: bool = False) -> None:
    """Say what Ollama would of a call without a prompt."""
    shape: Any = order.call.kind
    told = load_reply(shape=shape, model=order.call.called, now=time.time_ns(), unloaded=unloaded)
    await order.reply.whole(compact(told))


def _nowhere(model: ModelEntry) -> NoPlacement:
    """Return why the model cannot be called; a reason that waiting does not mend comes without Retry-After."""
    told = f"No host that has {model.name} can be called now."
    return NoPlacement(f"{told} {model.away}") if model.away else NoPlacement(told, retry_after=10)


def _told(model: ModelEntry, route: Route, exchange: Exchange, order: Order, why: str) -> Headers:
    place = f"{route.place}/{route.upstream.model}".encode("ascii", "replace")
    adapted = [(b"x-registry-adapted", exchange.adapted.encode())] if exchange.adapted else NO_HEADERS
    return [
        *adapted,
        (b"x-registry-model", model.id.encode()),
        (b"x-registry-placement", place),
        (b"x-registry-version", (route.version or model.version).encode("ascii", "replace")),
        *_way(order, why),
    ]


def _way(order: Order, why: str) -> Headers:
    """Return how the call came to where it was answered."""
    return [(b"x-registry-route", why.encode()), (b"x-registry-queue", b"%d" % order.place)]


def _why_there(model: ModelEntry) -> str:
    return "only" if len(model.routes) == 1 else "least-busy"


def _another_model_may(error: RegistryError) -> bool:
    """Whether the next model of an alias may do what this one could not: the call itself was not the mistake."""
    return error.status_code >= 500 or error.status_code in (404, 408, 409, 410, 429)


def _another_may_do_better(error: UpstreamError) -> bool:
    """Whether the failure is this placement's own: it does not answer, is broken, or lost the model."""
    status = error.upstream_status
    return status is None or status >= 500 or status in (401, 403, 404, 408, 410, 429)


def _more_telling(before: UpstreamError | None, now: UpstreamError) -> UpstreamError:
    """Return the failure that a caller is told: the later one, but of two used-up quotas the one that ends first."""
    if isinstance(before, Paced) and isinstance(now, Paced):
        return min(before, now, key=lambda error: error.retry_after or 0.0)
    return now


def _is_the_placements_fault(error: UpstreamError) -> bool:
    return error.upstream_status is None or error.upstream_status >= 500


def _as_ours(error: UpstreamError) -> UpstreamError:
    """Return the error with the status that our caller gets: a caller's mistake stays one."""
    status = error.status_code if isinstance(error, Paced) else error.upstream_status
    if status == UpstreamRetired.status_code:
        # Its own words may call it temporary, as GitHub's did after it had retired its service.
        error.message = "The upstream answers 410 Gone: it has been switched off for good."
    if status is not None and 400 <= status < 500 and status not in (401, 403):
        error.status_code = status
        error.code = {404: "model_not_found", 410: UpstreamRetired.code, 429: "rate_limit_exceeded"}.get(
            status, "upstream_error"
        )
    elif status in (503, 504):
        error.status_code = status
        error.code = "upstream_timeout" if status == 504 else "upstream_error"
    return error
