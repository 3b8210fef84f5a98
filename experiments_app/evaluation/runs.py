"""Runs: started, cancelled, resumed, tried again, given another budget. A worker does them (`runner`)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from experiments_app.evaluation.run_checks import Wanted, checked, checked_prices
from experiments_app.models import CaseResult, EvaluationRun, RunModel, SuiteVersion
from unified_app import jobs
from unified_app.errors import Conflict, NotFound
from unified_app.models import Job

KIND = "evaluation"
ACTIVE = (EvaluationRun.State.QUEUED, EvaluationRun.State.RUNNING)
ENDED = (EvaluationRun.State.CANCELLED, EvaluationRun.State.FAILED, EvaluationRun.State.STOPPED)


def start(
    version: SuiteVersion,
    models: Sequence[str],
    *,
    by: str,
    repeats: int = 1,
    concurrency: int = 4,
    budget_tokens: int | None = None,
    budget_cost: Decimal | None = None,
    judge: str = "",
    split: str = "",
    tags: Sequence[str] = (),
    cache: bool = True,
    trigger: str = "hand",
) -> EvaluationRun:
    """Queue a run of a suite with models, each named by id, alias or name. Raises InvalidInput that names the field."""
    rows, total = checked(Wanted(version, models, repeats, budget_cost, judge, split, tuple(tags)))
    with transaction.atomic():
        run = EvaluationRun.objects.create(
            suite_version=version,
            repeats=repeats,
            concurrency=concurrency,
            budget_tokens=budget_tokens,
            budget_cost=budget_cost,
            judge=judge,
            split=split,
            tags=list(tags),
            use_cache=cache,
            total=total,
            trigger=trigger,
            created_by=by,
        )
        RunModel.objects.bulk_create(RunModel(run=run, model=row, position=place) for place, row in enumerate(rows))
        _queue(run, by)
    return run


def find(run_id: int) -> EvaluationRun:
    """Return a run with what is told of it. Raises NotFound."""
    run: EvaluationRun | None = EvaluationRun.objects.listed().filter(pk=run_id).first()
    if run is None:
        raise NotFound(f"There is no evaluation {run_id}.")
    return run


def cancel(run: EvaluationRun, *, by: str) -> None:
    """Stop a run: a queued one at once, one under way at its next step. Raises Conflict for one that has ended."""
    if not run.is_active:
        raise Conflict(f"The evaluation has ended already: {run.state}.")
    if run.job is not None:
        jobs.cancel(run.job, by)
    else:
        _end(run, EvaluationRun.State.CANCELLED)


def resume(run: EvaluationRun, *, by: str, **budgets: Any) -> None:
    """Go on with a run that was cancelled, failed, or was stopped by its budget. Raises Conflict for others."""
    if run.state not in ENDED:
        raise Conflict(f"Only what was cancelled, failed or stopped can go on; this evaluation is {run.state}.")
    with transaction.atomic():
        change_budgets(run, **budgets)
        if problem := _used_up(run):
            raise Conflict(problem)
        _again(run, by)


def retry(run: EvaluationRun, *, by: str) -> None:
    """Try the cases again that have no answer, or no verdict of a judge. Raises Conflict when there are none."""
    if run.is_active:
        raise Conflict(f"The evaluation has not ended yet: {run.state}.")
    undecided = Q(state=CaseResult.State.DONE, passed=None)
    rows = CaseResult.objects.filter(Q(state=CaseResult.State.FAILED) | undecided, run=run)
    with transaction.atomic():
        if problem := _used_up(run):
            raise Conflict(problem)
        told = rows.aggregate(n=Count("pk"), failed=Count("pk", filter=Q(state=CaseResult.State.FAILED)))
        if not told["n"]:
            raise Conflict("No case failed, and none is undecided.")
        RunModel.objects.filter(pk__in=rows.values("run_model")).update(summary={})
        rows.update(state=CaseResult.State.WAITING, passed=None)
        EvaluationRun.objects.filter(pk=run.pk).update(done=F("done") - told["n"], failed=F("failed") - told["failed"])
        _again(run, by)


def change_budgets(run: EvaluationRun, **budgets: Any) -> None:
    """Set `budget_tokens` or `budget_cost`; None takes the limit away. A run under way heeds it at its next step."""
    if budgets.get("budget_cost") is not None:
        checked_prices(run.suite_version, [row.model_id for row in run.run_models.all()], run.judge)
    if budgets:
        EvaluationRun.objects.filter(pk=run.pk).update(**budgets)
        run.refresh_from_db(fields=list(budgets))


def end_with_job(job: Job) -> None:
    """Let a run end whose job has ended without its worker: it was killed, or never began."""
    run = EvaluationRun.objects.filter(job=job, state__in=ACTIVE).first()
    if run is not None and job.state == Job.State.CANCELLED:
        _end(run, EvaluationRun.State.CANCELLED)
    elif run is not None and job.state == Job.State.FAILED:
        _end(run, EvaluationRun.State.FAILED, job.error)


def _end(run: EvaluationRun, state: EvaluationRun.State, error: Any = None) -> None:
    EvaluationRun.objects.filter(pk=run.pk).update(state=state, error=error, finished_at=timezone.now())
    CaseResult.objects.filter(run=run, state=CaseResult.State.RUNNING).update(state=CaseResult.State.WAITING)


def _again(run: EvaluationRun, by: str) -> None:
    """Queue an ended run again; of two callers at once one does, the other is a Conflict."""
    mine = EvaluationRun.objects.filter(pk=run.pk, state=run.state)
    if not mine.update(state=EvaluationRun.State.QUEUED, error=None, finished_at=None):
        raise Conflict("Somebody else has just set the evaluation going again.")
    _queue(run, by)


def _queue(run: EvaluationRun, by: str) -> None:
    job = jobs.enqueue(KIND, {"run": run.pk}, unique_key=f"{KIND}:{run.pk}", by=by)
    EvaluationRun.objects.filter(pk=run.pk).update(job=job)
    run.job = job


def _used_up(run: EvaluationRun) -> str:
    if run.budget_tokens is not None and run.tokens_used >= run.budget_tokens:
        return f"The budget of {run.budget_tokens:,} tokens is used up; set budget_tokens higher, or to null."
    if run.budget_cost is not None and run.cost_used >= run.budget_cost:
        return f"The budget of {run.budget_cost.normalize():f} USD is used up; set budget_cost higher, or to null."
    return ""
