"""One model's row made true at once, where a sync would do so later."""

from __future__ import annotations

from unified_app import syncing
from unified_app.errors import NotFound
from unified_app.models import Placement, UnifiedModel
from unified_app.naming import name_key
from unified_app.sources import Source


def drop_one(source: Source, name: str) -> None:
    """Write that the place no longer has this model, once that is known; the place is not asked."""
    key = name_key(name)
    syncing.apply(source.name, source.place, syncing.Reading(), covers=lambda listed: name_key(listed) == key)


def sync_one(source: Source, name: str) -> UnifiedModel:
    """Read the place and write only this model; return its row. Raises NotFound when the place does not list it."""
    reading = syncing.read(source)
    if reading.error is not None:
        raise reading.error
    key = name_key(name)
    reading.models = [model for model in reading.models if name_key(model.name) == key]
    if not reading.models:
        raise NotFound(f"{source.place} does not list {name}.")
    told = reading.models[0].name
    syncing.apply(source.name, source.place, reading, complete=False, before_commit=lambda _: source.record_reading())
    placed = Placement.objects.present().filter(source=source.name, place=source.place)
    return placed.select_related("model").get(model__name_key=name_key(told)).model
