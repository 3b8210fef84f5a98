"""The shapes of the Ollama API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from ollama_app.models import Host
from unified_app.serializers.bodies import StrictSerializer
from unified_app.serializers.servers import ServerSerializer


class HostSerializer(ServerSerializer):
    has_token = serializers.BooleanField(read_only=True)
    models = serializers.IntegerField(source="model_count", read_only=True, help_text="How many it answers for.")

    class Meta(ServerSerializer.Meta):
        model = Host
        fields = ["id", "name", "url", "has_token", "models", *ServerSerializer.Meta.facts]
        read_only_fields = fields


class HostBodySerializer(StrictSerializer):
    """What may be set on a host. Its rules are the table's, so the verb that saves it checks them."""

    name = serializers.CharField(max_length=60)
    url = serializers.CharField(max_length=300)
    token = serializers.CharField(
        required=False,
        allow_blank=True,
        allow_null=True,
        max_length=4096,
        write_only=True,
        help_text="Bearer token that the host wants; kept encrypted, never shown. Null or empty clears it.",
    )
    enabled = serializers.BooleanField(required=False)


class OllamaCategoriesSerializer(serializers.Serializer[Any]):
    categories = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="Names of models; each is listed in every category of what it can do.",
    )


class OllamaModelSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    size = serializers.IntegerField(allow_null=True, help_text="Bytes.")
    digest = serializers.CharField(help_text="Begins with `sha256:`.")
    capabilities = serializers.ListField(child=serializers.CharField(), help_text="With hyphens: `text-embedding`.")
    parameters = serializers.DictField(help_text="Such as embedding_dimension and max_tokens, where they are known.")


class OllamaModelsSerializer(serializers.Serializer[Any]):
    category = serializers.CharField()
    models = OllamaModelSerializer(many=True)
