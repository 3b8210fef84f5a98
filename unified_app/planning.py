"""What a sync will do, decided from what is stored and what was fetched. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from unified_app.categories import all_categories, primary_category
from unified_app.model_objects import PlacementObject, RejectedRow, UnifiedModelObject
from unified_app.naming import make_id, name_key


@dataclass(frozen=True)
class StoredPlacement:
    """A placement as the registry knows it; `facts` is what its host told of the model."""

    placement: PlacementObject
    facts: dict[str, Any]
    gone: bool = False
    pinned: bool = False


@dataclass(frozen=True)
class StoredModel:
    """A model as the registry knows it. `columns` are the values that a sync may write."""

    id: str
    name: str
    columns: Mapping[str, Any]
    categories: frozenset[str]
    placements: Mapping[str, StoredPlacement]
    retired: bool = False
    deleted: bool = False
    category_override: str = ""
    description_override: str = ""


@dataclass(frozen=True)
class PlannedModel:
    """What one row will be. `changes` lists (field, old, new) for the history; empty `columns` = untouched."""

    id: str
    name: str
    columns: dict[str, Any]
    categories: list[str]
    placements: dict[str, StoredPlacement]
    changes: list[tuple[str, Any, Any]] = field(default_factory=list)
    new_version: StoredPlacement | None = None


@dataclass
class SyncPlan:
    """Everything that one sync of one place will write; `seen` maps every listed model's id to its category."""

    create: list[PlannedModel] = field(default_factory=list)
    update: list[PlannedModel] = field(default_factory=list)
    retire: list[PlannedModel] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not (self.create or self.update or self.retire)


@dataclass(frozen=True)
class Names:
    """What other rows already use: ids, and (name, version) pairs of other sources."""

    ids: Collection[str] = frozenset()
    versions: Collection[tuple[str, str]] = frozenset()


def plan_sync(
    source: str,
    place: str,
    stored: Mapping[str, StoredModel],
    fetched: Iterable[UnifiedModelObject],
    *,
    names: Names,
    complete: bool = True,
    gone_reason: str = "",
) -> SyncPlan:
    """Return what makes the registry agree with what `place` just told.

    `stored` maps name keys to the models of this source that matter here. `complete` says that `fetched` is
    the whole listing, so that what is missing from it has vanished; `gone_reason` then stands in the row.
    """
    plan = SyncPlan()
    taken = set(names.ids)
    seen: set[str] = set()
    for item in fetched:
        key = name_key(item.name)
        if key in seen:
            plan.rejected.append(RejectedRow(item.name, "the name stands twice in the listing"))
            continue
        seen.add(key)
        model = stored.get(key)
        planned = _plan_seen(source, place, model, item, names, taken)
        taken.add(planned.id)
        plan.seen[planned.id] = planned.columns.get("category") or (model.columns["category"] if model else "")
        _sort_in(plan, planned, is_new=model is None)
    if complete:
        for key, model in stored.items():
            at_place = model.placements.get(place)
            if key not in seen and at_place and not at_place.gone:
                _plan_vanished(plan, source, place, model, names, gone_reason or f"vanished from {place}")
    return plan


def preferred(placements: Mapping[str, StoredPlacement]) -> StoredPlacement | None:
    """Return the placement that speaks for the model: the curator's pin, else the newest one that is there.

    Hosts that are down still count: a version does not change because a host went away for a while.
    """
    there = [p for p in placements.values() if not p.gone]
    for placement in there:
        if placement.pinned:
            return placement
    return max(there, key=_newest, default=None)


def facts_of(item: UnifiedModelObject) -> dict[str, Any]:
    """Return what one place tells of a model, as JSON data to keep beside its placement."""
    return {
        "category": item.category,
        "capabilities": item.capabilities,
        "parameters": item.parameters,
        "description": item.description,
        "endpoint": item.endpoint,
        "ollama_name": item.ollama_name,
        "is_cloud": item.is_cloud,
        "context_length": item.context_length,
    }


