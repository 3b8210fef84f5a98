"""Models follow the name of their endpoint: `old/model` becomes `new/model`, under the same id."""

from __future__ import annotations

from django.db.models import Q

from unified_app.history import record
from unified_app.models import Placement, UnifiedModel
from unified_app.naming import name_key

SOURCE = "external"
BY = "rename"


def rename_models(before: str, after: str) -> str:
    """Rename the models of an endpoint whose placements are renamed already; runs in the caller's transaction.

    Returns a name that another model has or had, so that nothing was renamed; "" when all is well.
    """
    placed = Placement.objects.filter(source=SOURCE, place=after).values("model")
    rows = [row for row in UnifiedModel.objects.filter(pk__in=placed) if row.name.startswith(f"{before}/")]
    new = {row.pk: f"{after}{row.name.removeprefix(before)}" for row in rows}
    if clash := _clash(rows, new):
        return clash
    for row in rows:
        record("model", row.pk, BY, {"name": (row.name, new[row.pk])})
        row.name, row.name_key = new[row.pk], name_key(new[row.pk])
    UnifiedModel.objects.bulk_update(rows, ["name", "name_key"], batch_size=500)
    return ""


def _clash(rows: list[UnifiedModel], new: dict[str, str]) -> str:
    """Return a new name that is taken: by a model of this source, or with the same version by one of another."""
    versions = {(new[row.pk], row.version) for row in rows}
    keys = {name_key(name) for name in new.values()}
    taken = UnifiedModel.objects.exclude(pk__in=new).filter(
        Q(source=SOURCE, name_key__in=keys) | Q(name__in=new.values())
    )
    for row in taken.only("name", "source", "version", "name_key"):
        if row.source == SOURCE or (row.name, row.version) in versions:
            return str(row.name)
    return ""
