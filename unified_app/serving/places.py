"""Where a model may be started: the placements that can be called, the best one first."""

from __future__ import annotations

from collections import Counter

from unified_app.errors import NoPlacement, NotFound
from unified_app.lookup import find_model
from unified_app.models import ModelServingConfig, ModelServingStatus, Placement, UnifiedModel
from unified_app.planning import preferred
from unified_app.serving import states
from unified_app.sources import Source, source_class
from unified_app.writing import stored_placement

# What holds for a model that nobody configured.
DEFAULTS = ModelServingConfig()


def find_servable(called: str) -> UnifiedModel:
    """Return the model that `called` means. Raises NotFound, also for a retired one."""
    model = find_model(called)
    if model.is_retired:
        reason = f": {model.retired_reason}" if model.retired_reason else ""
        raise NotFound(f"The model {model.name!r} is retired{reason}.")
    return model


def candidates(model: UnifiedModel) -> list[Placement]:
    """Return the placements to try, in order: what the preferred one holds, then the least busy place.

    Where some of them need to be loaded and others run in a cloud, those to be loaded count. Raises NoPlacement.
    """
    there = list(Placement.objects.present().filter(model=model))
    available = [p for p in there if p.state == Placement.State.AVAILABLE]
    if not available:
        where = ", ".join(p.place for p in there)
        raise NoPlacement(f"No host of {model.name!r} answers now ({where})." if where else _nowhere(model))
    local = [p for p in available if takes_slot(p)]
    chosen = preferred({p.place: stored_placement(p) for p in there})
    digest, busy = chosen.placement.digest if chosen else "", _served_at(available)
    return sorted(local or available, key=lambda p: (p.digest != digest, busy[p.source, p.place], p.place))


def takes_slot(placement: Placement) -> bool:
    return source_class(placement.source).takes_slot(placement)


def source_of(placement: Placement) -> type[Source]:
    return source_class(placement.source)


def config_of(model_id: str) -> ModelServingConfig:
    """Return how the model is served; the defaults, in a row that is not stored, when nobody set anything."""
    found = ModelServingConfig.objects.filter(model_id=model_id).first()
    return found or ModelServingConfig(model_id=model_id)


def _served_at(placements: list[Placement]) -> Counter[tuple[str, str]]:
    rows = ModelServingStatus.objects.filter(
        status__in=states.ACTIVE, placement__place__in={p.place for p in placements}
    )
    return Counter(rows.values_list("placement__source", "placement__place"))


def _nowhere(model: UnifiedModel) -> str:
    return f"No host has {model.name!r} now."
