"""The job after a run: every metric of every model, the models' own numbers, MLflow, gates."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from experiments_app import outbox
from experiments_app.evaluation.estimates import estimate, sample_of, scale_of
from experiments_app.evaluation.gates import gates
from experiments_app.evaluation.measures import LATENCY, PASS, main_metric, metric_named, names_in
from experiments_app.evaluation.plain_data import plain
from experiments_app.evaluation.results import comparisons
from experiments_app.evaluation.results.comparisons import Wanted
from experiments_app.evaluation.results.projections import project
from experiments_app.evaluation.results.result_rows import facts_of, read_rows
from experiments_app.models import EvaluationRun, Measure, RunModel
from unified_app.jobs import Handle, JobLost

State = EvaluationRun.State
# Beyond so many results a comparison is made when somebody asks for it.
_KEPT_UP_TO = 200_000
_LOOKED_AT = (PASS, LATENCY)


def run_end_job(handle: Handle) -> dict[str, Any]:
    """Do a job of kind `evaluation_end`. A run that goes on again gets another one."""
    run = EvaluationRun.objects.listed().filter(pk=handle.arguments["run"]).first()
    if run is None or run.is_active:
        return {"skipped": "the evaluation is gone" if run is None else "the evaluation goes on"}
    entries = comparisons.entries_of(run)
    measures = [measure for entry in entries for measure in _measures(handle, run, entry)]
    _write(handle, run, entries, measures)
    _keep_comparisons(handle, run, entries, measures)
    return {"evaluation": run.pk, "measures": len(measures), "gates": gates.check_waiting(run, handle)}


def _measures(handle: Handle, run: EvaluationRun, entry: RunModel) -> list[Measure]:
    """Return every metric of one model, read once."""
    handle.check()
    facts = facts_of(run.suite_version)
    rows = read_rows([entry])[entry.pk]
    main = main_metric(rows, facts.evaluators)
    found = []
    for name in names_in(rows, facts.evaluators, run.repeats):
        metric = metric_named(name, facts.evaluators, run.repeats)
        sample = sample_of(entry.model_id, metric, rows)
        told = estimate(metric, sample, scale_of(metric, [sample], run.repeats))
        numbers = plain({"value": told.value, "low": told.low, "high": told.high})
        counts = {"n": told.n, "undecided": sample.undecided, "failed": sample.failed}
        found.append(Measure(run_model=entry, metric=name, is_main=name == main, **numbers, **counts))
    return found


def _write(handle: Handle, run: EvaluationRun, entries: list[RunModel], measures: list[Measure]) -> None:
    """Write the numbers with all that follows them, unless the run has gone on meanwhile."""
    with transaction.atomic():
        handle.fence()
        ended = EvaluationRun.objects.select_for_update().filter(pk=run.pk, finished_at=run.finished_at)
        if not ended.exists():
            raise JobLost(f"evaluation {run.pk} went on")
        Measure.objects.filter(run_model__run=run).delete()
        Measure.objects.bulk_create(measures)
        project(run, entries, measures)
        outbox.announce_evaluations(entries, by=run.created_by)


def _keep_comparisons(handle: Handle, run: EvaluationRun, entries: list[RunModel], measures: list[Measure]) -> None:
    """Make what people look at first now, where nobody waits for it."""
    handle.check()
    if len(entries) > 1 and run.done <= _KEPT_UP_TO:
        names = dict.fromkeys([*(measure.metric for measure in measures if measure.is_main), *_LOOKED_AT])
        comparisons.documents([Wanted(run.suite_version, tuple(entries), name) for name in names])
