"""What one token may ask of one model: the table of plans, and windows that begin with their first request."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from registry_project.demo.server import Body

PLANS = ("free", "pro", "business", "enterprise")
# Calls a minute, a day and at once, and tokens of a request, by plan. A zero: the plan does not offer these models.
Columns = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...]]
TIERS: dict[str, Columns] = {
    "low": ((15, 15, 15, 20), (150, 150, 300, 450), (5, 5, 5, 8), (8000,) * 4),
    "high": ((10, 10, 10, 15), (50, 50, 100, 150), (2, 2, 2, 4), (8000, 8000, 8000, 16_000)),
    "embeddings": ((15, 15, 15, 20), (150, 150, 300, 450), (5, 5, 5, 8), (64_000,) * 4),
}
LARGE: Columns = ((0, 1, 2, 2), (0, 8, 10, 12), (0, 1, 1, 1), (4000,) * 4)
# Models of the tier `custom` by the beginning of their name; the longest that fits counts.
GROUPS: dict[str, Columns] = {
    **dict.fromkeys(("o1", "o3", "gpt-5"), LARGE),
    **dict.fromkeys(
        ("o1-mini", "o3-mini", "o4-mini", "gpt-5-mini", "gpt-5-nano", "gpt-5-chat"),
        ((0, 2, 3, 3), (0, 12, 15, 20), (0, 1, 1, 1), (4000,) * 4),
    ),
    **dict.fromkeys(("deepseek-r1", "mai-ds-r1"), ((1, 1, 2, 2), (8, 8, 10, 12), (1,) * 4, (4000,) * 4)),
    "grok-3": ((1, 1, 2, 2), (15, 15, 20, 30), (1,) * 4, (4000,) * 4),
    "grok-3-mini": ((2, 2, 3, 3), (30, 30, 40, 50), (1,) * 4, (4000,) * 4),
}
WINDOWS = {"Day": 86_400, "Minute": 60}


@dataclass(frozen=True)
class Limits:
    minute: int
    day: int
    concurrent: int
    tokens: int

    @property
    def is_offered(self) -> bool:
        return self.minute > 0


def limits_of(row: Body, plan: str) -> Limits:
    columns = TIERS.get(row["rate_limit_tier"])
    if columns is None:
        slug = row["id"].partition("/")[2]
        columns = GROUPS[max((name for name in GROUPS if slug.startswith(name)), key=len)]
    minute, day, concurrent, tokens = (column[PLANS.index(plan)] for column in columns)
    return Limits(minute, day, concurrent, tokens)


class LimitReached(Exception):
    """More was asked than is allowed; `kind` is what x-ratelimit-type says."""

    def __init__(self, kind: str, most: int, window: int, wait: int) -> None:
        super().__init__(
            f"Rate limit of {most} per {window}s exceeded for {kind}. Please wait {wait} seconds before retrying."
        )
        self.kind, self.wait = kind, wait


class Counters:
    """How much each token has asked of each model. What is refused does not count."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, str, str], tuple[float, int]] = {}
        self._running: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def counted(self, token: str, model: str, limits: Limits) -> Iterator[None]:
        """Hold a place among the concurrent calls. Raises LimitReached."""
        key = (token, model)
        if self._running[key] >= limits.concurrent:
            raise LimitReached("UserConcurrentRequests", limits.concurrent, 0, 0)
        self._windows |= {
            (*key, name): self._next((*key, name), most)
            for name, most in (("Day", limits.day), ("Minute", limits.minute))
        }
        self._running[key] += 1
        try:
            yield
        finally:
            self._running[key] -= 1

    def _next(self, key: tuple[str, str, str], most: int) -> tuple[float, int]:
        """Return the window with one request more."""
        now, seconds = self._clock(), WINDOWS[key[2]]
        start, used = self._windows.get(key, (now, 0))
        if now >= start + seconds:
            start, used = now, 0
        if used >= most:
            raise LimitReached(f"UserByModelBy{key[2]}", most, seconds, math.ceil(start + seconds - now))
        return start, used + 1
