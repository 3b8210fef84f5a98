"""Finding a model by what people call it: id, then alias, then name."""

from __future__ import annotations

from django.conf import settings

from unified_app.errors import NotFound
from unified_app.models import Alias, UnifiedModel
from unified_app.naming import name_key


def find_model(called: str) -> UnifiedModel:
    """Return the model that `called` means. Raises NotFound.

    An id is exact. An alias means its first target that is not retired. A name may leave `:latest` out and its
    case does not matter; when sources share it, the order of MODEL_SOURCES decides.
    """
    if model := UnifiedModel.objects.filter(pk=called).first():
        return model
    if (alias := Alias.objects.filter(name__iexact=called).first()) and (model := _first_target(alias)):
        return model
    order = list(settings.MODEL_SOURCES)
    named = UnifiedModel.objects.filter(name_key=name_key(called))
    ranked = sorted(named, key=lambda m: (m.is_retired, order.index(m.source) if m.source in order else 99))
    if ranked:
        return ranked[0]
    raise NotFound(f"There is no model with the id, alias or name {called!r}.")


def _first_target(alias: Alias) -> UnifiedModel | None:
    rows = UnifiedModel.objects.in_bulk(alias.targets)
    targets = [rows[target] for target in alias.targets if target in rows]
    return next((m for m in targets if not m.is_retired), targets[0] if targets else None)
