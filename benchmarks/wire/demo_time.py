"""How long a server takes for a run's calls when nothing of ours stands between: the upstream's own time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import aiohttp

Body = dict[str, Any]


def measure(url: str, bodies: dict[str, list[Body]], at_once: int) -> float:
    """Return the seconds for all bodies of all models, `at_once` calls for each model."""
    return asyncio.run(_measure(url, bodies, at_once))


async def _measure(url: str, bodies: dict[str, list[Body]], at_once: int) -> float:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        began = time.monotonic()
        callers = []
        for model, asked in bodies.items():
            left = iter(asked)
            callers += [_caller(session, url, model, left) for _ in range(at_once)]
        await asyncio.gather(*callers)
        return time.monotonic() - began


async def _caller(session: aiohttp.ClientSession, url: str, model: str, left: Iterator[Body]) -> None:
    for body in left:
        async with session.post(f"{url}/v1/chat/completions", json={**body, "model": model}) as answer:
            answer.raise_for_status()
            await answer.read()
