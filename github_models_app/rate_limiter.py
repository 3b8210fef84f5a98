"""Paces calls of the GitHub Models contract, so that no quota is wasted on calls that would be refused.

Never by `x-ratelimit-remaining-*`: these headers tell of the deployment, not of the caller's quota. Recorded traffic
of 2026-05 was refused after 10 requests while the header still said 990.
"""

from __future__ import annotations

import hashlib
import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Literal

from django.conf import settings
from requests.structures import CaseInsensitiveDict

from github_models_app.addresses import routes
from github_models_app.tiers import PAID, PLANS, TierLimits, bare_name, limits_of
from unified_app.errors import Paced
from unified_app.pacing import Left, Limits, Pacer, Store, store_of

Kind = Literal["minute", "day", "concurrent", "unknown"]

CAP_SECONDS = 62.0
# What a refusal without any number holds: a whole minute, or an hour of a day whose end is not told.
UNTOLD_SECONDS: dict[Kind, float] = {"minute": 60.0, "day": 3600.0, "concurrent": 1.0, "unknown": 60.0}
LONGEST_SECONDS = 86400.0
# What a refusal's own words call a minute and a day.
WINDOWS: dict[Kind, str] = {"minute": "60", "day": "86400"}
# Clocks differ a little between us and Redis; a wait that was slept is not too long because of that.
SLACK_SECONDS = 1.0

_SAID = re.compile(r"Rate limit of (\d{1,6}) per (\d{1,6})s exceeded for (\w{1,60})")
_WAIT = re.compile(r"wait (\d{1,6}) seconds")


@dataclass(frozen=True)
class Refusal:
    """What a 429 tells. `told` is the limit of its window, 0 when it is not told."""

    kind: Kind
    seconds: float
    told: int = 0
    is_of_all_models: bool = False


