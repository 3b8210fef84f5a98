"""Aliases: curated names for models in order of preference."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from unified_app import aliases
from unified_app.admin import display as show
from unified_app.admin.base import Panel, RegistryAdmin, RegistryForm
from unified_app.admin.panels import SHOWN, history_panel, models_panel
from unified_app.models import Alias, AliasChange


class ModelsField(forms.CharField):
    """Models by id or name, one a line, kept as ids."""

    widget = forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in str(value or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(list(initial or []) != self.to_python(data))


class AliasForm(RegistryForm):
    targets = ModelsField(
        label="Models", help_text="One a line, by id or name, the preferred one first; the first that can answer does."
    )

    class Meta:
        model = Alias
        fields = ("name", "targets", "description")
        widgets: ClassVar = {
            "name": forms.TextInput(attrs={"class": "vTextField"}),
            "description": forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        }


def _changes_panel(alias: Alias) -> Panel:
    """What it has named, and why that was changed."""
    rows = AliasChange.objects.filter(alias=alias.name)[:SHOWN]
    return Panel(
        "What it named",
        ("When", "By", "Before", "After", "Why"),
        [[show.when(c.at), c.by, ", ".join(c.before), ", ".join(c.after), c.reason] for c in rows],
        empty="It has not been changed since it was made.",
    )


@admin.register(Alias)
class AliasAdmin(RegistryAdmin):
    """Curated names."""

    form = AliasForm
    history_kind = "alias"
    empty_text = "An alias such as “default-chat” lets programs keep one name while you choose the model behind it."
    list_display = ("name", "target_words", "description", "updated")
    search_fields = ("name", "description", "targets")
    list_filter = ("updated_at",)
    fields = ("name", "targets", "description")
    help_texts = {
        "name": "What programs call; case does not matter.",
        "target_words": "The preferred one first.",
        "description": "What it is for, so that others know when to use it.",
    }

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        may_edit = self.has_change_permission(request, obj) if obj else True
        return ("name", "targets" if may_edit else "target_words", "description")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["target_words"]

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        models = models_panel("Models in order", obj.targets, "No model.")
        return [models, _changes_panel(obj), history_panel("alias", obj.pk)]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        aliases.save_alias(obj, by=request.user.get_username())

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        aliases.delete_alias(obj, by=request.user.get_username())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for alias in queryset:
            self.delete_model(request, alias)

    @admin.display(description="Models")
    def target_words(self, obj: Alias) -> str:
        return ", ".join(obj.targets)

    @admin.display(description="Updated", ordering="updated_at")
    def updated(self, obj: Alias) -> str:
        return show.when(obj.updated_at)
