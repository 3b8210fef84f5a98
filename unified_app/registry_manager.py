"""The registry's verbs: register, find, list, curate, delete, restore, sync."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from unified_app import syncing, writing
from unified_app.errors import Conflict, InvalidInput
from unified_app.history import record
from unified_app.lookup import find_model
from unified_app.model_objects import SyncResult, UnifiedModelObject
from unified_app.models import ModelCategory, RegistryEpoch, UnifiedModel
from unified_app.models.catalog import Category, ModelStatus, ModelType
from unified_app.planning import preferred, project
from unified_app.serving import stopping
from unified_app.sources import sources_meant_by

# What a curator may edit -> the column that keeps it. None resets a field to what the source says, or empties it.
EDITABLE = {
    "category": "category_override",
    "description": "description_override",
    "tags": "tags",
    "display_name": "display_name",
    "hidden": "hidden",
    "owner": "owner",
    "notes": "notes",
}
_EMPTY: dict[str, Any] = {"tags": [], "hidden": False}


class UnifiedRegistryManager:
    """The registry as plain Python; `by` names who acts, for the history."""

    def __init__(self, by: str = "shell") -> None:
        self.by = by

    def register_model(self, model: UnifiedModelObject) -> bool:
        """Add or update one model with its placement; return whether anything changed."""
        problem = _problem(model)
        if problem:
            raise InvalidInput(problem[1], details={problem[0]: [problem[1]]})
        place = model.placements[0].place
        reading = syncing.Reading(models=[model])
        plan = syncing.apply(model.source, place, reading, complete=False)
        return not plan.is_empty

    def get_model(self, model_id: str) -> UnifiedModelObject:
        """Return one model by id, alias or name. Raises NotFound."""
        return to_object(find_model(model_id))

    def list_models(
        self, category: str | None = None, model_type: str | None = None, source: str | None = None
    ) -> list[UnifiedModelObject]:
        """Return what is neither retired nor hidden; a category lists every model that can do it."""
        rows = UnifiedModel.objects.shown().prefetch_related("placements")
        if category:
            rows = rows.in_category(category)
        if model_type:
            rows = rows.filter(model_type=model_type)
        if source:
            rows = rows.filter(source__in=sources_meant_by(source))
        return [to_object(row) for row in rows]

    def update_model(self, model_id: str, updates: dict[str, Any]) -> bool:
        """Change what curators may edit; return whether anything changed.

        Raises InvalidInput for a field that is none of EDITABLE or a value that it cannot have.
        """
        checked = {name: _checked(name, value) for name, value in updates.items()}
        with transaction.atomic():
            RegistryEpoch.lock()
            row = find_model(model_id)
            before = {name: getattr(row, EDITABLE[name]) for name in checked}
            for name, value in checked.items():
                setattr(row, EDITABLE[name], value)
            changed = {name for name, value in checked.items() if before[name] != value}
            if not changed:
                return False
            if changed & {"category", "description"}:
                reproject(row)
            row.save()
            record("model", row.pk, self.by, {name: (before[name], checked[name]) for name in changed})
            RegistryEpoch.bump()
        return True

    def delete_model(self, model_id: str) -> bool:
        """Retire a model for good: a sync does not bring it back and its id stays taken. False: it was already.

        One that is served is stopped first; open calls may finish. Raises Conflict while others build on it.
        """
        found = find_model(model_id)
        check_unused(found)
        stopping.stop(found.pk, f"deleted by {self.by}")
        return self._set_deleted(model_id, retired=True)

    def restore_model(self, model_id: str) -> bool:
        """Bring back a model that a curator deleted, or that vanished and has a placement again."""
        return self._set_deleted(model_id, retired=False)

    def sync_with_sources(self) -> SyncResult:
        """Sync every place of every source now, in this process; a dead one is in `failed`, the others are done."""
        return syncing.sync_places(syncing.places_to_sync(None, None), by=self.by)

    def _set_deleted(self, model_id: str, *, retired: bool) -> bool:
        with transaction.atomic():
            RegistryEpoch.lock()
            row = find_model(model_id)
            if retired == bool(row.deleted_by) and retired == row.is_retired:
                return False
            if retired:
                check_unused(row)
            before = (row.status, row.retired_reason)
            change = _retire if retired else _restore
            change(row, self.by)
            row.save()
            after = (row.status, row.retired_reason)
            record(
                "model",
                row.pk,
                self.by,
                dict(zip(("status", "retired_reason"), zip(before, after, strict=True), strict=True)),
            )
            RegistryEpoch.bump()
        return True


def reproject(row: UnifiedModel) -> None:
    """Recompute a row's columns and categories from its placements and overrides; the caller saves the row."""
    stored = writing.stored_model(row)
    chosen = preferred(stored.placements)
    if chosen is None:
        row.category = row.category_override or row.source_category or row.category
        row.description = row.description_override or row.source_description
        return
    # The version carries a mark when another source shares it; a curator's edit does not move it.
    columns, categories = project(
        row.source,
        row.name,
        chosen,
        category_override=row.category_override,
        description_override=row.description_override,
    )
    for name, value in columns.items():
        if name != "version":
            setattr(row, name, value)
    ModelCategory.objects.filter(model=row).delete()
    ModelCategory.objects.bulk_create(ModelCategory(model=row, category=c) for c in categories)


