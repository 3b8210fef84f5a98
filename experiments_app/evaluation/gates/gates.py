"""Gates: rules that are checked on promotion, by hand, and when an evaluation ends that was made for them."""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django.db.models import Q

from experiments_app.evaluation.gates.gate_checks import held_against, state_of, without_results
from experiments_app.evaluation.results.finished import finished, last_of, with_rows
from experiments_app.evaluation.runner.roster import entrants
from experiments_app.models import EvaluationRun, Gate, GateCheck, RunModel
from unified_app.errors import NotFound
from unified_app.history import record
from unified_app.jobs import Handle
from unified_app.lookup import find_model
from unified_app.models import UnifiedModel

logger = logging.getLogger(__name__)

PROMOTION, DIGEST, HAND = "promotion", "digest", "hand"


def in_force() -> Any:
    """Return the rules that can be checked at all."""
    return Gate.objects.filter(enabled=True, suite__archived_at=None, suite__latest__isnull=False).select_related(
        "suite__latest"
    )


def check_promotion(model: UnifiedModel, alias: str) -> list[GateCheck]:
    """Check all rules that a promotion has to keep; what came of each is kept, the promotion's fate aside."""
    wanted = in_force().filter(Q(alias="") | Q(alias__iexact=alias), on_promotion=True)
    return [check(gate, model, why=PROMOTION, alias=alias) for gate in wanted]


def check(gate: Gate, model: UnifiedModel, *, why: str = HAND, alias: str = "") -> GateCheck:
    """Hold a rule against the newest results of a model as it is now; the check is kept.

    Without `compare_to` the other side is what the alias names now, else the model before its content changed.
    """
    report = _report(gate, model, alias or gate.alias)
    run = EvaluationRun.objects.filter(pk=report.get("model", {}).get("evaluation")).first()
    return GateCheck.objects.create(gate=gate, model=model, run=run, why=why, state=state_of(report), report=report)


def check_waiting(run: EvaluationRun, handle: Handle | None = None) -> list[dict[str, Any]]:
    """Decide the checks that wait for this run; tell the models' histories, and the log of rules that are broken."""
    waiting = GateCheck.objects.filter(run=run, state=GateCheck.State.WAITING)
    told = []
    for row in waiting.select_related("gate__suite", "model"):
        if handle:
            handle.check()
        report = _after(row, run)
        with transaction.atomic():
            state = state_of(report)
            if GateCheck.objects.filter(pk=row.pk, state=GateCheck.State.WAITING).update(state=state, report=report):
                _tell(row, report)
        told.append({"gate": row.gate.name, "model": row.model_id, "state": report["state"]})
    return told


def _report(gate: Gate, model: UnifiedModel, alias: str) -> dict[str, Any]:
    version = gate.suite.latest
    assert version is not None  # in_force, and a suite has a version from its beginning
    fingerprint = entrants([model.pk])[model.pk].fingerprint
    mine = last_of(model.pk, run__suite_version=version, fingerprint=fingerprint)
    try:
        other = _other(gate, model, alias)
    except NotFound as error:
        return without_results(gate, [model.pk], f"The model to compare with is not there: {error.message}")
    if mine is None:
        why = f"{model.name} as it is now has no finished evaluation with version {version.number} of the suite."
        return without_results(gate, [model.pk, *([other.pk] if other else [])], why)
    if other is None:
        return held_against(gate, mine, _before(mine))
    theirs = mine if other.pk == model.pk else last_of(other.pk, run__suite_version=version)
    if theirs is None and gate.max_drop_points is not None:
        why = f"{other.name} has no finished evaluation with version {version.number} of the suite."
        return without_results(gate, [model.pk, other.pk], why)
    return held_against(gate, mine, theirs)


def _other(gate: Gate, model: UnifiedModel, alias: str) -> UnifiedModel | None:
    """Return the model to compare with, if the rule names one or the alias does. Raises NotFound."""
    if gate.compare_to:
        return find_model(gate.compare_to)
    try:
        named = find_model(alias) if alias else None
    except NotFound:
        return None
    return named if named and named.pk != model.pk else None


def _before(entry: RunModel) -> RunModel | None:
    """Return the model's results on the same content of the suite before its own content changed."""
    rows = finished().filter(model=entry.model_id, run__suite_version=entry.run.suite_version_id, pk__lt=entry.pk)
    pks = rows.exclude(fingerprint=entry.fingerprint).order_by("-pk").values_list("pk", flat=True)[:1]
    return next(iter(with_rows(pks)), None)


def _after(row: GateCheck, run: EvaluationRun) -> dict[str, Any]:
    pks = RunModel.objects.filter(run=run, model=row.model_id).values_list("pk", flat=True)
    entry = next(iter(with_rows(pks)), None)
    if entry is None:
        return without_results(row.gate, [row.model_id], "The model is not part of the evaluation.")
    try:
        other = find_model(row.gate.compare_to) if row.gate.compare_to else None
    except NotFound as error:
        return without_results(row.gate, [row.model_id], f"The model to compare with is not there: {error.message}")
    if other is None:
        return held_against(row.gate, entry, _before(entry))
    same = {"run__suite_version": run.suite_version_id}
    theirs = entry if other.pk == row.model_id else last_of(other.pk, **same)
    return held_against(row.gate, entry, theirs)


def _tell(row: GateCheck, report: dict[str, Any]) -> None:
    before = report.get("compared_with")
    old = {"value": report["other"], **before} if before else None
    new = {name: report[name] for name in ("gate", "state", "metric", "value", "drop", "low", "high", "p95")}
    by = row.run.created_by if row.run else "gate"
    record("model", row.model_id, by, {"gate": (old, {**new, "evaluation": row.run_id})})
    if report["state"] != GateCheck.State.PASSED:
        reasons = " ".join(report["reasons"])
        logger.warning("gate %s on %s: %s: %s", row.gate.name, row.model_id, report["state"], reasons)
