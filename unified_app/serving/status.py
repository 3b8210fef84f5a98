"""What answers tell of a model's serving state."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from unified_app.models import ModelServingStatus, Placement, ServingSlot, UnifiedModel
from unified_app.models.serving import ServingState
from unified_app.serving import inflight, places, starting

NEEDS_NO_START = "it runs at its source, which needs no start"


def of_model(model: UnifiedModel) -> dict[str, Any]:
    """Return the state of one model; one that needs no start is ready while some place of it can be called."""
    row = ModelServingStatus.objects.told().filter(model=model).first() or ModelServingStatus(model=model)
    told = as_dict(row, inflight.totals()[model.pk])
    if row.status == ServingState.STOPPED and (place := _needs_no_start(model)):
        ready = {"state": ServingState.READY.value, "reason": NEEDS_NO_START, "placement": str(place)}
        told |= {**ready, "endpoint": told["endpoint"] or starting.endpoint_of(model)}
    return told


def of_all() -> dict[str, Any]:
    """Return every model that is served or failed at it, and how many slots are taken; a constant number of queries."""
    open_calls = inflight.totals()
    return {
        "serving": [as_dict(row, open_calls[row.model_id]) for row in ModelServingStatus.objects.shown().told()],
        "slots": {"used": ServingSlot.objects.count(), "total": settings.MAX_SERVING_MODELS},
    }


def as_dict(row: ModelServingStatus, open_calls: int) -> dict[str, Any]:
    """Return a row as answers tell it; `open_calls` is the live sum, which the row's column follows."""
    return {
        "model_id": row.model_id,
        "state": str(row.status),
        "reason": row.reason,
        "endpoint": row.endpoint,
        "placement": str(row.placement) if row.placement else None,
        "started_at": row.started_at,
        "last_health_check": row.last_health_check,
        "health_status": row.health_status,
        "concurrent_requests": open_calls,
        "total_requests": row.total_requests,
        "errors": row.errors,
    }


def _needs_no_start(model: UnifiedModel) -> Placement | None:
    there = Placement.objects.filter(model=model, state=Placement.State.AVAILABLE).order_by("place")
    placements = list(there) if not model.is_retired else []
    return next(iter(placements), None) if not any(places.takes_slot(p) for p in placements) else None
