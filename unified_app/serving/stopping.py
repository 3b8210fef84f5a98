"""Stopping a model, and waiting for somebody who does it already."""

from __future__ import annotations

import time

from unified_app.errors import RegistryError
from unified_app.models import ModelServingStatus, Placement
from unified_app.models.serving import ServingState, ServingStatusQuerySet
from unified_app.serving import slots, states
from unified_app.serving.places import source_of
from unified_app.serving.states import Claim, ClaimLost

POLL_SECONDS = 0.05


def stop(model_id: str, reason: str = "") -> bool:
    """Stop the model and free its slot; False when it was stopped already. Open calls may finish.

    It is stopped for us also when its host does not answer: then the reason says so.
    """
    claim = states.claim_stop(model_id)
    while isinstance(claim, ModelServingStatus) and states.is_moving(claim):
        time.sleep(POLL_SECONDS)
        claim = states.claim_stop(model_id)
    if isinstance(claim, ModelServingStatus):
        return False
    finish(claim, reason)
    return True


def finish(claim: Claim, reason: str = "", heir: str | None = None) -> None:
    """Unload what was claimed for stopping, unless others need its runner; `heir` gets the slot."""
    with states.beating(claim):
        placement = placement_of(claim.model_id)
        problem = unload(placement, claim.model_id) if placement else ""
        try:
            with states.changing():
                claim.write(
                    status=ServingState.STOPPED,
                    reason=problem or reason,
                    placement=None,
                    started_at=None,
                    health_status="unknown",
                )
                slots.hand_over(claim.model_id, heir) if heir else slots.free(claim.model_id)
        except ClaimLost:
            # Somebody thought us dead and moves the model now; its slot is theirs.
            return


def unload(placement: Placement, model_id: str) -> str:
    """Let the place forget the model unless another served one shares its runner; return what went wrong."""
    others = served_at(placement).exclude(model_id=model_id)
    try:
        source = source_of(placement)
        runner = source.runner_of(placement)
        users = others.filter(status__in=[ServingState.STARTING, ServingState.READY])
        if any(row.placement and source.runner_of(row.placement) == runner for row in users):
            return ""
        return source.stop(placement).reason
    except RegistryError as error:
        return f"{error.code} at {placement.place}: {error.message}"


def wait_for_unloads(placement: Placement, model_id: str) -> None:
    """Return when nobody is unloading the runner that the placement shares: that would unload us too."""
    source = source_of(placement)
    runner = source.runner_of(placement)
    others = served_at(placement).exclude(model_id=model_id).filter(status=ServingState.STOPPING)
    while any(
        row.placement and source.runner_of(row.placement) == runner and states.is_moving(row) for row in others.all()
    ):
        time.sleep(POLL_SECONDS)


def served_at(placement: Placement) -> ServingStatusQuerySet:
    """Return the rows of models that were last seen at this place."""
    rows: ServingStatusQuerySet = ModelServingStatus.objects.select_related("placement").filter(
        placement__source=placement.source, placement__place=placement.place
    )
    return rows


def placement_of(model_id: str) -> Placement | None:
    return Placement.objects.filter(serving_rows__model_id=model_id).first()
