"""Paced upstreams: whether one may be asked now, and what its errors tell. Both in threads, off the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from unified_app.errors import Paced, UpstreamError
from unified_app.sources import Pace

logger = logging.getLogger(__name__)

# Each asks Redis or the database for moments only.
THREADS = 4


class Pacing:
    """Asks the paces of one event loop's calls."""

    def __init__(self) -> None:
        # Not the loop's own pool: a few slow answers there would hold back every paced call.
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="gateway-pace")

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def ask(self, pace: Pace, model: str) -> None:
        """Take one call of the quota. Raises Paced when there is none now: the upstream is not asked then."""
        seconds = await self._in_thread(pace.acquire)
        if seconds > 0:
            raise Paced(f"The quota of {model} is used up for now; it was not asked.", retry_after=seconds)

    async def learn(self, pace: Pace, error: UpstreamError) -> None:
        """Let the pace know of an answer that was an error; the caller gets that error whatever becomes of this."""
        if (status := error.upstream_status) is None or status < 400:
            return
        try:
            await self._in_thread(pace.learn, status, error.upstream_headers, error.upstream_text)
        except Exception as problem:
            logger.error("nothing was learnt from a status %d: %s", status, type(problem).__name__)

    async def _in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, _closing, function, arguments)


def _closing(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    try:
        return function(*arguments)
    finally:
        connection.close()
