"""What the remote stand-ins have in common over HTTP: JSON in, JSON or events out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

from registry_project.demo.app import dumps
from registry_project.demo.server import ApiError, Body
from registry_project.demo_openai.replies import event
from unified_app.errors import InvalidInput


async def read_body(request: web.Request) -> Body:
    try:
        body = json.loads(await request.text())
    except ValueError as error:
        raise ApiError(400, f"The body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ApiError(400, "The body is not a JSON object.")
    return {name: value for name, value in body.items() if value is not None}


def bearer(request: web.Request) -> str:
    """Return the token of a request, or "" when it shows none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def answered(value: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response(value, status=status, headers=headers, dumps=dumps)


async def stream(request: web.Request, chunks: AsyncIterator[Body], headers: dict[str, str]) -> web.StreamResponse:
    """The chunks as they come, and the mark of the end. What fails before the first still has a status of its own."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8", **headers})
    async for chunk in chunks:
        await response.prepare(request)
        await response.write(event(chunk))
    await response.write(b"data: [DONE]\n\n")
    return response


async def guarded(answer: Awaitable[web.StreamResponse], failed: Callable[[str], web.Response]) -> web.StreamResponse:
    """The answer, or in the server's own shape what the demo's talk could not read or would not do."""
    try:
        return await answer
    except ApiError as error:
        return failed(str(error.args[1]))
    except InvalidInput as error:
        return failed(error.message)
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # a field of a wrong type
        return failed(f"A field has a wrong type: {error}")
