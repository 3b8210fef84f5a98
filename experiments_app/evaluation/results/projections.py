"""What a run found, in the rows of its models: `performance_metrics["evaluations"][suite]`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from experiments_app.models import EvaluationRun, Measure, RunModel
from unified_app.models import RegistryEpoch, UnifiedModel

KEY = "evaluations"


def project(run: EvaluationRun, entries: Sequence[RunModel], measures: Sequence[Measure]) -> None:
    """Write the newest result of each model into its row; call it in a transaction.

    Syncs leave the column alone. A run of only some of a suite's cases says nothing of the suite.
    """
    if run.split or run.tags or run.state != EvaluationRun.State.DONE:
        return
    RegistryEpoch.lock()
    rows = UnifiedModel.objects.in_bulk([entry.model_id for entry in entries])
    changed = [rows[entry.model_id] for entry in entries if _put(rows[entry.model_id], run, _of(entry, measures))]
    UnifiedModel.objects.bulk_update(changed, ["performance_metrics"])


def _of(entry: RunModel, measures: Sequence[Measure]) -> Measure | None:
    return next((each for each in measures if each.run_model_id == entry.pk and each.is_main), None)


def _put(row: UnifiedModel, run: EvaluationRun, main: Measure | None) -> bool:
    """Put a run's result into the row, unless a newer run's stands there; return whether it did."""
    told: dict[str, Any] = row.performance_metrics.setdefault(KEY, {})
    suite = run.suite_version.suite.name
    if main is None or told.get(suite, {}).get("run", 0) > run.pk:
        return False
    told[suite] = {
        "metric": main.metric,
        "value": main.value,
        "low": main.low,
        "high": main.high,
        "n": main.n,
        "undecided": main.undecided,
        "failed": main.failed,
        "run": run.pk,
        "digest": run.suite_version.digest,
        "at": (run.finished_at or timezone.now()).isoformat(),
    }
    return True
