"""Deadlines that nearly every call meets: looked through now and then, all with one timer of the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

# How late an alarm may ring.
LOOK_SECONDS = 0.05


class Alarm:
    """Calls `ring` once, when its time has come, unless it is dropped before."""

    __slots__ = ("rang", "ring", "when")

    def __init__(self, when: float, ring: Callable[[], object]) -> None:
        self.when = when
        self.ring = ring
        self.rang = False


class Alarms:
    """The alarms of one event loop. A timer of the loop for each would take several times as long to set and drop."""

    def __init__(self) -> None:
        self._set: set[Alarm] = set()
        self._looks = False

    def set(self, seconds: float, ring: Callable[[], object]) -> Alarm:
        alarm = Alarm(time.monotonic() + seconds, ring)
        self._set.add(alarm)
        if not self._looks:
            self._look_later()
        return alarm

    def drop(self, alarm: Alarm) -> None:
        self._set.discard(alarm)

    def _look_later(self) -> None:
        self._looks = True
        asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        self._looks = False
        now = time.monotonic()
        for alarm in [alarm for alarm in self._set if alarm.when <= now]:
            self._set.discard(alarm)
            alarm.rang = True
            alarm.ring()
        if self._set:
            self._look_later()
