"""How much one key may ask: a token bucket, told in OpenAI's headers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
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

    def ask(self, key: int) -> Verdict:
        """Take one request of `key`, or tell in how many seconds there is one."""
        now, rate = self._clock(), self.per_minute / 60
        tokens, since = self._buckets.get(key, (float(self.per_minute), now))
        tokens = min(float(self.per_minute), tokens + (now - since) * rate)
        if not rate:
            return Verdict(60.0, 0, 0, 60.0)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / rate
        tokens -= 0.0 if wait else 1.0
        self._buckets[key] = (tokens, now)
        return Verdict(wait, self.per_minute, int(tokens), (self.per_minute - tokens) / rate)
