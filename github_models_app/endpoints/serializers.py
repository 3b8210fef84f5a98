"""The shapes of the API of endpoints."""

from __future__ import annotations

from rest_framework import serializers

from github_models_app.endpoints.headers import MAX_VALUE
from github_models_app.endpoints.models import MAX_MODEL_NAME, MAX_MODELS, Endpoint
from unified_app.serializers.bodies import StrictSerializer
from unified_app.serializers.servers import ServerSerializer


class EndpointSerializer(ServerSerializer):
    base_url = serializers.CharField(source="url", read_only=True)
    has_key = serializers.BooleanField(source="has_token", read_only=True)
    headers = serializers.ListField(
        source="header_names",
        child=serializers.CharField(),
        read_only=True,
        help_text="Names of the extra headers; their values are never shown.",
    )
    models = serializers.IntegerField(source="model_count", read_only=True, help_text="How many it answers for.")
    typed_models = serializers.ListField(
        source="models", child=serializers.CharField(), read_only=True, help_text="Names that were typed in."
    )
    version = serializers.CharField(read_only=True, help_text="The kind of server, where its answers show that.")

    class Meta(ServerSerializer.Meta):
        model = Endpoint
        own = ["id", "name", "base_url", "has_key", "headers", "timeout", "rate_limit_per_minute"]
        fields = [*own, "models", "typed_models", *ServerSerializer.Meta.facts]
        read_only_fields = fields


class EndpointBodySerializer(StrictSerializer):
    """What may be set on an endpoint. Its rules are the table's, so the verb that saves it checks them."""

    name = serializers.CharField(max_length=60)
    base_url = serializers.CharField(
        max_length=300, help_text="With or without `/v1`; a path that has a version in it is taken as it is."
    )
    key = serializers.CharField(
        required=False,
        allow_blank=True,
        allow_null=True,
        max_length=4096,
        write_only=True,
        help_text="Sent as bearer token; kept encrypted, never shown. Null or empty clears it.",
    )
    enabled = serializers.BooleanField(required=False)
    headers = serializers.DictField(
        child=serializers.CharField(max_length=MAX_VALUE),
        required=False,
        allow_null=True,
        write_only=True,
        help_text="Extra headers of every call; kept encrypted. They replace all that were there, null clears them.",
    )
    timeout = serializers.IntegerField(required=False, min_value=1, max_value=3600, help_text="Seconds per answer.")
    rate_limit_per_minute = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=10**6, help_text="Null: no limit is kept to."
    )
    models = serializers.ListField(
        child=serializers.CharField(max_length=MAX_MODEL_NAME),
        required=False,
        max_length=MAX_MODELS,
        help_text="Names of models: exactly these are registered, listed or not. Empty: what the server lists.",
    )
