"""What is loaded: one runner per weights file, shared by all names of it."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from registry_project.demo.library import Model
from registry_project.demo.wire import Body, stamp

FOREVER = 292 * 365 * 86_400.0
GPU_BYTES = 8 * 2**30


@dataclass
class Runner:
    model: Model
    context: int
    keep: float
    slots: asyncio.Semaphore
    busy: int = 0
    expires: int = 0

    def touch(self, keep: float | None) -> None:
        self.keep = self.keep if keep is None else min(keep, FOREVER)
        self.expires = time.time_ns() + int(self.keep * 1e9)

    def row(self, told_context: bool) -> Body:
        size = int(self.model.size * 1.1) + self.context * 24_000
        row = {"name": self.model.name, "model": self.model.name, "size": size, "digest": self.model.digest}
        row |= {"details": self.model.details(), "expires_at": stamp(self.expires)}
        return row | {"size_vram": min(size, GPU_BYTES)} | ({"context_length": self.context} if told_context else {})


class Runners:
    def __init__(self, load_delay: float, parallel: int, max_loaded: int) -> None:
        self.load_delay, self.parallel, self.max_loaded = load_delay, parallel, max_loaded
        self.loaded: dict[str, Runner] = {}
        self.locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def live(self) -> list[Runner]:
        """Latest expiry first, as ps lists them."""
        now = time.time_ns()
        self.loaded = {key: r for key, r in self.loaded.items() if r.busy or r.expires > now}
        return sorted(self.loaded.values(), key=lambda runner: -runner.expires)

    async def load(self, model: Model, options: Body) -> Runner:
        """Not listed before it is ready; another num_ctx reloads; the idle one nearest its end makes room."""
        wanted = min(int(options.get("num_ctx", 4096)), model.context or 4096)
        async with self.locks[model.blob]:
            self.live()
            runner = self.loaded.get(model.blob)
            if runner is None or runner.context != wanted:
                self.loaded.pop(model.blob, None)
                await asyncio.sleep(self.load_delay)
                idle = [r for r in reversed(self.live()) if not r.busy]
                if len(self.loaded) >= self.max_loaded and idle:
                    self.loaded.pop(idle[0].model.blob)
                runner = Runner(model, wanted, 300.0, asyncio.Semaphore(self.parallel))
                self.loaded[model.blob] = runner
            runner.busy += 1
            return runner

    @asynccontextmanager
    async def use(self, model: Model, options: Body, keep: float | None) -> AsyncGenerator[int, Any]:
        """Gives the nanoseconds it took until the runner was ready, then waits for a free slot."""
        started = time.perf_counter_ns()
        if model.remote:
            yield 0
            return
        runner = await self.load(model, options)
        took = time.perf_counter_ns() - started
        try:
            runner.touch(keep)
            async with runner.slots:
                yield took
        finally:
            runner.busy -= 1
            runner.touch(None)

    def unload(self, model: Model) -> None:
        if runner := self.loaded.get(model.blob):
            runner.touch(0)
