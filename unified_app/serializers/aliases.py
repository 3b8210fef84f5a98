"""Aliases: curated names and what they have named."""

from __future__ import annotations

from rest_framework import serializers

from unified_app.models import Alias, AliasChange
from unified_app.serializers.bodies import StrictSerializer

_REASON = "Why; it is kept with the change."


class AliasSerializer(serializers.ModelSerializer[Alias]):
    models = serializers.ListField(
        source="targets", child=serializers.CharField(), help_text="Ids, the preferred one first."
    )

    class Meta:
        model = Alias
        fields = ["name", "models", "description", "created_at", "updated_at"]
        read_only_fields = fields


class AliasBodySerializer(StrictSerializer):
    name = serializers.CharField(max_length=200, help_text="What programs call; case does not matter.")
    models = serializers.ListField(
        child=serializers.CharField(max_length=500), help_text="Ids, aliases or names, the preferred one first."
    )
    description = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000, help_text=_REASON)


class ReplacedAliasSerializer(AliasBodySerializer):
    """PUT: the name stands in the path already."""

    name = serializers.CharField(max_length=200, required=False, help_text="Another name renames it.")


class RollbackSerializer(StrictSerializer):
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000, help_text=_REASON)


class AliasChangeSerializer(serializers.ModelSerializer[AliasChange]):
    before = serializers.ListField(child=serializers.CharField())
    after = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = AliasChange
        fields = ["at", "by", "reason", "before", "after"]
        read_only_fields = fields
