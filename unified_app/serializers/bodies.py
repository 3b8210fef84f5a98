"""What every request body has in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework import serializers


class ClosedField(serializers.ChoiceField):
    """One of a closed set; another value is an error that names the valid ones."""

    def __init__(self, choices: Sequence[Any], **more: Any) -> None:
        super().__init__(choices, **more)
        valid = ", ".join(str(choice) for choice in self.choices)
        self.error_messages["invalid_choice"] = f"{{input!r}} is not valid. Valid are: {valid}."


class StrictSerializer(serializers.Serializer[Any]):
    """A body in which an unknown field is an error: a typing error must not pass as success."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, Mapping) else []
        if unknown:
            message = f"There is no such field. Fields are: {', '.join(self.fields)}."
            raise serializers.ValidationError({name: [message] for name in unknown})
        return super().to_internal_value(data)
