"""How far a run is, model by model."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q

from experiments_app.models import CaseResult, EvaluationRun

State = CaseResult.State


def with_progress(run: EvaluationRun) -> EvaluationRun:
    """Give each of the run's models its `progress`, in one query."""
    models = list(run.run_models.all())
    counts = _counts(run)
    share = run.total // len(models) if models else 0
    for row in models:
        told = counts.get(row.pk, {})
        row.progress = {"done": told.get("done", 0), "failed": told.get("failed", 0), "total": share}  # type: ignore[attr-defined]
    return run


def _counts(run: EvaluationRun) -> dict[int, dict[str, Any]]:
    rows = CaseResult.objects.filter(run=run).order_by().values("run_model")
    final = Q(state__in=(State.DONE, State.FAILED))
    counted = rows.annotate(done=Count("pk", filter=final), failed=Count("pk", filter=Q(state=State.FAILED)))
    return {row["run_model"]: dict(row) for row in counted}