def to_object(row: UnifiedModel) -> UnifiedModelObject:
    """Return a row as the plain value that `to_dict` and the specification know."""
    placements = [p for p in writing.stored_model(row).placements.values() if not p.gone]
    return UnifiedModelObject(
        id=row.id,
        name=row.name,
        version=row.version,
        ollama_name=row.ollama_name,
        category=row.category,
        model_type=row.model_type,
        source=row.source,
        capabilities=list(row.capabilities),
        parameters=dict(row.parameters),
        endpoint=row.endpoint,
        status=row.status,
        created_at=row.created_at,
        updated_at=row.updated_at,
        description=row.description or "",
        performance_metrics=dict(row.performance_metrics),
        is_cloud=row.source_category == "cloud",
        size=row.size,
        context_length=row.context_length,
        placements=[replace(p.placement) for p in placements],
    )


def _retire(row: UnifiedModel, by: str) -> None:
    row.status, row.retired_at = ModelStatus.RETIRED, timezone.now()
    row.deleted_by, row.retired_reason = by, f"deleted by {by}"


def check_unused(row: UnifiedModel) -> None:
    """Raise Conflict when models that are not retired are made from this one."""
    derived = row.derived.exclude(model__status=ModelStatus.RETIRED).order_by("model_id")
    if users := list(derived.values_list("model_id", flat=True).distinct()):
        shown = ", ".join(users[:5]) + (f" and {len(users) - 5} more" if len(users) > 5 else "")
        raise Conflict(f"Others build on {row.name}: {shown}. Delete those first.", details={"used_by": users})


def _restore(row: UnifiedModel, by: str) -> None:
    if row.recipe:
        _check_origins(row)
    elif not row.placements.present().exists():
        raise Conflict("No host has this model now. It comes back by itself when a sync finds it again.")
    row.status, row.retired_at = ModelStatus.AVAILABLE, None
    row.deleted_by = row.retired_reason = ""


def _check_origins(row: UnifiedModel) -> None:
    """A variant has no place of its own; it comes back when what it is made from is there."""
    gone = row.origins.filter(origin__status=ModelStatus.RETIRED).values_list("origin_id", flat=True)
    if missing := sorted(set(gone)):
        raise Conflict(f"It is made from {', '.join(missing)}, which is retired. Restore that first.")


def _problem(model: UnifiedModelObject) -> tuple[str, str] | None:
    """Return (field, what is wrong with it) of an object that cannot be registered."""
    if not model.name.strip():
        return "name", "A model needs a name."
    if len(model.placements) != 1:
        return "placements", "Give exactly one placement; register once per host."
    if model.model_type not in ModelType.values:
        return "model_type", f"Model types are: {', '.join(ModelType.values)}."
    if model.category and model.category not in Category.values:
        return "category", f"Categories are: {', '.join(Category.values)}."
    return None


def _checked(name: str, value: Any) -> Any:
    if name not in EDITABLE:
        message = f"This cannot be edited. Editable are: {', '.join(EDITABLE)}."
        raise InvalidInput(f"{name}: {message}", details={name: [message]})
    if value is None:
        return _EMPTY.get(name, "")
    valid, message = _RULES.get(name, (lambda v: isinstance(v, str), "Give text, or null to reset."))
    if not valid(value):
        raise InvalidInput(f"{name}: {message}", details={name: [message]})
    return value


def _is_tags(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(tag, str) and tag.strip() for tag in value)


_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "category": (
        lambda value: value in ("", *Category.values),
        f"Categories are: {', '.join(Category.values)}; null resets.",
    ),
    "hidden": (lambda value: isinstance(value, bool), "Give true or false."),
    "tags": (_is_tags, "Give a list of words."),
}