def project(
    source: str,
    name: str,
    chosen: StoredPlacement,
    *,
    versions: Collection[tuple[str, str]] = frozenset(),
    category_override: str = "",
    description_override: str = "",
) -> tuple[dict[str, Any], list[str]]:
    """Return (columns, categories) of a model's row from its preferred placement and the curator's overrides."""
    facts = chosen.facts
    known, is_cloud = facts["capabilities"], facts["is_cloud"]
    source_category = facts.get("category") or primary_category(known, is_cloud=is_cloud)
    category = category_override or source_category
    version = chosen.placement.version
    columns = {
        "version": f"{version}+{source}" if (name, version) in versions else version,
        "ollama_name": facts["ollama_name"],
        "category": category,
        "source_category": source_category,
        "capabilities": sorted(known or []),
        "parameters": facts["parameters"],
        "endpoint": facts["endpoint"],
        "description": description_override or facts["description"] or "",
        "source_description": facts["description"] or "",
        "size": chosen.placement.size,
        "context_length": facts["context_length"],
    }
    return columns, all_categories(known, is_cloud=is_cloud, primary=category)


def _newest(stored: StoredPlacement) -> tuple[float, str]:
    modified = stored.placement.modified_at
    return (modified.timestamp() if modified else 0.0, stored.placement.place)


def _plan_seen(
    source: str,
    place: str,
    model: StoredModel | None,
    item: UnifiedModelObject,
    names: Names,
    taken: Collection[str],
) -> PlannedModel:
    before = model.placements.get(place) if model else None
    here = StoredPlacement(
        item.placements[0], facts_of(item), pinned=bool(before and before.pinned and not before.gone)
    )
    placements = {**(model.placements if model else {}), place: here}
    chosen = preferred(placements)
    assert chosen is not None  # `here` is there
    if model is None:
        columns, categories = project(source, item.name, chosen, versions=names.versions)
        new_id = item.id or make_id(item.name, item.model_type, source, taken)
        columns |= {"model_type": item.model_type}
        return PlannedModel(new_id, item.name, columns, categories, {place: here}, [("created", None, item.name)], here)
    columns, categories = _projected(source, model, chosen, names)
    touched = {place: here} if before != here else {}
    fresh = here if before is None or before.placement.digest != here.placement.digest else None
    return _compare(model, columns, categories, touched, fresh, returned=model.retired and not model.deleted)


def _plan_vanished(plan: SyncPlan, source: str, place: str, model: StoredModel, names: Names, reason: str) -> None:
    gone = replace(model.placements[place], gone=True, pinned=False)
    rest = {**model.placements, place: gone}
    chosen = preferred(rest)
    if chosen is None:
        changes = [] if model.retired else [("status", "available", "retired"), ("retired_reason", "", reason)]
        columns = {} if model.retired else {"retired_reason": reason}
        plan.retire.append(PlannedModel(model.id, model.name, columns, [], {place: gone}, changes))
        return
    columns, categories = _projected(source, model, chosen, names)
    planned = _compare(model, columns, categories, {place: gone}, None)
    plan.update.append(replace(planned, changes=[*planned.changes, ("placement", place, None)]))


def _projected(
    source: str, model: StoredModel, chosen: StoredPlacement, names: Names
) -> tuple[dict[str, Any], list[str]]:
    """Return what `chosen` makes of a row that is there, under its curator's overrides."""
    return project(
        source,
        model.name,
        chosen,
        versions=names.versions,
        category_override=model.category_override,
        description_override=model.description_override,
    )


def _compare(
    model: StoredModel,
    columns: dict[str, Any],
    categories: list[str],
    touched: dict[str, StoredPlacement],
    fresh: StoredPlacement | None,
    *,
    returned: bool = False,
) -> PlannedModel:
    differs = {name for name, value in columns.items() if model.columns.get(name) != value}
    changes: list[tuple[str, Any, Any]] = [
        (name, model.columns.get(name), columns[name]) for name in _TOLD if name in differs
    ]
    if returned:
        changes.insert(0, ("status", "retired", "available"))
    if not differs and set(categories) == model.categories and not returned:
        columns = {}
    return PlannedModel(model.id, model.name, columns, categories, touched, changes, fresh)


def _sort_in(plan: SyncPlan, planned: PlannedModel, *, is_new: bool) -> None:
    if is_new:
        plan.create.append(planned)
    elif planned.columns or planned.placements:
        plan.update.append(planned)
    else:
        plan.unchanged.append(planned.id)


# Columns whose change a person wants to read about.
_TOLD = ("version", "category", "capabilities")
