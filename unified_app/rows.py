"""What answers and pages tell of a model beyond its columns. Nothing here queries unless its docstring says so."""

from __future__ import annotations

from typing import Any

from unified_app.model_objects import PlacementObject
from unified_app.models import ModelServingStatus, Placement, UnifiedModel
from unified_app.models.serving import ServingState
from unified_app.planning import StoredPlacement, preferred
from unified_app.registry_manager import EDITABLE
from unified_app.sources import source_classes


def present_placements(model: UnifiedModel) -> list[Placement]:
    """Return the placements that answer for a model of `UnifiedModel.objects.listed()`."""
    return model.present_placements  # type: ignore[attr-defined, no-any-return]


def host_names(model: UnifiedModel) -> list[str]:
    return [placement.place for placement in present_placements(model)]


def is_drifting(model: UnifiedModel) -> bool:
    """Whether the places that answer for the model hold different digests under its name."""
    return len({placement.digest for placement in present_placements(model) if placement.digest}) > 1


def is_demo(model: UnifiedModel, demo: frozenset[tuple[str, str]]) -> bool:
    """Whether a demo upstream answers for the model; `demo` is what `demo_places` returned."""
    return any((placement.source, placement.place) in demo for placement in present_placements(model))


def demo_places() -> frozenset[tuple[str, str]]:
    """Return (source, place) of every demo upstream; one query per source."""
    return frozenset(
        (name, place.name) for name, source in source_classes().items() for place in source.places() if place.is_demo
    )


def digest_of(model: UnifiedModel) -> str:
    """Return the digest behind the model's name: the preferred placement's."""
    chosen = preferred({row.place: _as_planned(row) for row in present_placements(model)})
    return chosen.placement.digest if chosen else ""


def texts_of(model: UnifiedModel) -> dict[str, str]:
    """Return the model's long texts (template, system, license), as far as its source keeps them. Queries."""
    source, digest = source_classes().get(model.source), digest_of(model)
    return source.texts(digest) if source and digest else {}


def overrides_of(model: UnifiedModel) -> dict[str, Any]:
    """Return what curators set, by the names that PATCH takes; null where nothing is set."""
    return {name: getattr(model, column) or None for name, column in EDITABLE.items()}


def source_values_of(model: UnifiedModel) -> dict[str, Any]:
    """Return what the row would say without its overrides."""
    return {"category": model.source_category or model.category, "description": model.source_description}


def serving_of(model: UnifiedModel) -> ModelServingStatus:
    """Return the last known serving state; a model that was never served is stopped. Reads `serving_rows`."""
    return next(iter(model.serving_rows.all()), None) or ModelServingStatus(model=model, status=ServingState.STOPPED)


def _as_planned(row: Placement) -> StoredPlacement:
    """Return a placement as `preferred` compares it, without the facts that lists do not read."""
    told = PlacementObject(
        place=row.place,
        upstream_name=row.upstream_name,
        base_url=row.base_url,
        protocol=row.protocol,
        digest=row.digest,
        modified_at=row.modified_at,
    )
    return StoredPlacement(told, {}, pinned=row.pinned)
