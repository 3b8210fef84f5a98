"""Ollama hosts in the admin."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin

from ollama_app.hosts import HOSTS
from ollama_app.models import Host
from unified_app.admin.servers import ServerAdmin, ServerForm, secret_field


class HostForm(ServerForm):
    """A host with its token."""

    field_of: ClassVar[dict[str, str]] = {"token": "new_token"}
    secret_help: ClassVar[dict[str, tuple[str, str]]] = {
        "token": ("has_token", "Only for servers behind a proxy that asks for one. Kept encrypted and never shown.")
    }
    new_token = secret_field("Bearer token")
    clear_token = forms.BooleanField(
        label="Clear the token", required=False, help_text="The host is then asked without one."
    )

    class Meta:
        model = Host
        fields = ServerAdmin.written


@admin.register(Host)
class HostAdmin(ServerAdmin):
    verbs = HOSTS
    form = HostForm
    history_kind = HOSTS.noun
    places_of = HOSTS.source
    empty_text = "Add the address of an Ollama server, such as http://gpu1.example:11434, to register its models."
    facts = (*ServerAdmin.facts, "has_token")
    help_texts: ClassVar[dict[str, str]] = {
        "name": "Short and stable: pages, filters and headers show it.",
        "url": "Such as http://gpu1.example:11434, without credentials.",
        "enabled": "A disabled host is not asked; models that only it has are retired.",
        "has_token": "Whether calls carry a bearer token; the token itself is never shown.",
        "state_mark": "From the last check; hosts are asked every 30 s.",
        "version": "Of the Ollama server there.",
        "seen": "When it last answered.",
        "origin": "Who added it: a person, the OLLAMA_HOSTS variable, or the demo. What you edit becomes yours.",
        "model_count_told": "Models that it lists now.",
        "last_sync": "Outcome of the last sync.",
    }

    def version_told(self, obj: Any) -> str:
        return f"Ollama {obj.version}" if obj.version else ""

    @admin.display(description="Token")
    def has_token(self, obj: Host) -> str:
        return "set" if obj.has_token else "not set"
