"""One rate limit for a key over several processes: each tells the others through Redis what it let through."""

from __future__ import annotations

import logging
from collections import Counter
from typing import ClassVar

import redis

from unified_app.gateway.following import LoopFollower
from unified_app.gateway.limits import RequestLimiter

logger = logging.getLogger(__name__)

SHARE_SECONDS = 0.5
TABLE = "registry:gateway:requests"
# When nobody has called for so long, every bucket is full again.
FORGET_SECONDS = 3600


class SharedLimits(LoopFollower):
    """Exchanges counts in a thread of its own, so no call waits for Redis; without Redis each process counts alone."""

    thread_name: ClassVar[str] = "gateway-limits"

    def __init__(self, limiter: RequestLimiter, url: str) -> None:
        super().__init__()
        self._limiter = limiter
        self._client = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
        self._told: Counter[int] = Counter()
        self._totals: dict[int, int] | None = None

    def stop(self) -> None:
        super().stop()
        self._client.close()

    def share(self) -> dict[int, int]:
        """Tell what was let through here since the last time; return what the others have let through."""
        now = Counter(self._limiter.taken)
        ours = now - self._told
        with self._client.pipeline() as pipe:
            for key, count in ours.items():
                pipe.hincrby(TABLE, str(key), count)
            if ours:
                pipe.expire(TABLE, FORGET_SECONDS)
            pipe.hgetall(TABLE)
            totals = {int(key): int(count) for key, count in pipe.execute()[-1].items()}
        self._told = now
        before, self._totals = self._totals, totals
        if before is None:  # what they did before we looked is not known to be recent
            return {}
        grown = {key: total - before.get(key, 0) - ours[key] for key, total in totals.items()}
        return {key: count for key, count in grown.items() if count > 0}

    def _follow(self) -> None:
        is_reachable = True
        while not self._stop.wait(SHARE_SECONDS):
            try:
                others = self.share()
            except redis.RedisError as error:
                if is_reachable:
                    logger.warning("rate limits hold for each process alone: %s", type(error).__name__)
                is_reachable = False
                continue
            is_reachable = True
            if others:
                self._tell(self._limiter.hear, others)
