"""What is under way in this process: calls per model and per placement, bounded, with a bounded queue."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from unified_app.errors import RegistryError
from unified_app.gateway.line import Line, Priority

# A placement that failed so often in a row is left alone for a while, then tried with one call.
BREAK_AFTER = 3
BREAK_SECONDS = 10.0


class Overloaded(RegistryError):
    """Every place of the model's queue is taken, or was needed for a call of a higher class."""

    status_code = 429
    code = "rate_limit_exceeded"


class Load:
    """Counts of one process. All methods run on the event loop, so plain integers are enough."""

    def __init__(self) -> None:
        self.models: Counter[str] = Counter()
        self.placements: Counter[int] = Counter()
        self.requests: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        # What the other processes have under way, as last read from their rows.
        self.elsewhere: dict[str, int] = {}
        self._waiting: dict[str, Line] = {}
        self._limits: dict[str, int] = {}

    async def enter(self, model: str, limit: int, max_queue: int, priority: Priority = Priority.INTERACTIVE) -> int:
        """Begin a call, or wait in line for a place; return where in line it was when it came, 0 if it did not wait.

        Raises Overloaded when the line is full of calls that are not below this one's class, and when such a call
        needs this one's place.
        """
        line = self._waiting.get(model)
        self._limits[model] = limit
        if (line is None or not line.ahead_of(priority)) and self._has_room(model, priority):
            self.models[model] += 1
            return 0
        return await self._wait(model, max_queue, priority)

    async def _wait(self, model: str, max_queue: int, priority: Priority) -> int:
        line = self._waiting.get(model) or Line()
        if len(line) >= max_queue and not line.displace(priority):
            raise Overloaded(f"{max_queue} calls are waiting for this model already. Try again soon.", retry_after=1.0)
        self._waiting[model] = line
        place, turn = line.ahead_of(priority) + 1, line.join(priority)
        try:
            if await turn:
                return place
        except asyncio.CancelledError:
            if not turn.cancelled():
                if turn.result():
                    self.leave(model)  # the place was given to us as we left
            elif turn in line.of(priority):
                line.of(priority).remove(turn)
                self._move_up(model)
            raise
        told = f"{max_queue} calls wait for this model, and one of a higher class came. Try again soon."
        raise Overloaded(told, retry_after=1.0)

    def leave(self, model: str) -> None:
        """End a call; the next in line takes its place."""
        self.models[model] -= 1
        self._move_up(model)
        if not self.models[model]:
            del self.models[model]

    def hear(self, elsewhere: dict[str, int]) -> None:
        """Note what the other processes have under way; what they have ended makes room here."""
        self.elsewhere = elsewhere
        for model in list(self._waiting):
            self._move_up(model)

    def _move_up(self, model: str) -> None:
        line = self._waiting.get(model)
        if line is None:
            return
        for priority in Priority:
            turns = line.of(priority)
            while turns and self._has_room(model, priority):
                turn = turns.popleft()
                if not turn.done():
                    self.models[model] += 1
                    turn.set_result(True)
        if not line:
            del self._waiting[model]

    def queued(self, model: str) -> int:
        return len(self._waiting.get(model, ()))

    def _has_room(self, model: str, priority: Priority) -> bool:
        """Whether a call of this class may begin. Where a higher class has no room, no lower one has any."""
        limit, elsewhere = self._limits[model], self.elsewhere.get(model, 0)
        if priority is Priority.EVALUATION:
            # The last place is for a person who comes. Nor is one call always allowed: it might be the last place.
            return self.models[model] + elsewhere < max(1, limit - 1)
        # One call of our own is always allowed: what the others have is some time old.
        return self.models[model] < max(1, limit - elsewhere)


class Breakers:
    """A circuit breaker for each placement."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[int, tuple[int, float]] = {}

    def is_open(self, placement: int) -> bool:
        """Whether the placement should be left alone now."""
        count, since = self._failures.get(placement, (0, 0.0))
        return count >= BREAK_AFTER and self._clock() - since < BREAK_SECONDS

    def trying(self, placement: int) -> None:
        """A call goes there; while a broken one is tried with it, all others still leave it alone."""
        if placement in self._failures:
            self._failures[placement] = (self._failures[placement][0], self._clock())

    def failed(self, placement: int) -> None:
        count, _ = self._failures.get(placement, (0, 0.0))
        self._failures[placement] = (count + 1, self._clock())

    def succeeded(self, placement: int) -> None:
        self._failures.pop(placement, None)
