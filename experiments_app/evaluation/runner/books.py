"""The run's rows in the database: only the dispatcher's thread writes, and each time all at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from experiments_app.evaluation.cases import Case
from experiments_app.evaluation.plain_data import plain
from experiments_app.evaluation.results import finishing
from experiments_app.evaluation.runner import cache, pending, records
from experiments_app.evaluation.runner.completing import Spent
from experiments_app.evaluation.runner.lanes import Task
from experiments_app.evaluation.runner.pricing import PLACES
from experiments_app.evaluation.runner.records import Finished
from experiments_app.evaluation.summaries import summarise
from experiments_app.models import CaseResult, EvaluationRun, RunModel
from unified_app import jobs

State = EvaluationRun.State
_SUMMED = ("state", "passed", "scores", "latency", "first_token", "tokens_in", "tokens_out", "tokens_thinking")


class Books:
    """Writes what happens in a run; every transaction raises JobLost when another worker has taken it over."""

    def __init__(self, handle: jobs.Handle, run: EvaluationRun, cases: Sequence[Case]) -> None:
        self._handle, self.run, self._cases = handle, run, cases
        self.models: list[RunModel] = list(run.run_models.order_by("position").select_related("model"))
        counts = pending.final_counts(run)
        self.left = [len(cases) * run.repeats - counts.get(model.pk, 0) for model in self.models]
        self.tokens_used, self.cost_used = run.tokens_used, run.cost_used

    def begin(self) -> None:
        """Say that the run is under way, with this job: it may be another one than was asked for first."""
        values: dict[str, Any] = {"state": State.RUNNING, "error": None, "finished_at": None}
        values["job_id"] = self._handle.job_id
        if self.run.started_at is None:
            values["started_at"] = timezone.now()
        self._update(**values)

    def write(self, finished: Sequence[Finished], begun: Sequence[Task]) -> None:
        """Keep what has ended, and what is about to be called, before it is."""
        rows = [records.ended(each, *self._of(each.task)) for each in finished]
        rows += [records.begun(task, *self._of(task)) for task in begun]
        with transaction.atomic():
            self._handle.fence()
            cache.write({key: reply for each in finished for key, reply in each.spent.replies.items()})
            records.write(rows)
            self._count(finished, rows, begun)
        for each in finished:
            self.left[each.task.model] -= 1
        for model in {each.task.model for each in finished if not self.left[each.task.model]}:
            self.summarise(model)

    def spend(self, spent: Spent) -> None:
        """Count what was used up, before it is written."""
        self.tokens_used += spent.tokens
        self.cost_used += spent.cost

    def forget(self, stray: Finished) -> None:
        """Keep what was paid for, of a task that is to be done again or not at all; its row waits."""
        row = records.begun(stray.task, *self._of(stray.task))
        row.state = CaseResult.State.WAITING
        with transaction.atomic():
            self._handle.fence()
            cache.write(stray.spent.replies)
            records.write([row])
            self._count([stray], [], [])

    def summarise(self, model: int) -> None:
        """Write a model's numbers, once all its results are there."""
        rows = CaseResult.objects.filter(run_model=self.models[model])
        summary = summarise(rows.only(*_SUMMED, "judge_tokens", "cost", "cached").iterator())
        RunModel.objects.filter(pk=self.models[model].pk).update(summary=plain(summary))

    def set_waiting(self) -> None:
        """Let the calls that nobody waits for any more be made when the run goes on."""
        CaseResult.objects.filter(run=self.run, state=CaseResult.State.RUNNING).update(state=CaseResult.State.WAITING)

    def end(self, state: EvaluationRun.State, error: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """End the run, and let follow what does."""
        with transaction.atomic():
            self._update(state=state, error=error, finished_at=timezone.now())
            self.set_waiting()
            self.run.refresh_from_db()
            if state in (State.DONE, State.STOPPED):
                finishing.run_finished(self.run)
        return self.told()

    def pause(self, error: Mapping[str, Any] | None) -> None:
        """Say that the run waits for the next attempt of its job."""
        with transaction.atomic():
            self._update(state=State.QUEUED, error=error)
            self.set_waiting()

    def told(self) -> dict[str, Any]:
        """Return the run's numbers as a job tells them; the budgets that somebody may have changed are read too."""
        self.run.refresh_from_db(fields=["done", "failed", "total", "state", "budget_tokens", "budget_cost"])
        run = self.run
        return {"evaluation": run.pk, "state": run.state, "done": run.done, "failed": run.failed, "total": run.total}

    def _of(self, task: Task) -> tuple[Case, RunModel]:
        return self._cases[task.case], self.models[task.model]

    def _count(self, finished: Sequence[Finished], rows: Sequence[CaseResult], begun: Sequence[Task]) -> None:
        states = Counter(row.state for row in rows)
        tokens = sum(each.spent.tokens for each in finished)
        cost = sum((each.spent.cost for each in finished), Decimal(0)).quantize(PLACES)
        repeated = sum(task.was_lost for task in begun)
        moved: dict[str, Any] = {
            "done": states[CaseResult.State.DONE] + states[CaseResult.State.FAILED],
            "failed": states[CaseResult.State.FAILED],
            "repeated_calls": repeated,
            "tokens_used": tokens,
            "cost_used": cost,
        }
        changes: dict[str, Any] = {name: F(name) + number for name, number in moved.items() if number}
        if changes:
            EvaluationRun.objects.filter(pk=self.run.pk).update(**changes)

    def _update(self, **values: Any) -> None:
        with transaction.atomic():
            self._handle.fence()
            EvaluationRun.objects.filter(pk=self.run.pk).update(**values)
