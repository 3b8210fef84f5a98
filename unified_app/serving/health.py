"""Looking at what is served: by schedule, on demand, and after a crash. Corrects rows; restarts nothing."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from unified_app.models import ModelServingStatus, Placement, RegistryEpoch, ServingSlot
from unified_app.models.catalog import ModelStatus
from unified_app.models.serving import ServingState
from unified_app.serving import inflight, places, slots, states, stopping
from unified_app.sources import ServingObservation, source_classes

logger = logging.getLogger(__name__)

HEALTHY, UNHEALTHY = "healthy", "unhealthy"
INTERRUPTED = "its start was interrupted"
# The schedule's own jitter must not make a check wait for the round after.
JITTER = timedelta(seconds=1)


def reconcile() -> dict[str, int]:
    """Heal what crashes left behind and check what is due; return how many rows each step touched."""
    inflight.forget_dead()
    inflight.write_totals(inflight.totals())
    interrupted = [row for row in _rows(states.MOVING) if not states.is_moving(row)]
    for row in interrupted:
        _heal(row)
    retired = [row for row in _rows([ServingState.READY]) if row.model.status == ModelStatus.RETIRED]
    for row in retired:
        stopping.stop(row.model_id, "the model is retired")
    due = [row for row in _rows([ServingState.READY]) if _is_due(row, timezone.now())]
    look_at(due)
    return {"interrupted": len(interrupted), "retired": len(retired), "checked": len(due), "slots": free_orphans()}


def look_at(rows: Iterable[ModelServingStatus]) -> None:
    """Ask the places of these ready models, each place once, and correct the rows."""
    rows = list(rows)
    observed = _observe([row.placement for row in rows if _is_there(row.placement)])
    missing = ServingObservation("stopped", "its host no longer has it")
    with states.changing():
        for row in rows:
            _correct(row, observed.get(row.placement_id or 0, missing))


def free_orphans() -> int:
    """Free the slots of models that are neither served nor on their way there."""
    with states.changing():
        active = ModelServingStatus.objects.filter(status__in=states.ACTIVE)
        freed: int = ServingSlot.objects.exclude(model_id__in=active.values("model_id")).delete()[0]
        return freed


def _observe(placements: Iterable[Placement | None]) -> dict[int, ServingObservation]:
    by_source: dict[str, list[Placement]] = defaultdict(list)
    for placement in placements:
        if placement is not None:
            by_source[placement.source].append(placement)
    observed: dict[int, ServingObservation] = {}
    for name, source in source_classes().items():
        if name in by_source:
            observed |= source.observe(by_source[name])
    return observed


def _correct(row: ModelServingStatus, seen: ServingObservation) -> None:
    """Write what was seen, unless somebody has moved the model since."""
    mine = ModelServingStatus.objects.filter(pk=row.pk, attempt=row.attempt, status=ServingState.READY)
    now = timezone.now()
    if seen.state == ServingState.READY:
        mine.update(last_health_check=now, health_status=HEALTHY, reason="")
        return
    values = {"status": seen.state, "reason": seen.reason, "error_code": seen.code, "started_at": None}
    if mine.update(last_health_check=now, health_status=UNHEALTHY, **values):
        logger.warning("%s is %s: %s", row.model_id, seen.state, seen.reason)
        slots.free(row.model_id)
        RegistryEpoch.bump()


def _heal(row: ModelServingStatus) -> None:
    """End what a process that died had begun: a start that succeeded all the same is kept, all else is stopped."""
    if row.status == ServingState.STARTING and _runs(row.placement):
        with states.changing():
            mine = ModelServingStatus.objects.filter(pk=row.pk, attempt=row.attempt, status=row.status)
            now = timezone.now()
            if mine.update(status=ServingState.READY, started_at=now, last_health_check=now, health_status=HEALTHY):
                RegistryEpoch.bump()
        return
    stopping.stop(row.model_id, INTERRUPTED if row.status == ServingState.STARTING else "")


def _runs(placement: Placement | None) -> bool:
    """Whether the model runs there, and has the slot for it."""
    if placement is None or placement.state == Placement.State.GONE:
        return False
    seen = _observe([placement]).get(placement.pk)
    has_slot = ServingSlot.objects.filter(model_id=placement.model_id).exists()
    return seen is not None and seen.state == ServingState.READY and (has_slot or not places.takes_slot(placement))


def _is_there(placement: Placement | None) -> bool:
    return placement is not None and placement.state != Placement.State.GONE


def _is_due(row: ModelServingStatus, now: datetime) -> bool:
    config = getattr(row.model, "serving_config", None)
    seconds = config.health_check_interval if config else places.DEFAULTS.health_check_interval
    return row.last_health_check is None or row.last_health_check + timedelta(seconds=seconds) - JITTER <= now


def _rows(status: Iterable[str]) -> list[ModelServingStatus]:
    return list(ModelServingStatus.objects.told().filter(status__in=status))
