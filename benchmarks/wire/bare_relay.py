"""What the gateway is measured against: an ASGI application that parses the body, sends it on, and nothing else.

UPSTREAM=http://127.0.0.1:11434 uvicorn benchmarks.wire.bare_relay:application --no-access-log
"""

from __future__ import annotations

import json
import os
from typing import Any

import aiohttp

UPSTREAM = os.environ["UPSTREAM"]
JSON = {"Content-Type": "application/json"}
_sessions: list[aiohttp.ClientSession] = []


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        raise RuntimeError("a bare relay has no lifespan")  # uvicorn's word for going on without
    raw = await _body(receive)
    json.loads(raw)
    async with _session().post(UPSTREAM + scope["path"], data=raw, headers=JSON) as answer:
        kind = answer.headers["Content-Type"].encode()
        await send({"type": "http.response.start", "status": answer.status, "headers": [(b"content-type", kind)]})
        async for piece in answer.content.iter_any():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _session() -> aiohttp.ClientSession:
    if not _sessions:
        _sessions.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
    return _sessions[0]


async def _body(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body
