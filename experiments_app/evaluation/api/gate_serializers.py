"""What the API of gates takes and tells."""

from __future__ import annotations

from rest_framework import serializers

from experiments_app.evaluation.gates.gate_rules import RULE
from experiments_app.models import Gate, GateCheck
from unified_app.serializers.bodies import StrictSerializer


class GateSerializer(serializers.ModelSerializer[Gate]):
    """A row of `Gate.objects.select_related("suite")`."""

    suite = serializers.CharField(source="suite.name", read_only=True)

    class Meta:
        model = Gate
        fields = ["id", "name", "suite", *RULE, "created_at", "created_by"]
        read_only_fields = fields


class GateBodySerializer(StrictSerializer):
    name = serializers.CharField(max_length=200)
    suite = serializers.CharField(max_length=200, help_text="Number or name.")
    metric = serializers.CharField(max_length=200, required=False, default="pass")
    compare_to = serializers.CharField(
        max_length=500, required=False, default="", allow_blank=True, help_text="Alias, id or name; empty: before."
    )
    max_drop_points = serializers.FloatField(min_value=0, required=False, default=None, allow_null=True)
    p95_seconds = serializers.FloatField(min_value=0, required=False, default=None, allow_null=True)
    alias = serializers.CharField(
        max_length=200, required=False, default="", allow_blank=True, help_text="Promotions to it; empty: to any."
    )
    on_promotion = serializers.BooleanField(required=False, default=True)
    on_digest_change = serializers.BooleanField(required=False, default=False)
    enabled = serializers.BooleanField(required=False, default=True)


class GateCheckSerializer(serializers.ModelSerializer[GateCheck]):
    """A row of `GateCheck` with its gate, model and run."""

    gate = serializers.CharField(source="gate.name", read_only=True)
    model = serializers.CharField(source="model_id", read_only=True)
    name = serializers.CharField(source="model.name", read_only=True)
    evaluation = serializers.IntegerField(source="run_id", read_only=True, allow_null=True)
    evaluation_state = serializers.CharField(source="run.state", read_only=True, default=None)

    class Meta:
        model = GateCheck
        fields = ["id", "gate", "model", "name", "evaluation", "evaluation_state", "why", "state", "report", "at"]
        read_only_fields = fields


class CheckBodySerializer(StrictSerializer):
    model = serializers.CharField(max_length=500, help_text="Id, alias or name.")
