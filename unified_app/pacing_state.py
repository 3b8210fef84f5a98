"""Counting calls in fixed windows, and learning from refusals. Pure: the time is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

MINUTE = 60.0
DAY = 86400.0
# A client that slept exactly the advertised wait was refused again and passed 2 to 3 seconds later
# (recorded traffic of 2026-05): windows are held open a little longer than they are said to be.
MARGIN_SECONDS = 2.0
# A number found by counting may be wrong when others use the same quota, so it is tried again after a while; one
# that the upstream told is believed for longer.
COUNTED_SECONDS = 3600.0
TOLD_SECONDS = DAY

Span = Literal["minute", "day"]
LENGTHS: dict[Span, float] = {"minute": MINUTE, "day": DAY}


@dataclass(frozen=True)
class Limits:
    """How many calls a window takes; None is no limit that we know of."""

    per_minute: int | None = None
    per_day: int | None = None

    def __post_init__(self) -> None:
        if 0 in (self.per_minute, self.per_day):
            raise ValueError("A limit is at least 1; None is none.")


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
    """A window that began with its first call."""

    start: float = 0.0
    end: float = 0.0
    count: int = 0
    refused: int = 0


@dataclass
class State:
    """What is known of one key."""

    held: float = 0.0
    cap: int = 0
    cap_end: float = 0.0
    minute: Window = field(default_factory=Window)
    day: Window = field(default_factory=Window)

    def take(self, limits: Limits, now: float) -> float:
        """Count a call and return 0.0, or return the seconds until one may go."""
        wait = self.left(limits, now).wait
        if wait <= 0:
            self._count(self.minute, MINUTE, now)
            self._count(self.day, DAY, now)
        return wait

    def left(self, limits: Limits, now: float) -> Left:
        per_minute = self._per_minute(limits, now)
        minute_left, minute_wait = self._room(self.minute, per_minute, now)
        day_left, day_wait = self._room(self.day, limits.per_day, now)
        wait = max(0.0, self.held - now, minute_wait, day_wait)
        return Left(per_minute, minute_left, limits.per_day, day_left, wait)

    def refuse(self, span: Span, seconds: float, told: int, now: float) -> None:
        """Learn from a refusal: the upstream's window ends in `seconds` and takes `told` calls (0: not told)."""
        window = self.minute if span == "minute" else self.day
        window.refused += 1
        # Whoever began its window before ours counted calls that are not ours, so ours tell nothing of its limit.
        is_ours = window.count > 0 and now + seconds - LENGTHS[span] >= window.start - MARGIN_SECONDS
        if span == "minute" and (told or is_ours):
            self.cap = told or max(1, window.count - window.refused)
            self.cap_end = now + (TOLD_SECONDS if told else COUNTED_SECONDS)
        window.end = now + seconds + MARGIN_SECONDS
        self.held = max(self.held, window.end)

    def is_over(self, now: float) -> bool:
        """Whether nothing of it matters any more."""
        return now >= max(self.held, self.cap_end, self.minute.end, self.day.end)

    def _per_minute(self, limits: Limits, now: float) -> int | None:
        if not self.cap or now >= self.cap_end:
            return limits.per_minute
        return self.cap if limits.per_minute is None else min(self.cap, limits.per_minute)

    def _room(self, window: Window, limit: int | None, now: float) -> tuple[int | None, float]:
        if limit is None:
            return None, 0.0
        left = limit if now >= window.end else max(0, limit - window.count)
        return left, 0.0 if left else max(0.0, window.end - now)

    def _count(self, window: Window, length: float, now: float) -> None:
        if now >= window.end:
            window.start, window.end, window.count, window.refused = now, now + length + MARGIN_SECONDS, 0, 0
        window.count += 1
