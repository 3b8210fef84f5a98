"""Models that are served, and how."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from unified_app.models import ModelServingConfig
from unified_app.models.serving import ServingState
from unified_app.serializers.bodies import StrictSerializer
from unified_app.serving.configuration import FIELDS


class ServingStatusSerializer(serializers.Serializer[Any]):
    """The serving state of one model."""

    model_id = serializers.CharField()
    state = serializers.ChoiceField(ServingState.choices)
    reason = serializers.CharField(help_text="Why it is in this state, where there is more to say.")
    endpoint = serializers.CharField(allow_null=True, help_text="What clients call.")
    placement = serializers.CharField(allow_null=True, help_text="Host and the model's name there.")
    started_at = serializers.DateTimeField(allow_null=True)
    last_health_check = serializers.DateTimeField(allow_null=True)
    health_status = serializers.ChoiceField(["unknown", "healthy", "unhealthy"])
    concurrent_requests = serializers.IntegerField(help_text="Open calls over all processes.")
    total_requests = serializers.IntegerField()
    errors = serializers.IntegerField()  # type: ignore[assignment]


class SlotsSerializer(serializers.Serializer[Any]):
    used = serializers.IntegerField()
    total = serializers.IntegerField(help_text="MAX_SERVING_MODELS.")


class ServingListSerializer(serializers.Serializer[Any]):
    serving = ServingStatusSerializer(many=True)
    slots = SlotsSerializer()


class HealthSerializer(serializers.Serializer[Any]):
    healthy = serializers.BooleanField()
    reason = serializers.CharField(help_text="Why not; empty when it is.")


class ServingConfigSerializer(serializers.ModelSerializer[ModelServingConfig]):
    class Meta:
        model = ModelServingConfig
        fields = FIELDS
        read_only_fields = fields


class ServingConfigBodySerializer(StrictSerializer, serializers.ModelSerializer[ModelServingConfig]):
    """What may be changed; fields that are left out stay as they are."""

    protocol = serializers.CharField(help_text="`http`; no other is served.")

    class Meta:
        model = ModelServingConfig
        fields = FIELDS
