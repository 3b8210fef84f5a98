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

    A key may have a limit of its own. A limit of 0 lets nothing through.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._clock = clock
        # What each key has used and not got back yet, when that was so, and its limit.
        self._buckets: dict[int, tuple[float, float, int]] = {}
        # How many requests of each key were let through here, ever.
        self.taken: Counter[int] = Counter()

    def ask(self, key: int, own: int | None = None) -> Verdict:
        """Take one request of `key`, or tell in how many seconds there is one; `own` is its own limit, if any."""
        now, limit = self._clock(), self.per_minute if own is None else own
        if not limit:
            return Verdict(60.0, 0, 0, 60.0)
        used, rate = min(2.0 * limit, self._used(key, now)[0]), limit / 60
        wait = max(0.0, used + 1 - limit) / rate
        if not wait:
            used += 1
            self.taken[key] += 1
        self._buckets[key] = (used, now, limit)
        return Verdict(wait, limit, max(0, int(limit - used)), used / rate)

    def hear(self, others: dict[int, int]) -> None:
        """Add what other processes have let through meanwhile.

        A bucket may owe a minute's worth: were debts forgiven, every process would let a whole limit through.
        """
        now = self._clock()
        for key, count in others.items():
            used, limit = self._used(key, now)
            self._buckets[key] = (min(2.0 * limit, used + count), now, limit)

    def _used(self, key: int, now: float) -> tuple[float, int]:
        """Return what is used, and the limit; of a key that never called here, the limit of those without their own."""
        used, since, limit = self._buckets.get(key, (0.0, now, self.per_minute))
        return max(0.0, used - (now - since) * limit / 60), limit
