"""Jobs, syncs and the sources that they read."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from unified_app.models import Job, SyncRun


class JobSerializer(serializers.ModelSerializer[Job]):
    by = serializers.CharField(source="created_by", read_only=True)
    progress = serializers.DictField(read_only=True)

    class Meta:
        model = Job
        fields = [
            "id",
            "kind",
            "state",
            "progress",
            "result",
            "error",
            "attempt",
            "by",
            "run_after",
            "created_at",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields


class QueuedSerializer(serializers.Serializer[Any]):
    job = JobSerializer()


class FailureSerializer(serializers.Serializer[Any]):
    source = serializers.CharField()  # type: ignore[assignment]
    host = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()
    row = serializers.CharField(required=False, help_text="Of a listing's row that was rejected: which one.")


class SyncSerializer(serializers.Serializer[Any]):
    """What a sync did."""

    result = serializers.ChoiceField(["success", "partial", "failed"])
    synced_models = serializers.IntegerField(help_text="Models seen in this run.")
    categories = serializers.DictField(child=serializers.IntegerField(), help_text="Seen models by primary category.")
    duration = serializers.CharField(help_text="Such as `2.5s`.")
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    retired = serializers.IntegerField()
    failed = FailureSerializer(many=True)
    job_id = serializers.IntegerField()


class AsyncQuerySerializer(serializers.Serializer[Any]):
    """The query parameters of a sync of one place."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # `async` is a word of Python, so it cannot be an attribute.
        told = "Do not wait: answer 202 at once."
        return super().get_fields() | {"async": serializers.BooleanField(default=False, help_text=told)}


class SyncQuerySerializer(AsyncQuerySerializer):
    """The query parameters of a sync."""

    host = serializers.CharField(required=False, max_length=500, help_text="Sync only the host of this name.")


class SyncRunSerializer(serializers.ModelSerializer[SyncRun]):
    host = serializers.CharField(source="place", read_only=True)
    job = serializers.IntegerField(source="job_id", read_only=True, allow_null=True)
    failed = FailureSerializer(many=True, read_only=True)
    changes = serializers.DictField(read_only=True, help_text="Ids of the models created, updated, retired.")

    class Meta:
        model = SyncRun
        fields = [
            "id",
            "source",
            "host",
            "state",
            "started_at",
            "finished_at",
            "by",
            "job",
            "seen",
            "created",
            "updated",
            "unchanged",
            "retired",
            "failed",
            "changes",
        ]
        read_only_fields = fields


class PlaceSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    url = serializers.CharField()
    state = serializers.ChoiceField(["up", "down", "unknown"])
    version = serializers.CharField()
    last_seen = serializers.DateTimeField(allow_null=True)
    down_since = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField()
    demo = serializers.BooleanField(source="is_demo")


class SourceSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    places = serializers.SerializerMethodField(help_text="Its enabled hosts or endpoints.")

    @extend_schema_field(PlaceSerializer(many=True))
    def get_places(self, source: Any) -> Any:
        return PlaceSerializer(source.places(), many=True).data


class SourcesSerializer(serializers.Serializer[Any]):
    sources = SourceSerializer(many=True)
