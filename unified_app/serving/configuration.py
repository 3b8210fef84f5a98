"""How one model is served, and changing it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from unified_app.errors import InvalidInput
from unified_app.history import record
from unified_app.models import ModelServingConfig, RegistryEpoch, UnifiedModel
from unified_app.serving import states

FIELDS = ("endpoint", "protocol", "timeout", "max_concurrent_requests", "health_check_interval", "max_queue")


def configure(model: UnifiedModel, updates: dict[str, Any], *, by: str) -> ModelServingConfig:
    """Change how a model is served, from now on and in every process. Raises InvalidInput naming the fields."""
    with states.changing():
        row = ModelServingConfig.objects.filter(model=model).first() or ModelServingConfig(model=model)
        before = {name: getattr(row, name) for name in FIELDS}
        for name, value in updates.items():
            setattr(row, name, None if value == "" else value)  # a form's empty field
        _check(row)
        if updates and before != {name: getattr(row, name) for name in FIELDS}:
            row.save()
            changes = {f"serving.{name}": (before[name], getattr(row, name)) for name in FIELDS}
            record("model", model.pk, by, changes)
            RegistryEpoch.bump()
    return row


def _check(row: ModelServingConfig) -> None:
    if row.protocol not in ModelServingConfig.Protocol.values:
        message = f"{row.protocol!r} is not served; only http is."
        raise InvalidInput(f"protocol: {message}", details={"protocol": [message]})
    try:
        row.clean_fields()
    except ValidationError as error:
        details = error.message_dict
        sentence = "; ".join(f"{name}: {' '.join(messages)}" for name, messages in details.items())
        raise InvalidInput(sentence, details=details) from None
