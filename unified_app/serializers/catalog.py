"""Models, what answers for them, and what was behind their names."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from unified_app import rows
from unified_app.models import HistoryEntry, ModelServingStatus, ModelVersion, Placement, UnifiedModel
from unified_app.models.catalog import Category, ModelStatus
from unified_app.serializers.bodies import ClosedField, StrictSerializer


class PlacementSerializer(serializers.ModelSerializer[Placement]):
    model = serializers.CharField(source="model_id", read_only=True)
    host = serializers.CharField(source="place", read_only=True, help_text="Name of the host or endpoint.")

    class Meta:
        model = Placement
        fields = [
            "id",
            "model",
            "source",
            "host",
            "upstream_name",
            "base_url",
            "protocol",
            "digest",
            "version",
            "size",
            "state",
            "pinned",
            "modified_at",
            "first_seen",
            "last_seen",
        ]
        read_only_fields = fields


class VersionSerializer(serializers.ModelSerializer[ModelVersion]):
    model = serializers.CharField(source="model_id", read_only=True)
    host = serializers.CharField(source="place", read_only=True, help_text="Where it was seen first.")
    parameters = serializers.DictField(read_only=True)

    class Meta:
        model = ModelVersion
        fields = ["id", "model", "version", "digest", "host", "size", "parameters", "first_seen"]
        read_only_fields = fields


class ServingSerializer(serializers.ModelSerializer[ModelServingStatus]):
    state = serializers.CharField(source="status", read_only=True)

    class Meta:
        model = ModelServingStatus
        fields = [
            "state",
            "reason",
            "endpoint",
            "started_at",
            "last_health_check",
            "health_status",
            "concurrent_requests",
            "total_requests",
            "errors",
        ]
        read_only_fields = fields


class ModelSerializer(serializers.ModelSerializer[UnifiedModel]):
    """A row of the list."""

    categories = serializers.SerializerMethodField(help_text="Everything the model can do; `category` is the primary.")
    capabilities = serializers.ListField(child=serializers.CharField(), read_only=True)
    parameters = serializers.DictField(read_only=True, help_text="What the source tells of the model.")
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)
    performance_metrics = serializers.DictField(read_only=True)
    hosts = serializers.SerializerMethodField(help_text="Names of the hosts and endpoints that answer for the model.")
    drift = serializers.SerializerMethodField(help_text="Whether its hosts hold different digests under its name.")
    demo = serializers.SerializerMethodField(help_text="Whether a demo upstream answers for it.")

    class Meta:
        model = UnifiedModel
        fields = [
            "id",
            "name",
            "version",
            "ollama_name",
            "category",
            "categories",
            "model_type",
            "source",
            "capabilities",
            "parameters",
            "status",
            "endpoint",
            "description",
            "display_name",
            "tags",
            "size",
            "context_length",
            "hosts",
            "drift",
            "demo",
            "hidden",
            "performance_metrics",
            "created_at",
            "updated_at",
            "retired_at",
        ]
        read_only_fields = fields

    def get_categories(self, model: UnifiedModel) -> list[str]:
        return [row.category for row in model.category_rows.all()]

    def get_hosts(self, model: UnifiedModel) -> list[str]:
        return rows.host_names(model)

    def get_drift(self, model: UnifiedModel) -> bool:
        return rows.is_drifting(model)

    def get_demo(self, model: UnifiedModel) -> bool:
        return rows.is_demo(model, self.context["demo_places"])


class ModelDetailSerializer(ModelSerializer):
    """One model with everything that belongs to it."""

    placements = serializers.SerializerMethodField(help_text="The places that answer for the model.")
    versions = serializers.SerializerMethodField(help_text="What was behind its name, the newest first; at most 100.")
    serving = serializers.SerializerMethodField()
    overrides = serializers.SerializerMethodField(help_text="What curators set; null where nothing is set.")
    source_values = serializers.SerializerMethodField(help_text="What the source says where curators may override it.")
    texts = serializers.SerializerMethodField(help_text="`template`, `system` and `license`, as far as they are known.")

    class Meta:
        model = UnifiedModel
        fields = [
            *ModelSerializer.Meta.fields,
            "placements",
            "versions",
            "serving",
            "overrides",
            "source_values",
            "retired_reason",
            "texts",
            "owner",
            "notes",
        ]
        read_only_fields = fields

    @extend_schema_field(PlacementSerializer(many=True))
    def get_placements(self, model: UnifiedModel) -> Any:
        return PlacementSerializer(rows.present_placements(model), many=True).data

    @extend_schema_field(VersionSerializer(many=True))
    def get_versions(self, model: UnifiedModel) -> Any:
        return VersionSerializer(model.versions.all()[:100], many=True).data

    @extend_schema_field(ServingSerializer)
    def get_serving(self, model: UnifiedModel) -> Any:
        return ServingSerializer(rows.serving_of(model)).data

    def get_overrides(self, model: UnifiedModel) -> dict[str, Any]:
        return rows.overrides_of(model)

    def get_source_values(self, model: UnifiedModel) -> dict[str, Any]:
        return rows.source_values_of(model)

    def get_texts(self, model: UnifiedModel) -> dict[str, str]:
        return rows.texts_of(model)


class CurationSerializer(StrictSerializer):
    """What a curator may change; null resets a field to what the source says, or empties it."""

    category = ClosedField(Category.choices, required=False, allow_null=True)
    description = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=20_000)
    tags = serializers.ListField(
        child=serializers.CharField(max_length=60), max_length=50, required=False, allow_null=True
    )
    display_name = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=200)
    hidden = serializers.BooleanField(required=False, allow_null=True)
    owner = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=200)
    notes = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=20_000)


class HistorySerializer(serializers.ModelSerializer[HistoryEntry]):
    class Meta:
        model = HistoryEntry
        fields = ["at", "by", "field", "old", "new"]
        read_only_fields = fields


class BriefModelSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    status = serializers.ChoiceField(ModelStatus.choices)


class CategoryModelsSerializer(serializers.Serializer[Any]):
    category = serializers.ChoiceField(Category.choices)
    models = BriefModelSerializer(many=True)


class CategoryCountsSerializer(serializers.Serializer[Any]):
    categories = serializers.DictField(
        child=serializers.IntegerField(), help_text="Models by primary category, so that the counts add up."
    )
