"""The slots of models that are started on our own hosts. The table's constraints are the lock, on every database."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from unified_app.errors import Conflict
from unified_app.models import ModelServingStatus, ServingSlot
from unified_app.models.serving import ServingState
from unified_app.serving import inflight, states

# A model that has just started is left its slot: the call that it was started for is on its way.
GRACE = timedelta(seconds=2)


def take(model_id: str) -> bool:
    """Take a free slot for the model, unless it has one; False when there is none."""
    if ServingSlot.objects.filter(model_id=model_id).exists():
        return True
    taken = set(ServingSlot.objects.values_list("slot", flat=True))
    for number in range(settings.MAX_SERVING_MODELS if len(taken) < settings.MAX_SERVING_MODELS else 0):
        if number in taken:
            continue
        try:
            with transaction.atomic():
                ServingSlot.objects.create(slot=number, model_id=model_id)
            return True
        except IntegrityError:  # another process has the slot, or has given this model one
            if ServingSlot.objects.filter(model_id=model_id).exists():
                return True
    return False


def hand_over(model_id: str, heir: str) -> None:
    """Give a model's slot to another one, so that nobody takes it in between."""
    if ServingSlot.objects.filter(model_id=heir).exists():
        free(model_id)
    else:
        ServingSlot.objects.filter(model_id=model_id).update(model_id=heir, taken_at=timezone.now())


def free(model_id: str) -> None:
    ServingSlot.objects.filter(model_id=model_id).delete()


def holders() -> list[str]:
    return list(ServingSlot.objects.values_list("model_id", flat=True))


def victim() -> str | None:
    """Return the least recently used model that is ready and has no open call, or None."""
    open_calls, settled = inflight.totals(), timezone.now() - GRACE
    rows = ModelServingStatus.objects.filter(status=ServingState.READY, model_id__in=holders())
    idle = [row for row in rows if not open_calls.get(row.model_id) and _started(row) < settled]
    return min(idle, key=_used).model_id if idle else None


def may_free_soon() -> bool:
    """Whether some slot's model is being started or stopped, or has only just started."""
    rows = ModelServingStatus.objects.filter(model_id__in=holders())
    settled = timezone.now() - GRACE
    return any(states.is_moving(row) or _started(row) >= settled for row in rows)


def none_left() -> Conflict:
    """Return the refusal of one more model."""
    serving = holders()
    why = "and all of them are busy" if settings.AUTO_EVICT else "and AUTO_EVICT is off"
    message = f"All {settings.MAX_SERVING_MODELS} serving slots are taken, {why}. Stop one of: {', '.join(serving)}."
    return Conflict(message, details={"serving": serving})


def _started(row: ModelServingStatus) -> datetime:
    return row.started_at or datetime.min.replace(tzinfo=timezone.get_current_timezone())


def _used(row: ModelServingStatus) -> datetime:
    return max(_started(row), row.last_used or _started(row))
