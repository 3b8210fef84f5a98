"""Models that are programs: they are asked and answer in OpenAI's words, as any upstream that speaks them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from functools import partial
from time import time
from typing import Any

from unified_app.errors import InvalidInput, RecipeCycle, UnsupportedOperation
from unified_app.gateway.entries import ModelEntry, Route
from unified_app.gateway.exchange import CHAT_PATH, Call, Exchange, prepare
from unified_app.gateway.http import Headers
from unified_app.gateway.members import chunks_of, whole_of
from unified_app.gateway.orders import Answering, Find, Order
from unified_app.gateway.readers import Reader
from unified_app.gateway.translate.framing import SSE_DONE, compact, sse
from unified_app.gateway.translate.openai_request import wants_usage
from unified_app.programs import ProgramReply
from unified_app.recipes import MAX_DEPTH
from unified_app.sources import Upstream

Body = dict[str, Any]
# As if a program were an upstream, so that callers of both protocols are translated as for one.
ROUTE = Route(0, "gateway", Upstream("", {}, "openai", ""), takes_slot=False)


class Answer:
    """What a program answers, as the bytes of an upstream."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces

    async def next(self) -> bytes:
        return await anext(self._pieces, b"")

    def close(self) -> None:
        """Nothing: what is asynchronous ends with `aclose`."""

    async def aclose(self) -> None:
        await self._pieces.aclose()  # type: ignore[attr-defined]


class Members:
    """The way of one run of a program to the models that it is made of."""

    def __init__(self, order: Order, model: ModelEntry, answering: Answering, find: Find) -> None:
        self._answering = answering
        self._find = find
        self._request_id = order.call.request_id
        self._path = (*order.path, model.runs_on)
        self._depth = order.depth + model.depth
        self._priority = order.priority

    async def __call__(self, model: str, body: Body, *, stream: bool = False) -> Any:
        found = self._find(model)
        for one in found:
            self._check(one)
        asked = {**body, "model": model, "stream": stream}
        if stream:
            asked["stream_options"] = {"include_usage": True}
        call = Call("openai", "chat", asked, model, self._request_id)
        answer = chunks_of if stream else whole_of
        order = partial(Order, call, path=self._path, depth=self._depth, priority=self._priority)
        return await answer(lambda sink: self._answering(order(sink), found))

    def _check(self, model: ModelEntry) -> None:
        if model.runs_on in self._path:
            raise RecipeCycle(f"{model.name} is made of itself: {' > '.join((*self._path, model.runs_on))}.")
        if self._depth + model.depth > MAX_DEPTH:
            raise RecipeCycle(f"{model.name} would be more than {MAX_DEPTH} recipes deep: {' > '.join(self._path)}.")


async def run(model: ModelEntry, order: Order, answering: Answering, find: Find) -> tuple[Reader, Answer]:
    """Ask the program of `model`, and return its answer with what turns it into the caller's. Raises RegistryError."""
    assert model.program is not None
    exchange = prepare(order.call, model, ROUTE)
    body = _asked(exchange, order.call)
    reply = await model.program(body, Members(order, model, answering, find))
    shape = _Shape(order.call, is_chat=exchange.path == CHAT_PATH)
    if not exchange.is_stream:
        if not isinstance(reply, dict):
            raise TypeError("a program streams what nobody asked to be streamed")
        return exchange.reader, Answer(_one(compact(shape.whole(reply))))
    return exchange.reader, Answer(_events(reply, shape, wants_usage(exchange.payload)))


def headers(model: ModelEntry) -> Headers:
    return [
        (b"x-registry-model", model.id.encode()),
        (b"x-registry-placement", f"gateway/{model.runs_on}".encode("ascii", "replace")),
        (b"x-registry-version", model.version.encode("ascii", "replace")),
    ]


def _asked(exchange: Exchange, call: Call) -> Body:
    """Return the chat that a program is asked."""
    payload = {n: v for n, v in exchange.payload.items() if n not in ("model", "stream_options")}
    if exchange.path == CHAT_PATH:
        if not isinstance(payload.get("messages"), list) or not payload["messages"]:
            raise InvalidInput("messages: Must be a list of at least one message.", details={"messages": ["Needed."]})
        return {**payload, "stream": exchange.is_stream}
    if call.kind in ("embed", "embeddings"):
        raise UnsupportedOperation("An ensemble only chats. Call one of its members for embeddings.")
    prompt, system = payload.pop("prompt", None), payload.pop("system", None)
    if not isinstance(prompt, str) or not prompt or payload.pop("suffix", None):
        message = "An ensemble takes one text, without a suffix. Call a chat route, or one of its members."
        raise InvalidInput(f"prompt: {message}", details={"prompt": [message]})
    payload.pop("logprobs", None)  # here a number
    lead = [{"role": "system", "content": system}] if system else []
    return {**payload, "messages": [*lead, {"role": "user", "content": prompt}], "stream": exchange.is_stream}


class _Shape:
    """An answer under the caller's names; a completion is a chat whose message is its text."""

    def __init__(self, call: Call, *, is_chat: bool) -> None:
        prefix = "chatcmpl" if is_chat else "cmpl"
        self._named = {"id": f"{prefix}-{call.request_id}", "created": int(time()), "model": call.called}
        self._is_chat = is_chat

    def whole(self, reply: Body) -> Body:
        return self._of(reply, "chat.completion")

    def chunk(self, reply: Body) -> Body:
        return self._of(reply, "chat.completion.chunk")

    def _of(self, reply: Body, kind: str) -> Body:
        choices = reply.get("choices") or []
        choices = choices if self._is_chat else [_as_text(choice) for choice in choices]
        return {**reply, **self._named, "object": kind if self._is_chat else "text_completion", "choices": choices}


async def _events(reply: ProgramReply, shape: _Shape, usage: bool) -> AsyncIterator[bytes]:
    async with aclosing(_in_chunks(reply)) if isinstance(reply, dict) else aclosing(reply) as chunks:  # type: ignore[type-var]
        async for chunk in chunks:
            told = chunk if usage else {name: value for name, value in chunk.items() if name != "usage"}
            if told.get("choices") or told.get("usage"):
                yield sse(shape.chunk(told))
    yield SSE_DONE


async def _in_chunks(reply: Body) -> AsyncIterator[Body]:
    """Yield an answer that came as one piece as a stream of one piece."""
    rest = {name: value for name, value in reply.items() if name not in ("choices", "usage")}
    said: list[Body] = []
    ends: list[Body] = []
    for at, choice in enumerate(reply.get("choices") or []):
        delta = dict(choice.get("message") or {})
        if calls := delta.get("tool_calls"):
            delta["tool_calls"] = [{**call, "index": number} for number, call in enumerate(calls)]
        others = {n: v for n, v in choice.items() if n not in ("message", "finish_reason", "index")}
        said.append({"index": at, "delta": {"role": "assistant", **delta}, **others, "finish_reason": None})
        ends.append({"index": at, "delta": {}, "finish_reason": choice.get("finish_reason") or "stop"})
    yield {"choices": said}
    yield {**rest, "choices": ends}
    yield {"choices": [], "usage": reply.get("usage") or {}}


async def _one(piece: bytes) -> AsyncIterator[bytes]:
    yield piece


def _as_text(choice: Body) -> Body:
    said = choice.get("message") or choice.get("delta") or {}
    rest = {n: v for n, v in choice.items() if n not in ("message", "delta", "logprobs")}
    return {**rest, "text": said.get("content") or "", "logprobs": None}
