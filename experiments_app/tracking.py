"""Telling MLflow of variants: the job that does it, and what is still to be told. Our rows come first."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from experiments_app import artifacts, outbox, records
from experiments_app.deadlines import Check, deadline
from experiments_app.evaluation.results import mlflow_runs
from experiments_app.mlflow_integration import ExperimentalMLflowIntegration, Logged, MLflowManager
from experiments_app.model_factory import as_variant
from experiments_app.models import Variant
from experiments_app.records import Record
from unified_app.jobs import Handle
from unified_app.models import Alias, Placement

# A variant may be promoted while it is logged; more often than this is left to the next sync.
ROUNDS = 3


def run_mlflow_job(handle: Handle) -> dict[str, Any]:
    """Do a job of kind `mlflow`: log one variant or evaluation, or bring what MLflow knows of it up to date."""
    if pk := handle.arguments.get("evaluation_model"):
        return mlflow_runs.log_run_model(handle, pk)
    row = _row(handle.arguments.get("variant"))
    if row is None:
        return {"skipped": "the variant is gone"}
    manager = MLflowManager()
    # Before the clock starts: a new store's tables take their time, once.
    manager.client()
    integration, check = ExperimentalMLflowIntegration(manager), deadline(handle)
    before = row.mlflow_told.get("aliases", [])
    for _ in range(ROUNDS):
        state = state_of(row, _aliases_by_model())
        logged = _log(integration, row, state, check)
        _keep(handle, row, logged, state)
        row = _row(row.pk)
        if row is None or row.mlflow_told == state_of(row, _aliases_by_model()):
            break
    if before != state["aliases"]:
        # An alias has one model: the one that had it before must be told too.
        catch_up()
    return {"run_id": logged.run_id, "model": logged.registered_name, "version": logged.version}


def catch_up(**only: Any) -> int:
    """Queue what MLflow was not told yet, such as what failed for a day; return how many variants that are.

    `only` narrows down which variants are looked at.
    """
    aliases = _aliases_by_model()
    rows = Variant.objects.filter(model__isnull=False, **only).select_related("model")
    rows = rows.only("status", "mlflow_run_id", "mlflow_told", "model__status")
    behind = [row for row in rows if not row.mlflow_run_id or row.mlflow_told != state_of(row, aliases)]
    with transaction.atomic():
        outbox.announce_to_mlflow(behind, by="mlflow")
    return len(behind)


def state_of(row: Variant, aliases: dict[str, list[str]]) -> dict[str, Any]:
    """Return what may change of a variant and MLflow should know."""
    return {"status": row.shown_status, "aliases": aliases.get(row.model_id or "", [])}


def _aliases_by_model() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name, targets in Alias.objects.order_by("name").values_list("name", "targets"):
        if targets:
            found[targets[0]].append(name)
    return found


def _row(pk: Any) -> Variant | None:
    found: Variant | None = Variant.objects.listed().filter(pk=pk).first()
    return found


def _log(integration: ExperimentalMLflowIntegration, row: Variant, state: dict[str, Any], check: Check) -> Logged:
    base = row.experiment.base.name
    record = _record(row, base, state)
    artifacts_of_row = artifacts.store(row, record.files)
    Variant.objects.filter(pk=row.pk).update(artifacts=artifacts_of_row)
    check()
    experiment_id = integration.create_experiment(base, {"base_model": base})
    return integration.log(experiment_id, record, check=check)


def _record(row: Variant, base: str, state: dict[str, Any]) -> Record:
    assert row.model is not None
    variant = as_variant(row)
    files = {
        records.RECIPE: records.recipe_file(variant.recipe),
        records.MODELFILE: records.modelfile(variant.recipe, base),
        records.DIGESTS: json.dumps({"placements": list(_digests(row))}, indent=2) + "\n",
    }
    told = row.mlflow_told.get("aliases", [])
    return Record(variant, base, row.model.description or "", files, state["aliases"], told)


def _digests(row: Variant) -> Iterable[dict[str, Any]]:
    """Yield what answered for the variant and what it is made from, when it was logged."""
    assert row.model is not None
    ids = [row.model.pk, *row.model.origins.values_list("origin_id", flat=True)]
    there = Placement.objects.present().filter(model_id__in=ids).order_by("model_id", "place")
    for placement in there:
        yield {
            "model": placement.model_id,
            "host": placement.place,
            "upstream_name": placement.upstream_name,
            "digest": placement.digest,
            "version": placement.version,
        }


def _keep(handle: Handle, row: Variant, logged: Logged, state: dict[str, Any]) -> None:
    """Write what MLflow calls the variant, unless another worker has taken the job over."""
    with transaction.atomic():
        handle.fence()
        Variant.objects.filter(pk=row.pk).update(
            mlflow_run_id=logged.run_id,
            mlflow_model_id=logged.model_id,
            mlflow_version=logged.version,
            mlflow_experiment_id=logged.experiment_id,
            mlflow_told=state,
        )
