"""Calls from inside the process: the same way as one over HTTP, but for the socket and the key.

Where no gateway runs in this process (a worker, the shell, tests) a private one is started with the first call.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import threading
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import Any

from unified_app.errors import InvalidInput, NoPlacement, UpstreamTimeout
from unified_app.gateway.app import ADMITTED, Gateway
from unified_app.gateway.http import Message, printed
from unified_app.gateway.line import HEADER
from unified_app.gateway.translate.errors import openai_error

Body = dict[str, Any]
# The field that tells what a body asks for -> the route that answers it.
ROUTES = {"messages": "/v1/chat/completions", "input": "/v1/embeddings", "prompt": "/v1/completions"}
START_SECONDS = 90.0
STOP_SECONDS = 10.0


@dataclass(slots=True)
class Answered:
    """An answer as it came: OpenAI's object in `raw`, its errors too."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes = b""


def complete(
    model: str, body: Body, *, request_id: str = "", timeout: float | None = None, priority: str = "interactive"
) -> tuple[int, dict[str, str], Body]:
    """Return status, headers and OpenAI's object (or error) of a call that is not streamed; see `call`."""
    told = call(model, body, request_id=request_id, timeout=timeout, priority=priority)
    return told.status, told.headers, json.loads(told.raw)


def call(
    model: str, body: Body, *, request_id: str = "", timeout: float | None = None, priority: str = "interactive"
) -> Answered:
    """Call a model (id, alias or name) with the body of a chat, or with `input` or `prompt`, and wait.

    It is counted, queued, started, placed, paced, adapted and logged as any other call, but no key is asked for and no
    rate limit counted: that is the caller's to do. `timeout` in seconds bounds all of it; by itself it is twice the
    model's, for the place in line and for the answer. `priority` is its class, as in X-Registry-Priority. Blocks, so it
    is not for code on an event loop.
    Raises InvalidInput for a body that names nothing to do, or wants to stream.
    """
    path = _route(body)
    gateway = _gateway()
    if not gateway.holder.current.find(model):
        gateway.holder.refresh()  # it may have been made just now
    seconds = timeout or 2 * max((m.timeout for m in gateway.holder.current.find(model)), default=30)
    request_id = request_id or os.urandom(16).hex()
    headers = {"x-request-id": request_id, HEADER.lower(): priority}
    answer = _answer(gateway, path, _printed(body | {"model": model}), headers)
    future = asyncio.run_coroutine_threadsafe(answer, gateway.loop)
    try:
        return future.result(seconds)
    except TimeoutError:
        future.cancel()
        return _failed(UpstreamTimeout(f"The call did not end within {seconds:g} s."), request_id)
    except CancelledError:
        return _failed(NoPlacement("The site is being stopped.", retry_after=5), request_id)


def stop() -> None:
    """End the private gateway, if there is one."""
    _private.stop()


def _route(body: Body) -> str:
    if body.get("stream"):
        raise InvalidInput("This is not streamed.", details={"stream": ["Leave it out, or call /v1."]})
    asked = [name for name in ROUTES if name in body]
    if len(asked) != 1:
        told = "Send one of `messages`, `input` (embeddings) and `prompt` (completions)."
        raise InvalidInput(told, details={(asked or ["messages"])[-1]: [told]})
    return ROUTES[asked[0]]


def _printed(body: Body) -> bytes:
    try:
        return printed(body)
    except RecursionError:
        raise InvalidInput("The body is nested too deeply.") from None


class _Sender:
    """The client's side of a call: sends the body once, then stays until the answer is there."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body

    async def __call__(self) -> Message:
        body, self._body = self._body, None
        if body is None:
            await asyncio.get_running_loop().create_future()
        return {"type": "http.request", "body": body, "more_body": False}


async def _answer(gateway: Gateway, path: str, body: bytes, sent: dict[str, str]) -> Answered:
    told = Answered()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            told.status = message["status"]
            told.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            told.raw += message["body"]

    headers = [(name.encode(), value.encode("ascii", "replace")) for name, value in sent.items()]
    headers.append((b"content-length", b"%d" % len(body)))
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers, ADMITTED: True}
    await gateway(scope, _Sender(body), send)
    return told


def _failed(error: UpstreamTimeout | NoPlacement, request_id: str) -> Answered:
    headers = {"content-type": "application/json", "x-request-id": request_id}
    if error.retry_after:
        headers["retry-after"] = f"{error.retry_after:.0f}"
    return Answered(error.status_code, headers, printed(openai_error(error.status_code, error.code, error.message)))


def _gateway() -> Gateway:
    gateway = Gateway.running or _private.started()
    if not gateway.holder.ready.wait(START_SECONDS):
        raise NoPlacement("The registry is still being read.", retry_after=5)
    return gateway


class _Private:
    """A gateway in a thread with an event loop of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gateway: Gateway | None = None
        self._thread: threading.Thread | None = None

    def started(self) -> Gateway:
        with self._lock:
            if self._gateway is None:
                self._gateway = self._start()
            return self._gateway

    def stop(self) -> None:
        with self._lock:
            gateway, thread, self._gateway, self._thread = self._gateway, self._thread, None, None
        if gateway is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(gateway.stop(), gateway.loop).result(STOP_SECONDS)
        gateway.loop.call_soon_threadsafe(gateway.loop.stop)
        thread.join(STOP_SECONDS)

    def abandon(self) -> None:
        """Take back what this process has told of its calls; at exit no pool of threads can be used any more."""
        if self._gateway is not None:
            self._gateway.holder.stop()
            self._gateway.reporter.stop()

    def _start(self) -> Gateway:
        loop, gateway = asyncio.new_event_loop(), Gateway()
        self._thread = threading.Thread(target=loop.run_forever, daemon=True, name="gateway-inside")
        self._thread.start()
        asyncio.run_coroutine_threadsafe(gateway.start(), loop).result(START_SECONDS)
        return gateway


_private = _Private()
atexit.register(_private.abandon)
