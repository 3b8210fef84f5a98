"""Threads that do a run's tasks, and are let go when it ends: a call that nobody waits for ends by itself.

A ThreadPoolExecutor would keep the worker from ending until the last of its calls has its answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Crew(Generic[T, R]):
    """`work` turns a task into a result and raises nothing; threads are made as they are needed."""

    def __init__(self, work: Callable[[T], R], name: str) -> None:
        self._work = work
        self._name = name
        self._tasks: SimpleQueue[T | None] = SimpleQueue()
        self._results: SimpleQueue[R] = SimpleQueue()
        self._threads = 0
        self._under_way = 0

    def submit(self, task: T) -> None:
        self._under_way += 1
        if self._under_way > self._threads:
            self._threads += 1
            threading.Thread(target=self._run, daemon=True, name=f"{self._name}-{self._threads}").start()
        self._tasks.put(task)

    def results(self, timeout: float) -> list[R]:
        """Return the results that are there once there is one; none after `timeout` seconds."""
        found: list[R] = []
        try:
            found.append(self._results.get(timeout=timeout) if timeout > 0 else self._results.get_nowait())
            while True:
                found.append(self._results.get_nowait())
        except Empty:
            self._under_way -= len(found)
            return found

    def let_go(self) -> None:
        """Let each thread end with what it is doing."""
        for _ in range(self._threads):
            self._tasks.put(None)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            self._results.put(self._work(task))
