"""Endpoints in the admin."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin

from github_models_app.endpoints.endpoints import ENDPOINTS
from github_models_app.endpoints.headers import checked, parse_lines
from github_models_app.endpoints.models import Endpoint
from unified_app.admin import display as show
from unified_app.admin.servers import ServerAdmin, ServerForm, secret_field
from unified_app.errors import InvalidInput


class LinesField(forms.CharField):
    """A list of names, one on each line."""

    widget = forms.Textarea(attrs={"rows": 5, "class": "vLargeTextField"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return list(filter(None, map(str.strip, str(value or "").splitlines())))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(data) != (initial or []))

    def validate(self, value: Any) -> None:
        """The table's rules hold."""

    def run_validators(self, value: Any) -> None:
        """They are lists, not texts."""


class UnseenTextarea(forms.Textarea):
    """A text area that does not show its text again, not even beside an error."""

    def format_value(self, value: Any) -> str:
        return ""


class EndpointForm(ServerForm):
    """An endpoint with its key and its extra headers."""

    field_of: ClassVar[dict[str, str]] = {"key": "new_token", "base_url": "url", "headers": "new_headers"}
    secret_help: ClassVar[dict[str, tuple[str, str]]] = {
        "token": ("has_token", "Sent as bearer token with every call. Kept encrypted and never shown."),
        "headers": (
            "has_headers",
            "Sent with every call, a `Name: value` on each line, such as an `api-key`. Kept encrypted and never shown; "
            "what is written replaces all that were there.",
        ),
    }
    new_token = secret_field("Key")
    clear_token = forms.BooleanField(label="Clear the key", required=False, help_text="It is then called without one.")
    new_headers = secret_field(
        "Extra headers", UnseenTextarea, rows=3, autocomplete="off", spellcheck="false", **{"class": "vLargeTextField"}
    )
    clear_headers = forms.BooleanField(label="Clear the extra headers", required=False)
    models = LinesField(required=False)

    class Meta:
        model = Endpoint
        fields = (*ServerAdmin.written, "timeout", "rate_limit_per_minute", "models")

    def clean_new_headers(self) -> dict[str, str] | None:
        try:
            return checked(parse_lines(self.cleaned_data["new_headers"])) or None
        except InvalidInput as error:
            raise forms.ValidationError((error.details or {})["headers"]) from None

    def secrets(self) -> dict[str, Any]:
        return {**super().secrets(), "headers": self.secret("headers", {})}


@admin.register(Endpoint)
class EndpointAdmin(ServerAdmin):
    verbs = ENDPOINTS
    form = EndpointForm
    history_kind = ENDPOINTS.noun
    places_of = ENDPOINTS.source
    empty_text = "Add the address of any OpenAI-compatible server, such as http://gpu1.example:8000/v1."
    written = EndpointForm.Meta.fields
    facts = (*ServerAdmin.facts, "key_told", "headers_told")
    help_texts: ClassVar[dict[str, str]] = {
        "name": "Short and stable: its models are named after it, `name/model`. A new name renames them.",
        "url": "Such as http://gpu1.example:8000, with or without /v1, without credentials. "
        "Another host clears key and headers.",
        "enabled": "A disabled endpoint is not asked, and its models are retired.",
        "timeout": "Seconds that one answer may take.",
        "rate_limit_per_minute": "Calls that the server allows a minute, to all its models. Empty: no limit is kept "
        "to, but a 429 is heeded.",
        "models": "One name on each line, when the server lists none or only some are wanted. Empty: what it lists.",
        "state_mark": "From the last sync or test.",
        "version": "What kind of server it is, where its answers show that.",
        "seen": "When it last answered.",
        "origin": "Who added it: a person, the OPENAI_ENDPOINTS variable, or the demo. What you edit becomes yours.",
        "model_count_told": "Models that it answers for now.",
        "last_sync": "Outcome of the last sync.",
        "key_told": "Whether calls carry a key; the key itself is never shown.",
        "headers_told": "Names of the extra headers; their values are never shown.",
    }

    @admin.display(description="Key")
    def key_told(self, obj: Endpoint) -> str:
        return "set" if obj.has_token else "not set"

    @admin.display(description="Extra headers")
    def headers_told(self, obj: Endpoint) -> str:
        return show.words(obj.header_names) if obj.has_headers else "none"
