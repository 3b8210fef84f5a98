"""Faults that can be switched on while the demo runs: POST /demo/mode {"mode": ..., more}."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

# "half" and "midstream" cut streams in wire.send_lines.
MODES = (
    *("ok", "slow", "down", "garbage", "flapping", "html", "error500"),
    *("hang", "half", "midstream", "redirect", "huge"),
)


class Faults:
    """mode, and with it: path (prefix it is limited to), delay, status, body, location, megabytes."""

    def __init__(self, mode: str) -> None:
        self.seen = 0
        self.set({"mode": mode})

    def set(self, wanted: dict[str, Any]) -> None:
        if wanted.get("mode") not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}")
        self.now: dict[str, Any] = {"path": "/", **wanted}

    def mode(self, request: web.Request) -> str:
        hit = request.path.startswith(self.now["path"]) and not request.path.startswith("/demo")
        return str(self.now["mode"]) if hit else "ok"

    async def apply(self, request: web.Request) -> web.StreamResponse | None:
        """The faulty answer, or None when the real one shall be given."""
        mode = self.mode(request)
        if mode == "flapping":
            self.seen += 1
            mode = "down" if self.seen % 2 else "ok"
        if mode in ("slow", "hang"):
            await asyncio.sleep(3600 if mode == "hang" else float(self.now.get("delay", 3)))
        if mode == "down" and request.transport:
            request.transport.abort()
        if mode == "huge":
            return await self.huge(request)
        return self.simple(mode)

    def simple(self, mode: str) -> web.Response | None:
        page = "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1>demo of a proxy's page</body></html>"
        make = {
            "down": lambda: web.Response(status=500),
            "garbage": lambda: web.Response(body=b'{"models":[{"na\xff\x00', content_type="application/json"),
            "html": lambda: web.Response(text=page, content_type="text/html"),
            "error500": lambda: web.json_response(
                self.now.get("body", {"error": "demo failure"}), status=int(self.now.get("status", 500))
            ),
            "redirect": lambda: web.Response(
                status=302, headers={"Location": self.now.get("location", "http://redirected.invalid/")}
            ),
        }.get(mode)
        return make() if make else None

    async def huge(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(b'{"models":[{"name":"')
        for _ in range(int(self.now.get("megabytes", 64))):
            await response.write(b"x" * 2**20)
        await response.write(b'"}]}')
        return response


async def send_half(request: web.Request, whole: web.Response) -> web.StreamResponse:
    """Promise the whole body, send half of it, drop the connection."""
    body = bytes(whole.body) if isinstance(whole.body, bytes) else b""
    response = web.StreamResponse(headers={"Content-Type": whole.headers.get("Content-Type", "text/plain")})
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport:
        request.transport.close()
    return response
