"""What the API tells of experimental models, and what it takes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from experiments_app.models import Variant
from experiments_app.schemas import TYPES
from unified_app.serializers.bodies import StrictSerializer


class ExperimentalModelSerializer(serializers.ModelSerializer[Variant]):
    """A row of `Variant.objects.listed()`."""

    id = serializers.CharField(source="model_id", read_only=True)
    name = serializers.CharField(source="model.name", read_only=True, help_text="What the gateway calls.")
    base_model = serializers.CharField(source="experiment.base.name", read_only=True, help_text="Its name.")
    base_model_id = serializers.CharField(source="experiment.base_id", read_only=True)
    experiment_type = serializers.ChoiceField(TYPES, source="experiment.experiment_type", read_only=True)
    experiment = serializers.IntegerField(source="experiment_id", read_only=True)
    parameters = serializers.DictField(read_only=True, help_text="As they were given; of a search, its point.")
    status = serializers.CharField(
        source="shown_status", read_only=True, help_text=f"One of: {', '.join(Variant.Status.values)}."
    )
    model_type = serializers.CharField(source="model.model_type", read_only=True)
    recipe = serializers.DictField(source="model.recipe", read_only=True)
    host = serializers.CharField(read_only=True, help_text="The Ollama host that holds it; empty for an overlay.")
    is_lost = serializers.BooleanField(
        read_only=True, help_text="Its host no longer has the model that it is there. POST .../realise makes it again."
    )
    error = serializers.CharField(read_only=True, help_text="Why it failed.")
    mlflow_url = serializers.CharField(
        read_only=True, allow_null=True, help_text="Its run in MLflow's pages; null without MLFLOW_UI_URL."
    )
    description = serializers.CharField(source="model.description", read_only=True)
    created_by = serializers.CharField(source="experiment.created_by", read_only=True)

    class Meta:
        model = Variant
        fields = [
            "id",
            "name",
            "base_model",
            "base_model_id",
            "experiment_type",
            "experiment",
            "parameters",
            "created_at",
            "created_by",
            "mlflow_run_id",
            "mlflow_url",
            "status",
            "model_type",
            "recipe",
            "realised",
            "host",
            "is_lost",
            "error",
            "description",
            "promoted_at",
        ]
        read_only_fields = fields


class MadeSerializer(ExperimentalModelSerializer):
    """The first variant that was made, and all of them."""

    variants = ExperimentalModelSerializer(many=True, read_only=True, help_text="All that were made: of a search many.")

    class Meta(ExperimentalModelSerializer.Meta):
        fields = [*ExperimentalModelSerializer.Meta.fields, "variants"]
        read_only_fields = fields


class PromotionSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=2_000, help_text="Kept in the history.")
    alias = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=200, help_text="Its first model becomes this one."
    )
    override_gates = serializers.BooleanField(
        required=False, default=False, help_text="Promote it though it does not pass a gate; kept in the history."
    )


class DeletionSerializer(serializers.Serializer[Any]):
    delete_on_host = serializers.BooleanField(
        required=False, default=False, help_text="Delete the model that it is on its host there too."
    )


class RelativeSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    role = serializers.ChoiceField(["base", "member", "judge"], help_text="What the older model is to the newer.")
    of = serializers.CharField(help_text="Id of the model at the other end of the step.")
    depth = serializers.IntegerField(help_text="Steps from the model that was asked for.")
    model_type = serializers.CharField()
    status = serializers.CharField()


class LineageSerializer(serializers.Serializer[Any]):
    ancestors = RelativeSerializer(many=True)
    descendants = RelativeSerializer(many=True)


class DiffQuerySerializer(serializers.Serializer[Any]):
    to = serializers.CharField(
        required=False, max_length=500, help_text="Id, alias or name of a model to compare with, instead of the base."
    )


class DifferenceSerializer(serializers.Serializer[Any]):
    path = serializers.CharField()
    base = serializers.JSONField(allow_null=True)
    variant = serializers.JSONField(allow_null=True)


class DiffSerializer(serializers.Serializer[Any]):
    diff = DifferenceSerializer(many=True)


class ArtifactSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    sha256 = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")


class ArtifactsSerializer(serializers.Serializer[Any]):
    artifacts = ArtifactSerializer(many=True)


class SchemasSerializer(serializers.Serializer[Any]):
    schemas = serializers.DictField(child=serializers.DictField(), help_text="Type -> JSON schema of the whole body.")
    examples = serializers.DictField(child=serializers.DictField(), help_text="Type -> an example of its parameters.")
