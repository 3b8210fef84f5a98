"""A call made until it is answered or there is no use in it: what is told to wait waits, what broke is tried again."""

from __future__ import annotations

import threading
from collections.abc import Callable

from experiments_app.evaluation.replies import CallFailed, Request
from experiments_app.evaluation.runner.calls import Answered, SiteRefuses
from experiments_app.evaluation.runner.lanes import Lane

# Seconds that a call, and a lane without any answer, waits because it is told to; then its error counts.
MAX_WAIT = 600.0
# Seconds before a call that broke is made for the second and the third time.
PAUSES = (0.5, 2.0)
# What a full queue is given to drain, where it does not say how long that takes.
DEFAULT_WAIT = 1.0


class LetGo(Exception):
    """The run has ended while a call waited."""


class Patience:
    """`make` makes one call; `stop` ends all waiting."""

    def __init__(self, make: Callable[[Request], Answered], stop: threading.Event) -> None:
        self._make = make
        self._stop = stop

    def call(self, request: Request, lane: Lane) -> Answered:
        """Return the answer. Raises CallFailed when patience has ended, LetGo, and what `make` raises else."""
        waited, broken = 0.0, 0
        while True:
            waited += self._while_paused(lane)
            try:
                answered = self._make(request)
            except SiteRefuses:
                # Our key may have been made just now, and be known to the site in a moment.
                if broken == len(PAUSES):
                    raise
            except CallFailed as failure:
                if wait := _told_to_wait(failure):
                    if max(waited, lane.waited) + wait > MAX_WAIT:
                        raise
                    lane.pause(wait)
                    continue
                if not failure.transient or broken == len(PAUSES):
                    raise
            else:
                lane.answered()
                return answered
            self._sleep(PAUSES[broken])
            broken += 1

    def _while_paused(self, lane: Lane) -> float:
        waited = 0.0
        while left := lane.pause_left:
            self._sleep(left)
            waited += left
        return waited

    def _sleep(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise LetGo


def _told_to_wait(failure: CallFailed) -> float | None:
    """Return the seconds to wait for a model that has no room now; None for an error."""
    if failure.status == 429:
        return max(failure.retry_after or DEFAULT_WAIT, 0.05)
    return failure.retry_after if failure.status == 503 and failure.retry_after else None
