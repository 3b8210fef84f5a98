"""Uploads that are larger than other bodies: refused before they are read, then handed on while they arrive.

Django keeps what arrives on disk. Who may upload is asked first, by the same request without its body: nobody who
has no key can fill the disk.
"""

from __future__ import annotations

import asyncio

from registry_project.bounded import Application, refuse
from unified_app.gateway.http import Message, Receive, Scope, Send

_REFUSALS = (401, 403, 404, 405, 429)
# Bytes a second that an upload must bring on the whole: who sends a byte now and then would hold a place for days.
LEAST_RATE = 32 * 2**10
# So many times the idle time are given beside it, for what a net does at times.
_GRACE = 4


class BoundedUpload:
    """An ASGI application for a path that takes files of up to `max_bytes`.

    `seconds` may pass without a byte; on the whole, `least_rate` bytes must come each second.
    """

    def __init__(
        self, application: Application, *, max_bytes: int, seconds: float, least_rate: float = LEAST_RATE
    ) -> None:
        self._application = application
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._least_rate = least_rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = dict(scope["headers"]).get(b"content-length", b"")
        if not length.isdigit():
            await refuse(send, 411, "length_required", "Tell the size of the upload: send a Content-Length.")
        elif len(length) > 15 or int(length) > self._max_bytes:
            await refuse(send, 413, "too_large", f"The file may have at most {self._max_bytes // 2**20} MB.")
        elif answer := await self._refusal(scope):
            for message in answer:
                await send(message)
        else:
            whole = _GRACE * self._seconds + int(length) / self._least_rate
            await self._hand_on(scope, _Patient(receive, self._seconds, whole), send)

    async def _hand_on(self, scope: Scope, body: _Patient, send: Send) -> None:
        await self._application(scope, body, send)
        # Django says nothing to a client that is gone, and this one is not.
        if body.has_given_up:
            await refuse(send, 408, "body_timeout", "The rest of the upload did not arrive in time.")

    async def _refusal(self, scope: Scope) -> list[Message]:
        """Return the answer of who may not upload; empty for others."""
        answer: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            answer.append(message)

        names = (b"content-length", b"transfer-encoding", b"expect")
        headers = [(name, value) for name, value in scope["headers"] if name not in names]
        empty = {**scope, "headers": [*headers, (b"content-length", b"0")]}
        await self._application(empty, _once(receive), send)
        if not answer or answer[0].get("status") not in _REFUSALS:
            return []
        # Else the server would go on reading what nobody wants.
        closing = {**answer[0], "headers": [*answer[0].get("headers", []), (b"connection", b"close")]}
        return [closing, *answer[1:]]


class _Patient:
    """What a client sends, as long as no more than `seconds` pass without a byte, nor `whole` in all.

    Then it counts as gone.
    """

    def __init__(self, receive: Receive, seconds: float, whole: float) -> None:
        self._receive = receive
        self._seconds = seconds
        self._deadline = asyncio.get_running_loop().time() + whole
        self._is_whole = False
        self.has_given_up = False

    async def __call__(self) -> Message:
        if self._is_whole:
            return await self._receive()
        left = self._deadline - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(0.0, min(self._seconds, left))):
                message = await self._receive()
        except TimeoutError:
            message = None
        # What is there already comes without a pause, in which the timeout could end it.
        if message is None or left <= 0:
            self.has_given_up = True
            return {"type": "http.disconnect"}
        self._is_whole = not message.get("more_body")
        return message


def _once(receive: Receive) -> Receive:
    """Return the empty body once; who asks again waits for a client that stays connected."""
    told = False

    async def once() -> Message:
        nonlocal told
        if told:
            await asyncio.Event().wait()
        told = True
        return await receive()

    return once