class RateLimiter:
    """One token's quotas. Safe for threads; with a Redis store one for all processes."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        plan: str = "free",
        store: Store | None = None,
        *,
        scope: str = "",
    ) -> None:
        """`scope` keeps the quotas of several tokens apart in one store; it is no secret."""
        if plan not in (*PLANS, PAID):
            raise ValueError(f"There is no plan {plan!r}; plans are {', '.join((*PLANS, PAID))}.")
        self.plan = plan
        self._sleep = sleep
        self._pacer = Pacer(clock=clock, store=store)
        self._scope = scope

    def acquire(self, model: str, tier: str) -> float:
        """Count a call and return 0.0, or return the seconds after which to ask again. Never sleeps."""
        return self._wait_of_all() or self._pacer.acquire(self._key(model), self.limits(model, tier).limits)

    def wait_for(self, model: str, tier: str, cap: float = CAP_SECONDS) -> float:
        """Sleep until a call may go, and count it; return the seconds slept. For tasks only.

        Raises Paced, before sleeping for it, when it would take longer than `cap` in all.
        """
        waited = 0.0
        while wait := self.acquire(model, tier):
            if wait > cap or waited + wait > cap + SLACK_SECONDS:
                raise self.paced(model, tier, wait)
            self._sleep(wait)
            waited += wait
        return waited

    def learn(self, model: str, status: int, headers: Mapping[str, str], text: str) -> None:
        """Take what a 429 tells; nothing else tells of quotas."""
        if status != 429:
            return
        refusal = read_refusal(headers, text)
        key = self._key("*" if refusal.is_of_all_models else model)
        if refusal.kind == "concurrent":
            self._pacer.hold(key, refusal.seconds)
        else:
            self._pacer.refused(key, "day" if refusal.kind == "day" else "minute", refusal.seconds, refusal.told)

    def limits(self, model: str, tier: str) -> TierLimits:
        """Return what the published table says for this plan."""
        return limits_of(self.plan, model, tier)

    def concurrency(self, model: str, tier: str) -> int:
        """Return how many calls may run at once; this limiter is not told their ends, so callers keep to it."""
        return self.limits(model, tier).concurrent or 1_000

    def left(self, model: str, tier: str) -> Left:
        """Return what is left by our own counting: what others use of the same quota is not in it."""
        left = self._pacer.left(self._key(model), self.limits(model, tier).limits)
        wait = max(left.wait, self._wait_of_all())
        return Left(left.per_minute, left.minute_left, left.per_day, left.day_left, wait)

    def paced(self, model: str, tier: str, wait: float) -> Paced:
        """Return the error for a call that may not go for `wait` seconds."""
        left = self.left(model, tier)
        what = "for today" if left.day_left == 0 or wait > CAP_SECONDS else "for this minute"
        message = f"The quota of {model} is used up {what}; ask again in {math.ceil(wait)} seconds."
        return Paced(message, retry_after=wait)

    def _wait_of_all(self) -> float:
        return self._pacer.left(self._key("*"), Limits()).wait

    def _key(self, model: str) -> str:
        return f"github:{self._scope}:{bare_name(model)}"


def read_refusal(headers: Mapping[str, str], text: str) -> Refusal:
    """Return what a 429 tells. Its body was plain text on some days, JSON on others, and may be empty."""
    told = CaseInsensitiveDict(headers)
    said = _SAID.search(text)
    name = told.get("x-ratelimit-type") or (said[3] if said else "")
    kind = _kind(name)
    seconds = _seconds(told, text)
    if kind == "unknown" and (seconds or 0) > CAP_SECONDS:
        kind = "day"  # whatever it is called, nobody waits for it
    if seconds is None:
        seconds = UNTOLD_SECONDS[kind]
    if kind == "concurrent":
        # "0 seconds" is told, and another call must end first.
        seconds = max(seconds, UNTOLD_SECONDS[kind])
    limit = int(said[1]) if said and said[2] == WINDOWS.get(kind) else 0
    is_of_all = bool(name) and kind in ("minute", "day") and "model" not in name.lower()
    return Refusal(kind, min(seconds, LONGEST_SECONDS), limit, is_of_all)


def _kind(name: str) -> Kind:
    """Return what UserByModelByMinute, UserByModelByDay, UserByMinute, UserConcurrentRequests and the like mean."""
    kinds: tuple[Kind, ...] = ("concurrent", "minute", "day")
    return next((kind for kind in kinds if kind in name.lower()), "unknown")


def _seconds(headers: Mapping[str, str], text: str) -> float | None:
    """Return the wait that is told, the more exact header first; None when none is. 0 is a wait too."""
    for value in (headers.get("x-ratelimit-timeremaining"), headers.get("Retry-After")):
        seconds = _number(value or "") if value else None
        if seconds is not None:
            return seconds
    seconds = _until(headers.get("Retry-After", ""), headers.get("Date", ""))
    if seconds is not None:
        return seconds
    said = _WAIT.search(text)
    return float(said[1]) if said else None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _until(date: str, sent: str) -> float | None:
    """Return the seconds until an HTTP date, from when the answer was sent by the same clock."""
    end, start = _date(date), _date(sent) or datetime.now(UTC)
    return max(0.0, (end - start).total_seconds()) if end else None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def shared(token: str | None = None, base_url: str | None = None) -> RateLimiter:
    """Return the one limiter that this process has for a token at a service; those of the settings by default."""
    token = (settings.GITHUB_TOKEN if token is None else token).strip()
    base_url = settings.GITHUB_MODELS_URL if base_url is None else base_url
    # Also kept in Redis: a digest, since a token is a secret.
    scope = hashlib.sha256(f"{routes(base_url).inference} {token}".encode()).hexdigest()[:16]
    return _limiter(scope, settings.GITHUB_MODELS_PLAN, settings.REDIS_URL)


@cache
def _limiter(scope: str, plan: str, redis_url: str) -> RateLimiter:
    return RateLimiter(plan=plan, store=_store(redis_url), scope=scope)


@cache
def _store(redis_url: str) -> Store:
    return store_of(redis_url)
