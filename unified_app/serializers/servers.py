"""What the API tells of the servers of every source."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from unified_app.models.servers import Server


class ServerSerializer(serializers.ModelSerializer[Any]):
    """What all servers tell; a source names its table, its own fields and what it calls the shared ones."""

    error = serializers.CharField(
        source="last_error", read_only=True, help_text="Why it is down; empty when it is not."
    )
    demo = serializers.BooleanField(source="is_demo", read_only=True)

    class Meta:
        model: ClassVar[type[Server]]
        # After a source's own fields.
        facts = ["enabled", "state", "version", "last_seen", "down_since", "error", "origin", "demo", "created_at"]


class ConnectionSerializer(serializers.Serializer[Any]):
    """What a connection test found."""

    ok = serializers.BooleanField()
    code = serializers.CharField(help_text="`ok`, or the code of the error.")
    message = serializers.CharField()
    version = serializers.CharField(help_text="What the server says of itself; empty when it says nothing.")
    models = serializers.IntegerField(allow_null=True, help_text="How many models it lists.")
