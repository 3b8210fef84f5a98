"""Reading what is stored for a plan, and performing the plan: bulk writes in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q

from unified_app.categories import CAPABILITIES
from unified_app.model_objects import PlacementObject
from unified_app.models import (
    HistoryEntry,
    ModelCapability,
    ModelCategory,
    ModelVersion,
    Placement,
    RegistryEpoch,
    UnifiedModel,
)
from unified_app.models.catalog import ModelStatus
from unified_app.naming import name_key
from unified_app.planning import Names, PlannedModel, StoredModel, StoredPlacement, SyncPlan
from unified_app.signals import contents_changed

# The columns that `planning.project` decides, and so the ones that a sync may overwrite.
PROJECTED = (
    "version",
    "ollama_name",
    "category",
    "source_category",
    "capabilities",
    "parameters",
    "endpoint",
    "description",
    "source_description",
    "size",
    "context_length",
)
# Above this many names one query for the whole source is cheaper than naming them all.
_MAX_NAMED = 20_000


def stored_models(source: str, place: str, keys: Collection[str]) -> dict[str, StoredModel]:
    """Return by name key the models of `source` that `keys` names or that `place` has had."""
    rows = UnifiedModel.objects.order_by().filter(source=source).prefetch_related("placements", "category_rows")
    if len(keys) <= _MAX_NAMED:
        here = Placement.objects.filter(model=OuterRef("pk"), place=place)
        rows = rows.filter(Q(name_key__in=list(keys)) | Exists(here))
    return {row.name_key: stored_model(row) for row in rows}


def stored_model(row: UnifiedModel) -> StoredModel:
    """Return one row, with its placements and categories, as the plan sees it."""
    return StoredModel(
        id=row.id,
        name=row.name,
        columns={name: getattr(row, name) for name in PROJECTED},
        categories=frozenset(c.category for c in row.category_rows.all()),
        placements={p.place: stored_placement(p) for p in row.placements.all()},
        retired=row.is_retired,
        deleted=bool(row.deleted_by),
        category_override=row.category_override,
        description_override=row.description_override,
    )


def names_in_use(source: str, names: Iterable[str], *, has_new: bool) -> Names:
    """Return the ids that are taken, when there are new names to make ids of, and the (name, version) pairs of
    other sources for `names`.
    """
    others = UnifiedModel.objects.order_by().exclude(source=source).values_list("name", "version")
    wanted = set(names)
    return Names(
        ids=set(UnifiedModel.objects.order_by().values_list("id", flat=True)) if has_new else frozenset(),
        versions={pair for pair in others if pair[0] in wanted},
    )


def perform(plan: SyncPlan, source: str, now: datetime, by: str = "sync") -> None:
    """Write the plan; call it in a transaction that holds RegistryEpoch.lock()."""
    if plan.is_empty:
        return
    _create_models(plan.create, source)
    _update_models([p for p in plan.update if p.columns], source, now)
    _retire_models([p for p in plan.retire if p.columns], now)
    planned = [*plan.create, *plan.update, *plan.retire]
    _write_placements(planned, source, now)
    _write_abilities([p for p in (*plan.create, *plan.update) if p.columns])
    _write_versions(planned, now)
    HistoryEntry.objects.bulk_create(
        HistoryEntry(kind="model", object_id=p.id, at=now, by=by, field=field, old=old, new=new)
        for p in planned
        for field, old, new in p.changes
    )
    RegistryEpoch.bump()
    if changed := [p.id for p in plan.update if _has_other_content(p)]:
        contents_changed.send_robust(sender=None, model_ids=changed)


def _has_other_content(planned: PlannedModel) -> bool:
    """Whether a place has another digest of the model now, or has lost it."""
    return planned.new_version is not None or any(field in ("version", "placement") for field, _, _ in planned.changes)


def touch(source: str, place: str, now: datetime) -> None:
    """Note that the place answered just now, in one statement for all of its placements."""
    there = Placement.objects.present().filter(source=source, place=place)
    there.update(last_seen=now)
    if there.filter(state=Placement.State.UNREACHABLE).update(state=Placement.State.AVAILABLE):
        RegistryEpoch.bump()


def stored_placement(row: Placement) -> StoredPlacement:
    """Return a placement as the plan sees it."""
    return StoredPlacement(
        PlacementObject(
            place=row.place,
            upstream_name=row.upstream_name,
            base_url=row.base_url,
            protocol=row.protocol,
            digest=row.digest,
            version=row.version,
            size=row.size,
            modified_at=row.modified_at,
            credential=row.credential,
        ),
        row.facts,
        gone=row.state == Placement.State.GONE,
        pinned=row.pinned,
    )


def _create_models(planned: list[PlannedModel], source: str) -> None:
    UnifiedModel.objects.bulk_create(
        UnifiedModel(id=p.id, name=p.name, name_key=name_key(p.name), source=source, **p.columns) for p in planned
    )


def _update_models(planned: list[PlannedModel], source: str, now: datetime) -> None:
    """Upsert by id, which keeps ids and created_at and moves updated_at."""
    UnifiedModel.objects.bulk_create(
        [UnifiedModel(id=p.id, name=p.name, name_key=name_key(p.name), source=source, **p.columns) for p in planned],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[*PROJECTED, "updated_at"],
    )
    returned = [p.id for p in planned if p.changes and p.changes[0] == ("status", "retired", "available")]
    UnifiedModel.objects.filter(id__in=returned).update(
        status=ModelStatus.AVAILABLE, retired_at=None, retired_reason=""
    )


def _retire_models(planned: list[PlannedModel], now: datetime) -> None:
    by_reason: dict[str, list[str]] = {}
    for p in planned:
        by_reason.setdefault(p.columns["retired_reason"], []).append(p.id)
    for reason, ids in by_reason.items():
        UnifiedModel.objects.filter(id__in=ids).update(
            status=ModelStatus.RETIRED, retired_at=now, retired_reason=reason, updated_at=now
        )


def _write_placements(planned: list[PlannedModel], source: str, now: datetime) -> None:
    rows = [
        Placement(
            model_id=p.id,
            source=source,
            state=Placement.State.GONE if stored.gone else Placement.State.AVAILABLE,
            first_seen=now,
            last_seen=now,
            pinned=stored.pinned,
            facts=stored.facts,
            **asdict(stored.placement),
        )
        for p in planned
        for stored in p.placements.values()
    ]
    kept = {"model", "source", "place", "first_seen", "id"}
    fields = [f.name for f in Placement._meta.concrete_fields if f.name not in kept]
    Placement.objects.bulk_create(rows, update_conflicts=True, unique_fields=["model", "place"], update_fields=fields)


def _write_abilities(planned: list[PlannedModel]) -> None:
    ids = [p.id for p in planned]
    ModelCategory.objects.filter(model_id__in=ids).delete()
    ModelCapability.objects.filter(model_id__in=ids).delete()
    ModelCategory.objects.bulk_create(
        ModelCategory(model_id=p.id, category=category) for p in planned for category in p.categories
    )
    ModelCapability.objects.bulk_create(
        capability_row(p.id, name, p.columns["parameters"]) for p in planned for name in p.columns["capabilities"]
    )


def capability_row(model_id: str, name: str, parameters: dict[str, Any]) -> ModelCapability:
    """Return the row of one capability; a name that we do not know is kept as text."""
    kind, description = CAPABILITIES.get(name, ("text", ""))
    own = {}
    if kind == "embedding" and parameters.get("embedding_dimension"):
        own = {"embedding_dimension": parameters["embedding_dimension"]}
    return ModelCapability(
        model_id=model_id,
        capability_name=name,
        capability_type=kind,
        description=description,
        parameters=own,
        examples=[],
    )


def _write_versions(planned: list[PlannedModel], now: datetime) -> None:
    ModelVersion.objects.bulk_create(
        [
            ModelVersion(
                model_id=p.id,
                digest=p.new_version.placement.digest,
                version=p.new_version.placement.version,
                place=p.new_version.placement.place,
                size=p.new_version.placement.size,
                parameters=p.new_version.facts["parameters"],
                first_seen=now,
            )
            for p in planned
            if p.new_version and p.new_version.placement.digest
        ],
        ignore_conflicts=True,
    )


__all__ = ["capability_row", "names_in_use", "perform", "stored_model", "stored_models", "stored_placement", "touch"]
