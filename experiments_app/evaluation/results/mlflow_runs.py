"""Telling MLflow of evaluations: a run for each model, in the experiment of what the model is made from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from experiments_app import outbox
from experiments_app.deadlines import deadline
from experiments_app.evaluation.results.mlflow_record import COLUMNS, EvaluationRecord, metric_name, table_of
from experiments_app.mlflow_integration import ExperimentalMLflowIntegration, MLflowManager
from experiments_app.models import CaseResult, EvaluationRun, RunModel, Variant
from unified_app.jobs import Handle

# What was not logged for so many runs is looked for at each sync of MLflow.
_LOOKED_AT = 200


def log_run_model(handle: Handle, pk: Any) -> dict[str, Any]:
    """Do a job of kind `mlflow` that is about one model of an evaluation."""
    entry = RunModel.objects.filter(pk=pk).select_related("model", "run__suite_version__suite").first()
    if entry is None or entry.run.is_active:
        return {"skipped": "the evaluation is gone" if entry is None else "the evaluation goes on"}
    manager = MLflowManager()
    # Before the clock starts: a new store's tables take their time, once.
    manager.client()
    check = deadline(handle)
    record = _record(entry)
    integration = ExperimentalMLflowIntegration(manager)
    experiment = integration.create_experiment(record.experiment, {"base_model": record.experiment})
    run_id = integration.log_evaluation(experiment, record, check=check)
    with transaction.atomic():
        handle.fence()
        RunModel.objects.filter(pk=entry.pk).update(mlflow_run_id=run_id)
    return {"run_id": run_id, "experiment": experiment}


def catch_up() -> int:
    """Queue what MLflow was not told of the newest evaluations; return how many models' results that are."""
    ended = (EvaluationRun.State.DONE, EvaluationRun.State.STOPPED)
    newest = EvaluationRun.objects.filter(state__in=ended).order_by("-pk").values_list("pk", flat=True)[:_LOOKED_AT]
    missing = RunModel.objects.filter(run__in=list(newest), mlflow_run_id=None, measures__isnull=False)
    with transaction.atomic():
        rows = list(missing.select_related("run").distinct())
        outbox.announce_evaluations(rows, by="mlflow")
    return len(rows)


def _record(entry: RunModel) -> EvaluationRecord:
    run, version = entry.run, entry.run.suite_version
    variant = Variant.objects.filter(model=entry.model_id).select_related("experiment__base").first()
    measures = list(entry.measures.order_by("pk"))
    main = next((measure.metric for measure in measures if measure.is_main), "")
    return EvaluationRecord(
        experiment=variant.experiment.base.name if variant else entry.model.name,
        name=f"{entry.model.name} on {version.suite.name}",
        model_id=entry.model_id,
        evaluation=run.pk,
        made=run.created_at.isoformat(),
        tags={
            "registry.suite": version.suite.name,
            "registry.suite_digest": version.digest,
            "registry.name": entry.model.name,
            "registry.version": entry.version,
            "registry.metric": main,
            "registry.state": run.state,
        },
        params=_params(entry),
        metrics={name: value for measure in measures for name, value in _numbers(measure) if value is not None},
        table=table_of(_results(entry)),
        started=_milliseconds(run.started_at),
        ended=_milliseconds(run.finished_at),
        logged_model=variant.mlflow_model_id if variant else None,
    )


def _params(entry: RunModel) -> dict[str, str]:
    run, version = entry.run, entry.run.suite_version
    told = {
        "suite": version.suite.name,
        "suite_version": version.number,
        "suite_digest": version.digest,
        "cases": version.case_count,
        "repeats": run.repeats,
        "judge": run.judge,
        "split": run.split,
        "tags": ", ".join(run.tags),
        "model_version": entry.version,
        "fingerprint": entry.fingerprint,
    }
    return {name: str(value) for name, value in told.items() if value != ""}


def _numbers(measure: Any) -> list[tuple[str, float | None]]:
    name = metric_name(measure.metric)
    return [(name, measure.value), (f"{name}.low", measure.low), (f"{name}.high", measure.high)]


def _results(entry: RunModel) -> Any:
    rows = CaseResult.objects.filter(run_model=entry).order_by("case_index", "repeat")
    columns = ["case_index" if name == "case" else name for name in COLUMNS]
    return ({**row, "case": row["case_index"]} for row in rows.values(*columns).iterator())


def _milliseconds(at: datetime | None) -> int | None:
    return int(at.timestamp() * 1_000) if at else None
