"""The shapes of the GitHub Models API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from github_models_app.models import CatalogEntry
from unified_app.models import UnifiedModel
from unified_app.serializers.catalog import ModelSerializer

STATES = ["ok", "not_configured", "retired", "error"]


class LimitsSerializer(serializers.Serializer[Any]):
    """The model's own limits, not what a rate limit tier lets through; null is not told."""

    max_input_tokens = serializers.IntegerField(allow_null=True)
    max_output_tokens = serializers.IntegerField(allow_null=True)


class GitHubModelSerializer(ModelSerializer):
    """A row of the list: the registry's, and what the catalog tells beside it."""

    publisher = serializers.CharField(source="github_entry.publisher", read_only=True)
    publisher_slug = serializers.CharField(source="github_entry.publisher_slug", read_only=True)
    title = serializers.CharField(source="github_entry.name", read_only=True, help_text="The catalog's display name.")
    rate_limit_tier = serializers.CharField(source="github_entry.rate_limit_tier", read_only=True)
    limits = LimitsSerializer(source="github_entry.limits", read_only=True)
    catalog_tags = serializers.ListField(
        source="github_entry.tags", child=serializers.CharField(), read_only=True, help_text="The catalog's own tags."
    )
    html_url = serializers.CharField(source="github_entry.html_url", read_only=True)
    archived_on = serializers.DateField(
        source="github_entry.archived_on", read_only=True, help_text="Day of the archive it came from; null: live."
    )

    class Meta:
        model = UnifiedModel
        fields = [
            *ModelSerializer.Meta.fields,
            "retired_reason",
            "publisher",
            "publisher_slug",
            "title",
            "rate_limit_tier",
            "limits",
            "catalog_tags",
            "html_url",
            "archived_on",
        ]
        read_only_fields = fields


class ProviderSerializer(serializers.ModelSerializer[CatalogEntry]):
    """A publisher; `models` counts what lists show of it."""

    slug = serializers.CharField(source="publisher_slug", read_only=True)
    publisher = serializers.CharField(source="name", read_only=True)
    models = serializers.IntegerField(read_only=True)
    retired = serializers.IntegerField(read_only=True)

    class Meta:
        model = CatalogEntry
        fields = ["slug", "publisher", "models", "retired"]
        read_only_fields = fields


class ProvidersSerializer(serializers.Serializer[Any]):
    providers = ProviderSerializer(many=True)


class StatusSerializer(serializers.Serializer[Any]):
    """What is known of the service."""

    state = serializers.ChoiceField(
        STATES,
        help_text="`retired` is final: only a sync by hand asks again.",
    )
    reason = serializers.CharField(help_text="Why it is not ok; or that it was not asked yet.")
    since = serializers.DateTimeField(allow_null=True, help_text="When the state became so.")
    last_sync = serializers.DateTimeField(allow_null=True, help_text="When the catalog was last read.")
    url = serializers.CharField(help_text="What is asked, without credentials; empty when nothing is.")
    demo = serializers.BooleanField(help_text="Whether the demo's stand-in answers.")
    plan = serializers.CharField(help_text="GITHUB_MODELS_PLAN, whose quotas are kept to.")
    public_service = serializers.CharField(help_text="What became of GitHub's public service.")


class GitHubSyncQuerySerializer(serializers.Serializer[Any]):
    """The query parameters of a sync."""

    provider = serializers.CharField(
        required=False, max_length=100, help_text="Slug of a publisher: only its models are brought up to date."
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # `async` is a word of Python, so it cannot be an attribute.
        told = "Do not wait: answer 202 at once."
        return super().get_fields() | {"async": serializers.BooleanField(default=False, help_text=told)}
