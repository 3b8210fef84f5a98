"""Faults that can be switched on while the demo runs: POST /demo/mode {"mode": ..., more}."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

MODES = ("ok", "slow", "down", "garbage", "flapping", "html", "error500", "hang", "half", "redirect", "huge")
START = b'{"models":[{"name":"'


async def faulty(request: web.Request, now: dict[str, Any]) -> web.Response | None:
    """An answer as now wants it: mode, path (prefix it is limited to), delay, status, body, location, megabytes."""
    if request.path.startswith("/demo") or not request.path.startswith(now.get("path", "/")):
        return None
    mode, now["seen"] = now["mode"], now.get("seen", 0) + 1
    if mode in ("slow", "hang"):
        await asyncio.sleep(3600 if mode == "hang" else float(now.get("delay", 3)))
    if (mode == "down" or (mode == "flapping" and now["seen"] % 2)) and request.transport:
        request.transport.abort()
        return web.Response(status=500)
    (half := web.Response(body=START, headers={"Content-Length": "1000"})).force_close()
    return {
        "garbage": web.Response(body=START + b"\xff\x00", content_type="application/json"),
        "half": half,
        "html": web.Response(text="<html><body><h1>502 Bad Gateway</h1></body></html>", content_type="text/html"),
        "huge": web.Response(body=flood(int(now.get("megabytes", 64))), content_type="application/json"),
        "error500": web.json_response(now.get("body", {"error": "demo failure"}), status=now.get("status", 500)),
        "redirect": web.Response(status=302, headers={"Location": now.get("location", "http://other.invalid/")}),
    }.get(mode)


async def flood(megabytes: int) -> AsyncIterator[bytes]:
    for part in (START, *[b"x" * 2**20] * megabytes):
        yield part
