"""Evaluations: the list of runs, and the page of one: progress while it runs, then what it found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from experiments_app.evaluation import runs
from experiments_app.models import CaseResult, EvaluationRun, RunModel, Suite
from registry_project.pages import comparison_table
from registry_project.pages.access import needs
from registry_project.pages.errors import Missing
from registry_project.pages.evaluation_words import names
from registry_project.pages.places import waits_for_worker
from unified_app.errors import Conflict, InvalidInput

PER_PAGE = 30
ACTIVE = (EvaluationRun.State.QUEUED, EvaluationRun.State.RUNNING)


@needs("read")
def run_list(request: HttpRequest) -> HttpResponse:
    suite, model = request.GET.get("suite", ""), request.GET.get("model", "")
    found = _narrowed(suite, model)
    active = list(found.filter(state__in=ACTIVE)[:PER_PAGE])
    page = Paginator(found.exclude(state__in=ACTIVE), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [{"run": run, "models": _models_line(run), "result": _result_line(run)} for run in page],
        "active": [{"run": run, "models": _models_line(run)} for run in active] if page.number == 1 else [],
        "suite": suite,
        "model": model,
        "live": bool(active) and page.number == 1,
        "has_suites": bool(page.paginator.count or active) or Suite.objects.filter(archived_at=None).exists(),
    }
    return render(request, "site/evaluations.html", context)


@needs("read")
def run_page(request: HttpRequest, run_id: int) -> HttpResponse:
    run = find(run_id)
    entries = list(run.run_models.all())
    context: dict[str, Any] = {
        "run": run,
        "suite": run.suite_version.suite,
        "models": progress_of(run, entries),
        "waits_for_worker": run.job is not None and waits_for_worker(run.job),
        "may_retry": not run.is_active and bool(run.failed or _undecided(run, entries)),
        "may_resume": run.state in runs.ENDED,
    }
    if run.done > run.failed and not run.is_active:
        context |= comparison_table.context(request, run, entries)
    return render(request, "site/evaluation.html", context)


@needs("experiment")
@require_POST
def cancel(request: HttpRequest, run_id: int) -> HttpResponse:
    return _act(request, run_id, runs.cancel, "The evaluation stops at its next step. What it found so far stays.")


@needs("experiment")
@require_POST
def resume(request: HttpRequest, run_id: int) -> HttpResponse:
    """Go on; a run that its budget stopped gets more of it, or it would stop at once."""
    run = find(run_id)
    more: dict[str, Any] = {}
    if run.state == EvaluationRun.State.STOPPED:
        # As much again as it had.
        more = {"budget_tokens": run.budget_tokens and run.tokens_used + run.budget_tokens}
        more["budget_cost"] = run.budget_cost and run.cost_used + run.budget_cost
    return _act(request, run_id, runs.resume, "The evaluation goes on where it stopped.", **more)


@needs("experiment")
@require_POST
def retry(request: HttpRequest, run_id: int) -> HttpResponse:
    return _act(request, run_id, runs.retry, "The cases without an answer or a verdict are tried again.")


def find(run_id: int) -> EvaluationRun:
    """Return a run with its suite, job and models; the suite's content is left where it is."""
    rows = EvaluationRun.objects.listed().defer("suite_version__document")
    run: EvaluationRun | None = rows.filter(pk=run_id).first() if run_id < 2**63 else None
    if run is None:
        raise Missing(f"There is no evaluation {run_id}.")
    return run


def progress_of(run: EvaluationRun, entries: list[RunModel]) -> list[dict[str, Any]]:
    """Return how far each model is: its results that are final, passed, and without an answer."""
    if not run.is_active:
        return []
    state = CaseResult.State
    final = Q(state__in=(state.DONE, state.FAILED))
    told = CaseResult.objects.filter(run=run).values("run_model").order_by()
    counts = {
        row["run_model"]: row
        for row in told.annotate(
            done=Count("pk", filter=final),
            passed=Count("pk", filter=Q(state=state.DONE, passed=True)),
            failed=Count("pk", filter=Q(state=state.FAILED)),
        )
    }
    each = run.total // len(entries) if entries else 0
    nothing = {"done": 0, "passed": 0, "failed": 0}
    return [{"entry": entry, "total": each, **counts.get(entry.pk, nothing)} for entry in entries]


def _act(request: HttpRequest, run_id: int, act: Callable[..., None], done: str, **more: Any) -> HttpResponse:
    run = find(run_id)
    try:
        act(run, by=request.user.get_username(), **more)
        messages.success(request, done)
    except (Conflict, InvalidInput) as error:
        messages.error(request, error.message)
    return redirect("evaluation", run_id=run_id)


def _narrowed(suite: str, model: str) -> QuerySet[EvaluationRun]:
    found = EvaluationRun.objects.listed().defer("suite_version__document").order_by("-pk")
    if suite:
        found = found.filter(suite_version__suite__name=suite.replace("\0", ""))
    if model:
        found = found.filter(run_models__model=model.replace("\0", ""))
    rows: QuerySet[EvaluationRun] = found
    return rows


def _models_line(run: EvaluationRun) -> str:
    return names([entry.model.name for entry in run.run_models.all()])


def _result_line(run: EvaluationRun) -> str:
    """Return who passed most, as the summaries tell; whether that is more than chance is the run's page's to say."""
    told = [(entry, entry.summary) for entry in run.run_models.all() if entry.summary.get("pass_rate") is not None]
    if not told:
        return ""
    best = max(summary["pass_rate"] for _, summary in told)
    first = [entry.model.name for entry, summary in told if summary["pass_rate"] == best]
    summary = next(summary for _, summary in told if summary["pass_rate"] == best)
    decided = summary["passed"] + summary["not_passed"]
    if len(told) == 1:
        return f"{summary['passed']} of {decided} passed"
    return f"most passed: {names(first)}, {summary['passed']} of {decided}"


def _undecided(run: EvaluationRun, entries: list[RunModel]) -> int:
    return sum(entry.summary.get("undecided", 0) for entry in entries)
