"""Archived catalogs: what a service once offered, kept in the registry as retired models."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from github_models_app import entries
from github_models_app.catalog import GitHubModel, read_catalog
from github_models_app.mapping import PLACE, SOURCE, to_unified
from unified_app import syncing
from unified_app.model_objects import RejectedRow
from unified_app.models import HistoryEntry, Placement, RegistryEpoch, UnifiedModel
from unified_app.models.catalog import ModelStatus


@dataclass
class Loaded:
    """What came of an archive; `present` counts the rows whose models the registry had already."""

    loaded: int = 0
    present: int = 0
    rejected: list[RejectedRow] = field(default_factory=list)


def load(rows: Iterable[Any], *, day: date, base_url: str, by: str) -> Loaded:
    """Register the rows of an archived catalog as retired models; what the registry has already is not touched."""
    found = list(read_catalog(rows))
    models = [row for row in found if isinstance(row, GitHubModel)]
    done = Loaded(rejected=[row for row in found if isinstance(row, RejectedRow)])
    with transaction.atomic():
        RegistryEpoch.lock()
        known = set(UnifiedModel.objects.order_by().filter(source=SOURCE).values_list("name_key", flat=True))
        new = [model for model in models if model.key not in known]
        done.loaded, done.present = len(new), len(models) - len(new)
        if new:
            _register(new, day, base_url, by)
    return done


def _register(models: list[GitHubModel], day: date, base_url: str, by: str) -> None:
    """Register models like a sync would, and retire them before anybody sees them."""
    reading = syncing.Reading(models=[to_unified(model, base_url) for model in models])
    plan = syncing.apply(SOURCE, PLACE, reading, complete=False)
    ids, now = [planned.id for planned in plan.create], timezone.now()
    reason = f"from an archive of the GitHub Models catalog of {day}"
    UnifiedModel.objects.filter(pk__in=ids).update(
        status=ModelStatus.RETIRED, retired_at=now, retired_reason=reason, updated_at=now
    )
    Placement.objects.filter(model__in=ids, source=SOURCE, place=PLACE).update(state=Placement.State.GONE)
    HistoryEntry.objects.bulk_create(
        HistoryEntry(kind="model", object_id=pk, at=now, by=by, field="retired_reason", old="", new=reason)
        for pk in ids
    )
    entries.keep(models, archived_on=day)
