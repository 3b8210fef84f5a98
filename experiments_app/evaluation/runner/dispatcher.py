"""The loop of a run: it takes in what has ended, says in the database what is to begin, then lets it begin.

Every call is written down before it is made. So the rows that say `running` after a worker was killed are the calls
that were in flight, and no others.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from experiments_app.evaluation.runner.books import Books
from experiments_app.evaluation.runner.completing import VersionMoved
from experiments_app.evaluation.runner.crew import Crew
from experiments_app.evaluation.runner.lanes import Schedule, Task
from experiments_app.evaluation.runner.records import Finished
from experiments_app.models import EvaluationRun
from unified_app import jobs

# How long one result waits for others, so that they are written together.
GATHER_SECONDS = 0.002
# How often it is looked whether to stop, and told how far it is.
LOOK_SECONDS = 0.5
# How long the calls in flight are waited for when the site is gone.
LAST_WAIT_SECONDS = 5.0
# How often an answer of another version than the run's may come while the registry knows of no other version.
STALE_ANSWERS = 20


@dataclass
class Dispatcher:
    """`has_moved` says whether the registry knows a model, by its place in the run, in another version by now."""

    handle: jobs.Handle
    books: Books
    schedule: Schedule
    crew: Crew[Task, Finished]
    has_moved: Callable[[int], bool]
    _stray: BaseException | None = None
    _over_budget: str = ""
    _moved: dict[int, str] = field(default_factory=dict)
    _stale: Counter[int] = field(default_factory=Counter)
    _looked_at: float = 0.0
    _given_up_at: float = 0.0

    def run(self) -> dict[str, Any]:
        """Return the run's end as its job tells it. Raises what is no fault of the cases; JobCancelled; JobLost."""
        finished: Sequence[Finished] = ()
        while True:
            self._look()
            done = self._taken_in(finished)
            self._heed_budget()
            begun = self.schedule.take()
            if done or begun:
                self.books.write(done, begun)
            for task in begun:
                self.crew.submit(task)
            if self.schedule.is_over or self._has_waited_enough():
                return self._end()
            finished = self._gathered()

    def leave_out(self, model: int, seen: str) -> None:
        """Call nothing of a model that is `seen` in another version than the run began with."""
        self._moved[model] = seen
        self.schedule.close(model)

    def _gathered(self) -> Sequence[Finished]:
        """Return what has ended since: nothing for a while, or a few at once."""
        found = self.crew.results(min(LOOK_SECONDS, self.schedule.next_look))
        if found and self.schedule.in_flight > len(found):
            time.sleep(GATHER_SECONDS)
            found += self.crew.results(0)
        return found

    def _taken_in(self, finished: Sequence[Finished]) -> list[Finished]:
        """Return what is final of what has ended; the rest is set aside."""
        for each in finished:
            self.schedule.ended(each.task)
            self.books.spend(each.spent)
        for each in finished:
            if each.stray is not None:
                self._set_aside(each, each.stray)
        return [each for each in finished if each.stray is None]

    def _set_aside(self, each: Finished, stray: BaseException) -> None:
        self.books.forget(each)
        if isinstance(stray, VersionMoved):
            return self._heed_version(each.task, str(stray))
        if self._stray is None:
            self._stray, self._given_up_at = stray, time.monotonic()
            self.schedule.close_all()
        return None

    def _heed_version(self, task: Task, seen: str) -> None:
        """Results of two versions are never mixed: the model's other cases are not called any more."""
        self._stale[task.model] += 1
        if self.has_moved(task.model) or self._stale[task.model] > STALE_ANSWERS:
            self.leave_out(task.model, seen)
        elif task.model not in self._moved and self._stray is None:
            # The gateway's picture of the registry is a moment old.
            again = replace(task, attempts=task.attempts + 1, was_lost=False)
            self.schedule.put_back(again, pause=1.0)

    def _heed_budget(self) -> None:
        run, books = self.books.run, self.books
        if run.budget_tokens is not None and books.tokens_used >= run.budget_tokens:
            self._over_budget = f"The budget of {run.budget_tokens:,} tokens is used up: {books.tokens_used:,}."
        elif run.budget_cost is not None and books.cost_used >= run.budget_cost:
            self._over_budget = f"The budget of {run.budget_cost.normalize():f} USD is used up."
        else:
            return
        self.schedule.close_all()

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        told = self.books.told()
        self.handle.progress(done=told["done"], total=told["total"], failed=told["failed"])

    def _has_waited_enough(self) -> bool:
        return self._stray is not None and time.monotonic() - self._given_up_at > LAST_WAIT_SECONDS

    def _end(self) -> dict[str, Any]:
        if self._stray is not None:
            raise self._stray
        if not any(self.books.left):
            return self.books.end(EvaluationRun.State.DONE)
        if self._over_budget:
            error = {"code": "budget_used_up", "message": self._over_budget}
            return self.books.end(EvaluationRun.State.STOPPED, error)
        return self.books.end(EvaluationRun.State.FAILED, self._moved_error())

    def _moved_error(self) -> dict[str, Any]:
        models = [self.books.models[model] for model in sorted(self._moved)]
        named = ", ".join(f"{row.model.name} (was {row.version}, is {self._moved[row.position]})" for row in models)
        message = f"Another version came while the run was under way: {named}. Start a new run; what has not changed"
        return {
            "code": "version_changed",
            "message": f"{message} is taken from the cache.",
            "details": {"models": [row.model_id for row in models]},
        }
