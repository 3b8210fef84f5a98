"""How a case's calls are made: from the cache, else of the gateway; what each costs is noted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from experiments_app.evaluation.replies import Reply, Request
from experiments_app.evaluation.runner.cache import Cache
from experiments_app.evaluation.runner.calls import Answered
from experiments_app.evaluation.runner.lanes import Lane, Task
from experiments_app.evaluation.runner.patience import Patience
from experiments_app.evaluation.runner.roster import Entrant
from experiments_app.evaluation.runner.stored_replies import key_of, to_stored


class VersionMoved(Exception):
    """An answer came from a version of the model that is not the run's."""


@dataclass
class Spent:
    """What one task took that was not paid for before, and the replies to keep."""

    tokens: int = 0
    cost: Decimal = Decimal(0)
    replies: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Called:
    """A model that calls may go to, under any name."""

    entrant: Entrant
    lane: Lane
    # At most so many judges' calls at once; calls of cases are bounded before they begin.
    places: threading.BoundedSemaphore


class Completing:
    """`find` returns what a name means. Raises CallFailed for what does not exist."""

    def __init__(self, cache: Cache, patience: Patience, find: Callable[[str], Called]) -> None:
        self._cache, self._patience, self._find = cache, patience, find

    def of(self, task: Task, spent: Spent) -> Callable[[Request], Reply]:
        """Return what carries the calls of one task."""

        def complete(request: Request) -> Reply:
            return self._complete(request, task, spent)

        return complete

    def _complete(self, request: Request, task: Task, spent: Spent) -> Reply:
        called = self._find(request.model)
        key = key_of(called.entrant.fingerprint, request)
        is_read = not (task.asks_anew and request.purpose == "judge")
        reply, is_new = self._cache.get(key, lambda: self._made(request, called), read=is_read)
        if not is_new:
            return replace(reply, cached=True)
        spent.tokens += reply.usage.prompt + reply.usage.completion
        spent.cost += Decimal(repr(reply.cost or 0.0))
        if self._cache.is_stored:
            spent.replies[key] = to_stored(reply)
        return reply

    def _made(self, request: Request, called: Called) -> Reply:
        if request.purpose == "case":
            answered = self._patience.call(request, called.lane)
            _check_version(answered, called.entrant)
        else:
            with called.places:
                answered = self._patience.call(request, called.lane)
        price = called.entrant.price
        return replace(answered.reply, cost=None if price is None else float(price.of(answered.reply.usage)))


def _check_version(answered: Answered, entrant: Entrant) -> None:
    if answered.version and answered.version not in entrant.versions:
        raise VersionMoved(answered.version)
