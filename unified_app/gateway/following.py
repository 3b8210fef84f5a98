"""Work beside the calls: a thread of its own that follows something until the gateway stops."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar

STOP_SECONDS = 5.0


class Follower:
    """`_follow` runs in the thread, and ends when `_stop` is set."""

    thread_name: ClassVar[str]

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stop.clear()
        self._thread = threading.Thread(target=self._follow, daemon=True, name=self.thread_name)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=STOP_SECONDS)

    def _follow(self) -> None:
        raise NotImplementedError


class LoopFollower(Follower):
    """Tells what it learns to the event loop that it was started on."""

    def __init__(self) -> None:
        super().__init__()
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        super().start()

    def _tell(self, hear: Callable[[Any], None], learnt: Any) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(hear, learnt)
