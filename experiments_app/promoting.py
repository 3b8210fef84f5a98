"""What people decide about a variant that is there: promote it, archive it, bring it back."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from experiments_app import outbox
from experiments_app.evaluation.gates import gates
from experiments_app.models import GateCheck, Variant
from unified_app.aliases import point_alias
from unified_app.errors import Conflict, InvalidInput, NotFound
from unified_app.history import record
from unified_app.lookup import find_model
from unified_app.models import RegistryEpoch, UnifiedModel
from unified_app.models.catalog import ModelType
from unified_app.registry_manager import UnifiedRegistryManager


def find_variant(called: str) -> Variant:
    """Return the variant whose model has this id, alias or name. Raises NotFound."""
    model = find_model(called)
    row: Variant | None = Variant.objects.listed().filter(model=model).first()
    if row is None:
        raise NotFound(f"{model.name} is no experimental model.")
    return row


def promote(variant: Variant, *, by: str, reason: str, alias: str = "", override_gates: bool = False) -> Variant:
    """Make the variant one of the team's models, and the first one of `alias` when it is given.

    Who, when and why are kept in the model's history and among the alias's changes. Raises Conflict for a variant
    that cannot be called, or that breaks a gate: `override_gates` promotes it nevertheless, which is kept too.
    """
    if not reason.strip():
        message = "Say why, for those who read the history later."
        raise InvalidInput(f"reason: {message}", details={"reason": [message]})
    _check_callable(variant)
    broken = _broken_gates(variant, alias)
    if broken and not override_gates:
        raise _refusal(broken)
    with transaction.atomic():
        RegistryEpoch.lock()
        row = Variant.objects.listed().get(pk=variant.pk)
        _check_callable(row)
        _write_promotion(row, by, reason, alias, [check.report["gate"] for check in broken])
        if alias:
            _point(alias, row, by, reason)
        outbox.announce([row], by=by)
        RegistryEpoch.bump()
    return Variant.objects.listed().get(pk=variant.pk)


def archive(variant: Variant, *, by: str) -> Variant:
    """Retire the variant's model: it cannot be called and its id stays taken. Raises Conflict while others need it."""
    UnifiedRegistryManager(by=by).delete_model(variant.model_id or "")
    return Variant.objects.listed().get(pk=variant.pk)


def restore(variant: Variant, *, by: str) -> Variant:
    """Bring an archived variant back as what it was. Raises Conflict when what it is made from is retired."""
    UnifiedRegistryManager(by=by).restore_model(variant.model_id or "")
    return Variant.objects.listed().get(pk=variant.pk)


def _check_callable(row: Variant) -> None:
    if row.shown_status in (Variant.Status.ARCHIVED, Variant.Status.FAILED):
        raise Conflict(f"Only a variant that can be called may be promoted; this one is {row.shown_status}.")


def _broken_gates(variant: Variant, alias: str) -> list[GateCheck]:
    """Return the checks of the rules that do not hold, or that nobody can decide for want of results."""
    assert variant.model is not None
    checks = gates.check_promotion(variant.model, alias)
    return [check for check in checks if check.state != GateCheck.State.PASSED]


def _refusal(broken: list[GateCheck]) -> Conflict:
    told = "; ".join(f"{check.report['gate']}: {' '.join(check.report['reasons'])}" for check in broken)
    message = f"It does not pass {len(broken)} of the gates. {told} Promote it with override_gates if you must."
    return Conflict(message, details={"gate": [{"check": check.pk, **check.report} for check in broken]})


def _point(alias: str, row: Variant, by: str, reason: str) -> None:
    try:
        point_alias(alias, [str(row.model_id)], by=by, reason=reason)
    except InvalidInput as error:
        # What is the alias's name there is the field `alias` here.
        told = [message for messages in (error.details or {}).values() for message in messages]
        raise InvalidInput(f"alias: {' '.join(told)}", details={"alias": told}) from None


def _write_promotion(row: Variant, by: str, reason: str, alias: str, overridden: list[str]) -> None:
    assert row.model is not None
    told: dict[str, Any] = {"reason": reason} | ({"alias": alias} if alias else {})
    told |= {"override_gates": overridden} if overridden else {}
    changes = {"model_type": (row.model.model_type, ModelType.VARIANT.value), "promoted": (None, told)}
    UnifiedModel.objects.filter(pk=row.model.pk).update(model_type=ModelType.VARIANT, updated_at=timezone.now())
    Variant.objects.filter(pk=row.pk).update(status=Variant.Status.PROMOTED, promoted_at=timezone.now())
    record("model", row.model.pk, by, changes)
