"""Curated names: what is done with aliases. The admin and the API call these."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from unified_app.errors import Conflict, InvalidInput, NotFound
from unified_app.history import record
from unified_app.lookup import find_model
from unified_app.models import Alias, AliasChange, RegistryEpoch, UnifiedModel
from unified_app.models.catalog import ModelStatus
from unified_app.recipes import MAX_DEPTH, origins

_RECORDED = ("name", "targets", "description")
ROLLED_BACK = "rolled back"


def find_alias(name: str) -> Alias:
    """Return the alias of this name, whatever its case. Raises NotFound."""
    if alias := Alias.objects.filter(name__iexact=name).first():
        return alias
    raise NotFound(f"There is no alias {name!r}.")


def save_alias(alias: Alias, *, by: str, reason: str = "", field: str = "targets") -> Alias:
    """Validate and write a new or changed alias; what its targets were is kept, with who and why.

    Raises InvalidInput naming the fields; `field` is what the caller calls the targets.
    """
    alias.targets = target_ids(alias.targets, alias=alias, field=field)
    try:
        alias.full_clean()
    except ValidationError as error:
        details = error.message_dict
        raise InvalidInput("; ".join(f"{k}: {' '.join(v)}" for k, v in details.items()), details=details) from None
    check_name(alias)
    check_recipes(alias, field)
    with transaction.atomic():
        RegistryEpoch.lock()
        before = Alias.objects.filter(pk=alias.pk).first() if alias.pk else None
        alias.save()
        changes = {name: (getattr(before, name, None), getattr(alias, name)) for name in _RECORDED}
        record("alias", alias.pk, by, changes)
        if before and before.name != alias.name:
            AliasChange.objects.filter(alias=before.name).update(alias=alias.name)
        _note(alias, before.targets if before else [], alias.targets, by, reason)
        RegistryEpoch.bump()
    return alias


def point_alias(name: str, model_ids: Sequence[str], *, by: str, reason: str) -> Alias:
    """Let the alias name these models first and keep its fallbacks after them; made when there is none.

    The models take the place of as many of its first ones. Raises InvalidInput for a name that cannot be an alias.
    """
    with transaction.atomic():
        RegistryEpoch.lock()
        alias = Alias.objects.filter(name__iexact=name).first() or Alias(name=name)
        alias.targets = list(dict.fromkeys([*model_ids, *alias.targets[len(model_ids) :]]))
        return save_alias(alias, by=by, reason=reason)


def roll_back(alias: Alias, *, by: str, reason: str = "") -> Alias:
    """Let the alias name what it named before the change that is in force; the next one goes a step further back.

    Raises Conflict when there is no step before, or nothing of it can be called any more.
    """
    with transaction.atomic():
        RegistryEpoch.lock()
        fresh = Alias.objects.get(pk=alias.pk)
        steps = in_force(AliasChange.objects.filter(alias=fresh.name).order_by("at", "id"))
        if not steps or not steps[-1].before:
            raise Conflict(f"There is nothing before what {fresh.name} names now.")
        fresh.targets = list(steps[-1].before)
        there = UnifiedModel.objects.order_by().filter(pk__in=fresh.targets).exclude(status=ModelStatus.RETIRED)
        if not there.exists():
            raise Conflict(f"{', '.join(fresh.targets)}, which it named before, cannot be called any more.")
        return save_alias(fresh, by=by, reason=reason or ROLLED_BACK, field="models")


def in_force(changes: Iterable[AliasChange]) -> list[AliasChange]:
    """Return the changes, oldest first, without those that were taken back and what took them back."""
    steps: list[AliasChange] = []
    for change in changes:
        if steps and (change.before, change.after) == (steps[-1].after, steps[-1].before):
            steps.pop()
        else:
            steps.append(change)
    return steps


def delete_alias(alias: Alias, *, by: str, reason: str = "") -> None:
    """Delete an alias; its models stay."""
    with transaction.atomic():
        RegistryEpoch.lock()
        record("alias", alias.pk, by, {"deleted": (alias.name, None)})
        _note(alias, alias.targets, [], by, reason)
        alias.delete()
        RegistryEpoch.bump()


def target_ids(called: Iterable[str], *, alias: Alias | None = None, field: str = "targets") -> list[str]:
    """Return the ids of the models that are called so, in order and each once. Raises InvalidInput."""
    ids, wrong = [], []
    for name in called:
        try:
            ids.append(_target(name, alias))
        except (NotFound, InvalidInput) as error:
            wrong.append(error.message)
    if wrong or not ids:
        wrong = wrong or ["Name at least one model."]
        raise InvalidInput(" ".join(wrong), details={field: wrong})
    return list(dict.fromkeys(ids))


def check_name(alias: Alias) -> None:
    """Raise InvalidInput for a name that could never be reached, since an id comes first, or that another has."""
    message = ""
    if UnifiedModel.objects.filter(pk=alias.name).exists():
        message = "A model has this id, and an id comes before an alias. Choose another name."
    elif Alias.objects.filter(name__iexact=alias.name).exclude(pk=alias.pk).exists():
        message = "An alias has this name already; case does not matter. Change that one, or choose another name."
    elif not alias.name.isprintable() or alias.name != alias.name.strip():
        message = "Give printable characters, without blanks around them."
    if message:
        raise InvalidInput(message, details={"name": [message]})


def check_recipes(alias: Alias, field: str = "targets") -> None:
    """Raise InvalidInput when what the models are made of is too deep, or names the alias itself."""
    level = set(alias.targets)
    for _ in range(MAX_DEPTH + 1):
        rows = UnifiedModel.objects.order_by().filter(pk__in=level, recipe__isnull=False)
        called = {origin for recipe in rows.values_list("recipe", flat=True) for _, origin in origins(recipe)}
        if alias.name.lower() in {name.lower() for name in called}:
            message = f"A model of it is made of {alias.name} itself. Leave that model out."
            raise InvalidInput(message, details={field: [message]})
        if not called:
            return
        others = Alias.objects.filter(name__in=called).values_list("targets", flat=True)
        level = called.union(*others)
    message = f"A model of it stands on more than {MAX_DEPTH} recipes, or on itself. Leave that model out."
    raise InvalidInput(message, details={field: [message]})


def _target(called: str, alias: Alias | None) -> str:
    is_own = alias is not None and alias.name.lower() == called.lower()
    if is_own and not UnifiedModel.objects.filter(pk=called).exists():
        named = UnifiedModel.objects.filter(name__iexact=called).first()
        if named is None:
            raise InvalidInput("An alias cannot name itself.")
        return str(named.pk)
    return str(find_model(called).pk)


def _note(alias: Alias, before: Sequence[str], after: Sequence[str], by: str, reason: str) -> None:
    if list(before) != list(after):
        AliasChange.objects.create(
            alias=alias.name, before=list(before), after=list(after), at=timezone.now(), by=by, reason=reason
        )
