"""How much one key may ask: a token bucket, told in OpenAI's headers."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple


class Verdict(NamedTuple):
    """Whether a call may go, and what the headers say; `retry_after` in seconds, 0 when it may."""

    retry_after: float
    limit: int
    remaining: int
    reset: float

    def headers(self) -> list[tuple[bytes, bytes]]:
        return [
            (b"x-ratelimit-limit-requests", b"%d" % self.limit),
            (b"x-ratelimit-remaining-requests", b"%d" % self.remaining),
            (b"x-ratelimit-reset-requests", b"%d" % math.ceil(self.reset)),
        ]


class RequestLimiter:
    """`per_minute` requests for each key, refilled evenly; a key that was quiet may use a minute's worth at once.

    A limit of 0 lets nothing through.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._buckets: dict[int, tuple[float, float]] = {}
        # How many requests of each key were let through here, ever.
        self.taken: Counter[int] = Counter()

    def ask(self, key: int) -> Verdict:
        """Take one request of `key`, or tell in how many seconds there is one."""
        now, rate = self._clock(), self.per_minute / 60
        tokens = self._tokens(key, now)
        if not rate:
            return Verdict(60.0, 0, 0, 60.0)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / rate
        if not wait:
            tokens -= 1
            self.taken[key] += 1
        self._buckets[key] = (tokens, now)
        return Verdict(wait, self.per_minute, max(0, int(tokens)), (self.per_minute - tokens) / rate)

    def hear(self, others: dict[int, int]) -> None:
        """Take off what other processes have let through meanwhile.

        A bucket may owe a minute's worth: were debts forgiven, every process would let a whole limit through.
        """
        now = self._clock()
        for key, count in others.items():
            self._buckets[key] = (max(-float(self.per_minute), self._tokens(key, now) - count), now)

    def _tokens(self, key: int, now: float) -> float:
        tokens, since = self._buckets.get(key, (float(self.per_minute), now))
        return min(float(self.per_minute), tokens + (now - since) * self.per_minute / 60)
