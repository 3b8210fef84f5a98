"""How often something may be called, by windows that begin with their first call and holds learnt from refusals.

Counted in this process's memory, or in Redis, where all processes count together.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Protocol

from django.conf import settings

from unified_app.pacing_redis import RedisStates
from unified_app.pacing_state import Left, Limits, Span, State

__all__ = ["Left", "Limits", "MemoryStore", "Pacer", "RedisStore", "Span", "Store", "shared"]

MAX_KEYS = 10_000


class Store(Protocol):
    """Keeps the states; each method is one step that nobody else can come between."""

    def take(self, key: str, limits: Limits) -> float:
        """See State.take."""

    def left(self, key: str, limits: Limits) -> Left:
        """See State.left."""

    def refuse(self, key: str, span: Span, seconds: float, told: int) -> None:
        """See State.refuse."""

    def hold(self, key: str, seconds: float) -> None:
        """Let no call go for `seconds`."""


class MemoryStore:
    """The states of this process; a restart forgets them, and the first refusal teaches them again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._states: dict[str, State] = {}
        self._lock = threading.Lock()

    def take(self, key: str, limits: Limits) -> float:
        with self._lock:
            return self._state(key).take(limits, self._clock())

    def left(self, key: str, limits: Limits) -> Left:
        with self._lock:
            return self._states.get(key, State()).left(limits, self._clock())

    def refuse(self, key: str, span: Span, seconds: float, told: int) -> None:
        with self._lock:
            self._state(key).refuse(span, seconds, told, self._clock())

    def hold(self, key: str, seconds: float) -> None:
        with self._lock:
            state = self._state(key)
            state.held = max(state.held, self._clock() + seconds)

    def _state(self, key: str) -> State:
        if key not in self._states and len(self._states) >= MAX_KEYS:
            now = self._clock()
            self._states = {name: state for name, state in self._states.items() if not state.is_over(now)}
        return self._states.setdefault(key, State())


class RedisStore:
    """The states in Redis, exact over all processes; while Redis does not answer, this process counts alone."""

    def __init__(self, url: str, fallback: Store | None = None) -> None:
        self._states = RedisStates(url)
        self._fallback = fallback or MemoryStore()

    def take(self, key: str, limits: Limits) -> float:
        wait = self._states.take(key, limits)
        return self._fallback.take(key, limits) if wait is None else wait

    def left(self, key: str, limits: Limits) -> Left:
        left = self._states.left(key, limits)
        return self._fallback.left(key, limits) if left is None else left

    def refuse(self, key: str, span: Span, seconds: float, told: int) -> None:
        if self._states.refuse(key, span, seconds, told) is None:
            self._fallback.refuse(key, span, seconds, told)

    def hold(self, key: str, seconds: float) -> None:
        if self._states.hold(key, seconds) is None:
            self._fallback.hold(key, seconds)


class Pacer:
    """Paces calls by key. Never sleeps: it answers with the seconds to wait. Safe for threads."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, store: Store | None = None) -> None:
        self._store = store or MemoryStore(clock)

    def acquire(self, key: str, limits: Limits) -> float:
        """Count a call and return 0.0, or return the seconds after which to ask again."""
        return self._store.take(key, limits)

    def left(self, key: str, limits: Limits) -> Left:
        """Return what is left by our own counting; counts nothing."""
        return self._store.left(key, limits)

    def refused(self, key: str, span: Span, seconds: float, told: int = 0) -> None:
        """Learn that a call was refused because its window is full, for `seconds` more; `told` is its limit or 0.

        No call goes until then (and a margin). Where the limit of a minute is not told it is what passed before.
        """
        self._store.refuse(key, span, max(0.0, seconds), told)

    def hold(self, key: str, seconds: float) -> None:
        """Let no call go for `seconds`; a longer hold stays."""
        self._store.hold(key, max(0.0, seconds))


def store_of(url: str) -> Store:
    """Return a store in the Redis of `url`, or in memory without one."""
    return RedisStore(url) if url else MemoryStore()


@cache
def shared() -> Pacer:
    """Return the pacer of this process, which with REDIS_URL is one with those of the others."""
    return Pacer(store=store_of(settings.REDIS_URL))
