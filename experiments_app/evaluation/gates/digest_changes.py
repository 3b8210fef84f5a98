"""Models whose content changed are evaluated again, where a gate asks for it and they were evaluated before."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import transaction
from django.dispatch import receiver

from experiments_app.evaluation import runs
from experiments_app.evaluation.gates import gates
from experiments_app.evaluation.gates.gate_checks import without_results
from experiments_app.evaluation.results.finished import finished, newest
from experiments_app.evaluation.runner.roster import entrants
from experiments_app.models import EvaluationRun, Gate, GateCheck, RunModel
from unified_app import jobs
from unified_app.errors import InvalidInput
from unified_app.jobs import Handle
from unified_app.models import ModelOrigin
from unified_app.recipes import MAX_DEPTH
from unified_app.signals import contents_changed

logger = logging.getLogger(__name__)

KIND = "evaluation_gates"
BY = "sync"


@receiver(contents_changed)
def note_changes(model_ids: Sequence[str], **_: Any) -> None:
    """Queue the look at what changed with the change itself: both are written, or neither.

    The signal is sent robustly: what goes wrong here is logged, undone, and does not stop the sync.
    """
    suites = gates.in_force().filter(on_digest_change=True).values_list("suite", flat=True)
    if not (wanted := list(suites)):
        return
    with transaction.atomic():
        rows = finished().filter(model__in=_standing_on(model_ids), run__suite_version__suite__in=wanted)
        if models := sorted(set(rows.order_by().values_list("model", flat=True))):
            jobs.enqueue(KIND, {"models": models}, by=BY)


def run_gates_job(handle: Handle) -> dict[str, Any]:
    """Do a job of kind `evaluation_gates`: begin the evaluations that its models' gates wait for."""
    ids = handle.arguments.get("models", [])
    known = entrants(ids)
    fingerprints = {model_id: entrant.fingerprint for model_id, entrant in known.items()}
    begun: list[int] = []
    for suite_gates in _by_suite().values():
        handle.check()
        changed = _changed(suite_gates, ids, fingerprints)
        for group in _groups(changed):
            begun += _begin(handle, suite_gates, group)
    return {"models": ids, "evaluations": begun}


def _standing_on(model_ids: Iterable[str]) -> set[str]:
    """Return the models and all that are made of them."""
    found = level = set(model_ids)
    for _ in range(MAX_DEPTH + 1):
        level = set(ModelOrigin.objects.filter(origin__in=level).values_list("model", flat=True)) - found
        if not level:
            break
        found = found | level
    return found


def _by_suite() -> dict[int, list[Gate]]:
    found: dict[int, list[Gate]] = defaultdict(list)
    for gate in gates.in_force().filter(on_digest_change=True):
        found[gate.suite_id].append(gate)
    return found


def _changed(suite_gates: Sequence[Gate], ids: Collection[str], fingerprints: dict[str, str]) -> list[RunModel]:
    """Return the last results of the models that are others now, and that no evaluation is under way for."""
    suite = suite_gates[0].suite_id
    rows = newest(finished().filter(model__in=ids, run__suite_version__suite=suite))
    # On whichever content of the suite a model was evaluated last: only there is a before.
    last = {row.model_id: row for row in sorted(rows, key=lambda row: row.pk)}
    waiting = GateCheck.objects.filter(
        gate__in=suite_gates, model__in=ids, state=GateCheck.State.WAITING, run__state__in=runs.ACTIVE
    )
    under_way = set(waiting.values_list("model", flat=True))
    return [
        row
        for model_id, row in last.items()
        if model_id not in under_way and fingerprints.get(model_id, row.fingerprint) != row.fingerprint
    ]


def _groups(changed: Iterable[RunModel]) -> list[list[RunModel]]:
    """Return what can be done in one run: the same content of the suite, asked in the same way."""
    found: dict[tuple[int, int, str], list[RunModel]] = defaultdict(list)
    for row in changed:
        found[row.run.suite_version_id, row.run.repeats, row.run.judge].append(row)
    return list(found.values())


def _begin(handle: Handle, suite_gates: Sequence[Gate], group: Sequence[RunModel]) -> list[int]:
    """Begin one run for all of the group; when one model cannot be evaluated, one for each that can."""
    ids = [row.model_id for row in group]
    try:
        with transaction.atomic():
            handle.fence()
            like = group[0].run
            run = runs.start(
                like.suite_version, ids, by=BY, repeats=like.repeats, judge=like.judge, trigger=gates.DIGEST
            )
            _wait(suite_gates, ids, run)
        return [run.pk]
    except InvalidInput as error:
        if len(group) > 1:
            return [pk for row in group for pk in _begin(handle, suite_gates, [row])]
        logger.warning("%s cannot be evaluated after its change: %s", ids[0], error.message)
        _give_up(suite_gates, ids[0], error.message)
        return []


def _wait(suite_gates: Sequence[Gate], ids: Sequence[str], run: EvaluationRun) -> None:
    GateCheck.objects.bulk_create(
        GateCheck(gate=gate, model_id=model_id, run=run, why=gates.DIGEST, state=GateCheck.State.WAITING)
        for gate in suite_gates
        for model_id in ids
    )


def _give_up(suite_gates: Sequence[Gate], model_id: str, why: str) -> None:
    GateCheck.objects.bulk_create(
        GateCheck(
            gate=gate,
            model_id=model_id,
            why=gates.DIGEST,
            state=GateCheck.State.UNKNOWN,
            report=without_results(gate, [model_id], why),
        )
        for gate in suite_gates
    )
