"""Starting a model once, whoever asks at the same time, at the best place that can."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.utils import timezone

from unified_app.errors import Conflict, RegistryError, Told, UpstreamTimeout
from unified_app.models import ModelServingConfig, ModelServingStatus, Placement, UnifiedModel
from unified_app.models.serving import ServingState
from unified_app.serving import places, slots, states, stopping
from unified_app.serving.states import Claim, ClaimLost

POLL_SECONDS = 0.05
# A start may wait for a slot, and try several places, before its own time begins.
PATIENCE_SECONDS = 60.0
INTERRUPTED = "interrupted"
MADE_ROOM = "stopped to make room"


def start(model: UnifiedModel) -> None:
    """Return when the model is ready; join a start that is under way. Raises what kept it from starting."""
    config = places.config_of(model.pk)
    deadline = time.monotonic() + config.timeout + PATIENCE_SECONDS
    while True:
        tried = places.candidates(model)
        claimed = states.claim_start(model.pk)
        if isinstance(claimed, Claim):
            return _start(claimed, model, tried, config, deadline)
        if not states.is_moving(claimed) or _join(claimed, deadline):
            return None


def _join(seen: ModelServingStatus, deadline: float) -> bool:
    """Wait for a start or stop of somebody else; True when the model is ready then. Raises what the starter met."""
    was_starting = seen.status == ServingState.STARTING
    while states.is_moving(seen):
        if time.monotonic() > deadline:
            raise UpstreamTimeout(f"{seen.model_id} is still {seen.status}.")
        time.sleep(POLL_SECONDS)
        seen = ModelServingStatus.objects.select_related("placement").get(pk=seen.pk)
        was_starting = was_starting or seen.status == ServingState.STARTING
    ended = seen.status in (ServingState.STOPPED, ServingState.FAILED)
    # One that was started and has made room again since was not refused: whoever waits for it starts it anew.
    if was_starting and ended and seen.error_code != INTERRUPTED and not seen.reason.startswith(MADE_ROOM):
        raise _told(seen)
    return states.is_served(seen)


def _start(
    claim: Claim, model: UnifiedModel, tried: list[Placement], config: ModelServingConfig, deadline: float
) -> None:
    with states.beating(claim):
        try:
            if places.takes_slot(tried[0]):
                _take_slot(claim, deadline)
            _start_somewhere(claim, model, tried, config)
        except ClaimLost:
            raise Conflict(f"{model.name!r} was stopped while it was starting.") from None
        except RegistryError as error:
            _give_up(claim, error.message, error.code, failed=not isinstance(error, Conflict))
            raise
        except BaseException:
            _give_up(claim, "its start was interrupted", INTERRUPTED, failed=False)
            raise


def _take_slot(claim: Claim, deadline: float) -> None:
    """Take a free slot, or that of the least recently used idle model. Raises Conflict with what is served."""
    while True:
        with states.changing():
            claim.check()
            if slots.take(claim.model_id):
                return
            idle = slots.victim() if settings.AUTO_EVICT else None
            evicted = states.claim_stop(idle) if idle else None
        if isinstance(evicted, Claim):
            stopping.finish(evicted, f"{MADE_ROOM} for {claim.model_id}", heir=claim.model_id)
        elif not (settings.AUTO_EVICT and slots.may_free_soon()) or time.monotonic() > deadline:
            raise slots.none_left()
        else:
            time.sleep(POLL_SECONDS)


def _start_somewhere(claim: Claim, model: UnifiedModel, tried: list[Placement], config: ModelServingConfig) -> None:
    failures: list[tuple[Placement, RegistryError]] = []
    for placement in tried:
        claim.note(placement=placement)
        stopping.wait_for_unloads(placement, claim.model_id)
        try:
            places.source_of(placement).start(placement, timeout=config.timeout)
        except RegistryError as error:
            failures.append((placement, error))
            continue
        return _ready(claim, placement, config.endpoint or endpoint_of(model))
    raise _combined(failures)


def _ready(claim: Claim, placement: Placement, endpoint: str) -> None:
    now = timezone.now()
    values: dict[str, Any] = {"started_at": now, "last_health_check": now, "health_status": "healthy"}
    try:
        claim.write(status=ServingState.READY, reason="", endpoint=endpoint, **values)
    except ClaimLost:
        # It was stopped while it loaded, so nobody else will unload it.
        if not ModelServingStatus.objects.filter(model_id=claim.model_id, status__in=states.ACTIVE).exists():
            stopping.unload(placement, claim.model_id)
        raise


def _give_up(claim: Claim, reason: str, code: str, *, failed: bool) -> None:
    state = ServingState.FAILED if failed else ServingState.STOPPED
    try:
        with states.changing():
            claim.write(status=state, reason=reason, error_code=code, started_at=None)
            slots.free(claim.model_id)
    except ClaimLost:
        return  # who took over writes its own end


def endpoint_of(model: UnifiedModel) -> str:
    """Return the registry's own address for calls of the model."""
    route = "embeddings" if "text_embedding" in model.capabilities else "chat/completions"
    return f"{settings.REGISTRY_API_URL}/v1/{route}"


def _combined(failures: list[tuple[Placement, RegistryError]]) -> RegistryError:
    """Return one error for everything that was tried; its code is that of the last place."""
    message = "; ".join(f"{error.code} at {placement.place}: {error.message}" for placement, error in failures)
    return Told(failures[-1][1].code, message)


def _told(row: ModelServingStatus) -> RegistryError:
    """Return the error that the starter wrote down, for those who waited for it."""
    if row.error_code == Conflict.code:
        return slots.none_left()
    if not row.error_code:
        return Conflict("It was stopped while it was starting.")
    return Told(row.error_code, row.reason)
