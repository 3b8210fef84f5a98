"""Keys, log-in and who is calling."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from unified_app.models import ApiKey
from unified_app.scopes import SCOPES
from unified_app.serializers.bodies import ClosedField, StrictSerializer


class KeySerializer(serializers.ModelSerializer[ApiKey]):
    """A key without its secret."""

    user = serializers.CharField(source="user.username", read_only=True)
    scopes = serializers.ListField(child=serializers.ChoiceField(SCOPES), read_only=True)
    state = serializers.ChoiceField(["active", "expired", "revoked"], read_only=True)

    class Meta:
        model = ApiKey
        fields = [
            "id",
            "name",
            "user",
            "prefix",
            "scopes",
            "state",
            "created_at",
            "expires_at",
            "revoked_at",
            "last_used_at",
        ]
        read_only_fields = fields


class NewKeySerializer(StrictSerializer):
    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(child=ClosedField(SCOPES), allow_empty=False)
    days = serializers.FloatField(required=False, allow_null=True, help_text="Until it expires; null: never.")


class MadeKeySerializer(serializers.Serializer[Any]):
    """A key with its secret, which is shown only once."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    key = serializers.CharField()
    user = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(SCOPES))
    expires_at = serializers.DateTimeField(allow_null=True)


class LogInSerializer(StrictSerializer):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=4096, trim_whitespace=False, style={"input_type": "password"})


class CallerSerializer(serializers.Serializer[Any]):
    username = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(SCOPES))
    is_staff = serializers.BooleanField()
