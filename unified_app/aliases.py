"""Curated names: what is done with aliases. The admin calls these; the API will too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from unified_app.errors import InvalidInput, NotFound
from unified_app.history import record
from unified_app.lookup import find_model
from unified_app.models import Alias, AliasChange, RegistryEpoch, UnifiedModel

_RECORDED = ("name", "targets", "description")


def save_alias(alias: Alias, *, by: str) -> Alias:
    """Validate and write a new or changed alias. Raises InvalidInput naming the fields."""
    alias.targets = target_ids(alias.targets)
    try:
        alias.full_clean()
    except ValidationError as error:
        details = error.message_dict
        raise InvalidInput("; ".join(f"{k}: {' '.join(v)}" for k, v in details.items()), details=details) from None
    check_name(alias.name)
    with transaction.atomic():
        RegistryEpoch.lock()
        before = Alias.objects.filter(pk=alias.pk).first() if alias.pk else None
        alias.save()
        changes = {name: (getattr(before, name, None), getattr(alias, name)) for name in _RECORDED}
        record("alias", alias.pk, by, changes)
        RegistryEpoch.bump()
    return alias


def point_alias(name: str, model_ids: Sequence[str], *, by: str, reason: str) -> Alias:
    """Let the alias name these models first and keep its fallbacks after them; made when there is none.

    The models take the place of as many of its first ones. Raises InvalidInput for a name that cannot be an alias.
    """
    with transaction.atomic():
        RegistryEpoch.lock()
        alias = Alias.objects.filter(name__iexact=name).first() or Alias(name=name)
        before = list(alias.targets)
        alias.targets = list(dict.fromkeys([*model_ids, *before[len(model_ids) :]]))
        save_alias(alias, by=by)
        AliasChange.objects.create(
            alias=alias.name, before=before, after=alias.targets, at=timezone.now(), by=by, reason=reason
        )
    return alias


def delete_alias(alias: Alias, *, by: str) -> None:
    """Delete an alias; its models stay."""
    with transaction.atomic():
        record("alias", alias.pk, by, {"deleted": (alias.name, None)})
        alias.delete()
        RegistryEpoch.bump()


def target_ids(called: Iterable[str]) -> list[str]:
    """Return the ids of the models that are called so, in order and each once. Raises InvalidInput."""
    ids, missing = [], []
    for name in called:
        try:
            ids.append(find_model(name).pk)
        except NotFound:
            missing.append(name)
    if missing or not ids:
        message = f"There is no model {', '.join(missing)}." if missing else "Name at least one model."
        raise InvalidInput(message, details={"targets": [message]})
    return list(dict.fromkeys(ids))


def check_name(name: str) -> None:
    """Raise InvalidInput for a name that could never be reached, since an id comes first."""
    if UnifiedModel.objects.filter(pk=name).exists():
        message = "A model has this id, and an id comes before an alias. Choose another name."
        raise InvalidInput(message, details={"name": [message]})
