"""Starting a model for the calls that wait for it: once for all of them, in a thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from django.conf import settings
from django.db import connection

from unified_app.errors import Conflict
from unified_app.gateway.entries import ModelEntry, Route
from unified_app.gateway.listing import state_of
from unified_app.serving_interface import ensure_ready


class Starts:
    """The starts that one event loop's calls wait for."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Task[None]] = {}
        # The loop's own pool has a few threads on a small machine, and a start holds its thread while a host loads.
        threads = max(4, settings.MAX_SERVING_MODELS)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="gateway-start")

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def ensure(self, model: ModelEntry, route: Route) -> None:
        """Return when the model can be called at `route`. Raises Conflict, or why it could not be started."""
        if not route.takes_slot or state_of(model) == "ready":
            return
        if not settings.AUTOSTART:
            raise Conflict(f"{model.name} is not started. Start it with POST /api/models/{model.runs_on}/serve.")
        task = self._running.get(model.runs_on)
        if task is None:
            task = asyncio.create_task(self._start(model.runs_on))
            task.add_done_callback(partial(self._started, model.runs_on))
            self._running[model.runs_on] = task
        # The start goes on for the other callers when this one leaves.
        await asyncio.shield(task)

    async def _start(self, model_id: str) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, _ensure_ready, model_id)

    def _started(self, model_id: str, task: asyncio.Task[None]) -> None:
        self._running.pop(model_id, None)
        if not task.cancelled():
            task.exception()  # its callers may all have left: then nobody else asks for it


def _ensure_ready(model_id: str) -> None:
    try:
        ensure_ready(model_id)
    finally:
        connection.close()
