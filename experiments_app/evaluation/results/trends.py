"""How a model did on a suite, run by run, and what changed in between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from experiments_app.evaluation.results.comparisons import Wanted, documents, main_metrics
from experiments_app.evaluation.results.finished import finished, with_rows
from experiments_app.models import Measure, RunModel, Suite
from unified_app.models import UnifiedModel

# The newest ones.
MAX_POINTS = 100
# Changes that are compared with what was before; the newest ones.
MAX_COMPARED = 20


def trend(suite: Suite, model: UnifiedModel, metric: str = "") -> dict[str, Any]:
    """Return a point for each finished run of the model on the suite, oldest first.

    `changed` says what is another than at the point before: the model's content, or the suite's. A point after a
    change of the model on the same cases has the difference, with its interval.
    """
    pks = finished().filter(model=model, run__suite_version__suite=suite).order_by("-pk").values_list("pk", flat=True)
    entries = with_rows(pks[:MAX_POINTS])[::-1]
    if entries and not metric:
        metric = main_metrics([entries[-1].run.suite_version], entries)[entries[-1].run.suite_version_id]
    measures = Measure.objects.filter(run_model__in=[entry.pk for entry in entries], metric=metric)
    by_entry = {measure.run_model_id: measure for measure in measures}
    compared = _compared(entries, metric)
    before = [None, *entries]
    points = [
        _point(entry, last, by_entry.get(entry.pk)) | {"difference": compared.get(entry.pk)}
        for entry, last in zip(entries, before, strict=False)
    ]
    told = {"id": suite.pk, "name": suite.name, "category": suite.category}
    return {"suite": told, "model": model.pk, "name": model.name, "metric": metric, "points": points}


def _compared(entries: Sequence[RunModel], metric: str) -> dict[int, dict[str, Any]]:
    """Return by entry the comparison with the one before it, where the model changed and the cases did not."""
    steps = [
        (before, after)
        for before, after in zip(entries, entries[1:], strict=False)
        if before.run.suite_version_id == after.run.suite_version_id and before.fingerprint != after.fingerprint
    ][-MAX_COMPARED:]
    made = documents([Wanted(after.run.suite_version, (after, before), metric) for before, after in steps])
    return {after.pk: document["pairs"][0] for (_, after), document in zip(steps, made, strict=True)}


def _point(entry: RunModel, before: RunModel | None, measure: Measure | None) -> dict[str, Any]:
    version = entry.run.suite_version
    numbers = {name: getattr(measure, name, None) for name in ("value", "low", "high")}
    counts = {name: getattr(measure, name, 0) for name in ("n", "undecided", "failed")}
    return {
        "evaluation": entry.run_id,
        "at": entry.run.finished_at,
        "version": entry.version,
        "fingerprint": entry.fingerprint,
        "suite_version": version.number,
        "digest": version.digest,
        **numbers,
        **counts,
        "changed": _changed(entry, before) if before else [],
    }


def _changed(entry: RunModel, before: RunModel) -> list[str]:
    differs = {
        "model": entry.fingerprint != before.fingerprint,
        "suite": entry.run.suite_version_id != before.run.suite_version_id,
    }
    return [what for what, is_other in differs.items() if is_other]
