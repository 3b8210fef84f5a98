"""The rows of the catalog that are kept beside the registry's models."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from github_models_app.catalog import GitHubModel, unknown_publisher
from github_models_app.mapping import SOURCE
from github_models_app.models import CatalogEntry
from unified_app.errors import NotFound
from unified_app.models import UnifiedModel
from unified_app.models.catalog import ModelStatus

_WRITTEN = [f.name for f in CatalogEntry._meta.concrete_fields if not f.primary_key]


def keep(models: Iterable[GitHubModel], archived_on: date | None = None) -> None:
    """Upsert the rows of models that are in the registry; call it in the transaction that wrote those."""
    by_key = {model.key: model for model in models}
    found = UnifiedModel.objects.order_by().filter(source=SOURCE)
    ids = {key: pk for pk, key in found.values_list("pk", "name_key") if key in by_key}
    rows = [_entry(by_key[key], pk, archived_on) for key, pk in ids.items()]
    CatalogEntry.objects.bulk_create(rows, update_conflicts=True, unique_fields=["id"], update_fields=_WRITTEN)


def publishers() -> QuerySet[CatalogEntry, Any]:
    """Return every publisher with how many models it has that lists show, and how many are retired; one query."""
    is_retired = Q(model__status=ModelStatus.RETIRED)
    found: QuerySet[CatalogEntry, Any] = (
        CatalogEntry.objects.order_by("publisher_slug")
        .values("publisher_slug")
        .annotate(
            name=Max("publisher"),
            models=Count("pk", filter=~is_retired & Q(model__hidden=False)),
            retired=Count("pk", filter=is_retired),
        )
    )
    return found


def find_publisher(called: str) -> dict[str, Any]:
    """Return one publisher by slug or name. Raises NotFound, naming the valid slugs."""
    key = called.strip().lower()
    found: list[dict[str, Any]] = list(publishers())
    for publisher in found:
        if key in (publisher["publisher_slug"], publisher["name"].lower()):
            return publisher
    raise NotFound(unknown_publisher(called, (publisher["publisher_slug"] for publisher in found)))


def _entry(model: GitHubModel, model_id: str, archived_on: date | None) -> CatalogEntry:
    told = asdict(model)
    limits = {name: told.pop(name) for name in ("max_input_tokens", "max_output_tokens")}
    lists = ("input_modalities", "output_modalities", "capabilities", "tags")
    told |= {name: list(told[name]) for name in lists}
    # The key and not the id: a catalog that changes only the case of an id tells of the same model.
    return CatalogEntry(**(told | {"id": model.key}), limits=limits, model_id=model_id, archived_on=archived_on)
