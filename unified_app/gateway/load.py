"""What is under way in this process: calls per model and per placement, bounded, with a bounded queue."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable

from unified_app.errors import RegistryError

# A placement that failed so often in a row is left alone for a while, then tried with one call.
BREAK_AFTER = 3
BREAK_SECONDS = 10.0


class Overloaded(RegistryError):
    """Every place of the model's queue is taken."""

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
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._limits: dict[str, int] = {}

    async def enter(self, model: str, limit: int, max_queue: int) -> None:
        """Begin a call, or wait in line for a place. Raises Overloaded when the line is full."""
        line = self._waiting.get(model)
        self._limits[model] = limit
        if not line and self._has_room(model):
            self.models[model] += 1
            return
        line = self._waiting.setdefault(model, deque())
        if len(line) >= max_queue:
            raise Overloaded(f"{max_queue} calls are waiting for this model already. Try again soon.", retry_after=1.0)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self.leave(model)  # the place was given to us as we left
            elif turn in line:
                line.remove(turn)
            raise

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
        while line and self._has_room(model):
            turn = line.popleft()
            if not turn.done():
                self.models[model] += 1
                turn.set_result(None)
        if line is not None and not line:
            del self._waiting[model]

    def queued(self, model: str) -> int:
        return len(self._waiting.get(model, ()))

    def _has_room(self, model: str) -> bool:
        # One call of our own is always allowed: what the others have is some time old.
        return self.models[model] < max(1, self._limits[model] - self.elsewhere.get(model, 0))


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
