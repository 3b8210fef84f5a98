"""Counting calls in fixed windows, and learning from refusals. Pure: the time is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

MINUTE = 60.0
DAY = 86400.0
# A client that slept exactly the advertised wait was refused again and passed 2 to 3 seconds later
# (recorded traffic of 2026-05): windows are held open a little longer than they are said to be.
MARGIN_SECONDS = 2.0
Span = Literal["minute", "day"]
LENGTHS: dict[Span, float] = {"minute": MINUTE, "day": DAY}
# How long a limit is believed. One found by counting may be wrong, when others use the same quota too.
COUNTED_SECONDS: dict[Span, float] = {"minute": 3600.0, "day": 7 * DAY}
TOLD_SECONDS: dict[Span, float] = {"minute": DAY, "day": 7 * DAY}


@dataclass(frozen=True)
class Limits:
    """How many calls a window takes by what is published; None is not known.

    The day's number is kept to only once a refusal has shown that there is such a limit: published numbers change,
    gateways have others, and to ask one time too many is cheaper than to stop for a day without need.
    """

    per_minute: int | None = None
    per_day: int | None = None

    def __post_init__(self) -> None:
        if 0 in (self.per_minute, self.per_day):
            raise ValueError("A limit is at least 1; None is not known.")


@dataclass(frozen=True)
class Left:
    """What is left of a key's quota by our own counting; `wait` is 0.0 when a call may go now."""

    per_minute: int | None
    minute_left: int | None
    per_day: int | None
    day_left: int | None
    wait: float


@dataclass
class Window:
    """A window that began with its first call, and the limit (`cap`) that refusals taught; `is_told` in numbers."""

    start: float = 0.0
    end: float = 0.0
    count: int = 0
    refused: int = 0
    cap: int = 0
    cap_end: float = 0.0
    is_told: bool = False

    def count_one(self, length: float, now: float) -> None:
        if now >= self.end:
            self.start, self.end, self.count, self.refused = now, now + length + MARGIN_SECONDS, 0, 0
        self.count += 1

    def left(self, limit: int | None, now: float) -> int | None:
        if limit is None:
            return None
        return limit if now >= self.end else max(0, limit - self.count)

    def refuse(self, span: Span, seconds: float, told: int, now: float) -> None:
        self.refused += 1
        # A window that the upstream began before ours has calls that are not ours: ours tell nothing of its limit.
        is_ours = now + seconds - LENGTHS[span] >= self.start - MARGIN_SECONDS
        passed = max(0, self.count - self.refused) if is_ours else 0
        # Of a day it is worth knowing that it has a limit: the published number is kept to from then on.
        if told or passed or span == "day":
            self.cap, self.is_told = told or passed, told > 0
            self.cap_end = now + (TOLD_SECONDS if told else COUNTED_SECONDS)[span]
        self.end = now + seconds + MARGIN_SECONDS


@dataclass
class State:
    """What is known of one key."""

    held: float = 0.0
    minute: Window = field(default_factory=Window)
    day: Window = field(default_factory=Window)

    def take(self, limits: Limits, now: float) -> float:
        """Count a call and return 0.0, or return the seconds until one may go."""
        wait = self.left(limits, now).wait
        if wait <= 0:
            self.minute.count_one(MINUTE, now)
            self.day.count_one(DAY, now)
        return wait

    def left(self, limits: Limits, now: float) -> Left:
        per_minute, per_day = self._per_minute(limits, now), self._per_day(limits, now)
        minute_left, day_left = self.minute.left(per_minute, now), self.day.left(per_day or limits.per_day, now)
        ends = [self.held]
        if minute_left == 0:
            ends.append(self.minute.end)
        if per_day and day_left == 0:
            ends.append(self.day.end)
        return Left(per_minute, minute_left, per_day or limits.per_day, day_left, max(0.0, max(ends) - now))

    def refuse(self, span: Span, seconds: float, told: int, now: float) -> None:
        """Learn from a refusal: the upstream's window ends in `seconds` and takes `told` calls (0: not told)."""
        window = self.minute if span == "minute" else self.day
        window.refuse(span, seconds, told, now)
        self.held = max(self.held, window.end)

    def is_over(self, now: float) -> bool:
        """Whether nothing of it matters any more."""
        ends = [self.held, self.minute.end, self.minute.cap_end, self.day.end, self.day.cap_end]
        return now >= max(ends)

    def _per_minute(self, limits: Limits, now: float) -> int | None:
        """Return the limit that is kept to: the smaller one, unless the upstream told it."""
        if now >= self.minute.cap_end:
            return limits.per_minute
        return self.minute.cap if self.minute.is_told else min(self.minute.cap, limits.per_minute or self.minute.cap)

    def _per_day(self, limits: Limits, now: float) -> int | None:
        """Return the limit that is kept to, None before a refusal: the larger one, as others may have used the rest."""
        if now >= self.day.cap_end:
            return None
        return self.day.cap if self.day.is_told else max(self.day.cap, limits.per_day or 0) or None
