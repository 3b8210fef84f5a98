"""Uploads that are larger than other bodies: refused before they are read, then handed on while they arrive.

Django keeps what arrives on disk. Who may upload is asked first, by the same request without its body: nobody who
has no key can fill the disk.
"""

from __future__ import annotations

import asyncio

from registry_project.bounded import Application, refuse
from unified_app.gateway.http import Message, Receive, Scope, Send

_REFUSALS = (401, 403, 404, 405, 429)


class BoundedUpload:
    """An ASGI application for a path that takes files of up to `max_bytes`; `seconds` may pass without a byte."""

    def __init__(self, application: Application, *, max_bytes: int, seconds: float) -> None:
        self._application = application
        self._max_bytes = max_bytes
        self._seconds = seconds

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
            await self._application(scope, self._patient(receive), send)

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
        return answer if answer and answer[0].get("status") in _REFUSALS else []

    def _patient(self, receive: Receive) -> Receive:
        whole = False

        async def patient() -> Message:
            nonlocal whole
            if whole:
                return await receive()
            try:
                async with asyncio.timeout(self._seconds):
                    message = await receive()
            except TimeoutError:
                return {"type": "http.disconnect"}
            whole = not message.get("more_body")
            return message

        return patient


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
