"""Experiments in the admin: variants read, promoted and archived; what made them; adapters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

import experiments_app.gate_admin  # noqa: F401 - registers itself
from experiments_app import evaluation_admin, promoting, result_admin
from experiments_app.diffing import diff
from experiments_app.lineage import lineage
from experiments_app.models import Adapter, Experiment, Variant
from unified_app.admin import display as show
from unified_app.admin.base import Button, Panel, ReadOnlyAdmin
from unified_app.admin.panels import SHOWN, history_panel
from unified_app.models import UnifiedModel
from unified_app.scopes import scopes_of_user

# Django looks for admins in this module only.
__all__ = ["evaluation_admin", "result_admin"]


class PromoteForm(forms.Form):
    reason = forms.CharField(max_length=2_000, help_text="Kept in the history, for those who ask later.")
    alias = forms.CharField(
        required=False, max_length=200, help_text="Such as champion: its first model becomes this one. May be empty."
    )
    override_gates = forms.BooleanField(
        required=False, help_text="Promote it though it does not pass a gate; kept in the history."
    )


class StatusFilter(admin.SimpleListFilter):
    """What people are told, where archived is the model's own state."""

    title = "status"
    parameter_name = "shown"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return Variant.Status.choices

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        return queryset.in_status(value) if value in Variant.Status.values else queryset


@admin.register(Variant)
class VariantAdmin(ReadOnlyAdmin):
    """Models that were made of others."""

    list_title = "Variants"
    empty_text = "A variant is a model with other parameters or another prompt, an adapter, or several models as one."
    list_display = ("named", "base", "kind", "state", "made")
    list_display_links = ("named",)
    list_filter = (StatusFilter, "experiment__experiment_type", "realised", "created_at")
    search_fields = ("model__name", "model__id", "experiment__base__name")
    actions = ("promote", "archive", "restore")
    help_texts = {
        "named": "What the gateway calls.",
        "base": "What it was made of.",
        "kind": "How it was made.",
        "state": "Archived ones cannot be called.",
        "experiment_link": "The request that made it, with its siblings.",
        "recipe": "What makes it differ, as it runs.",
        "run": "Its run in MLflow, once it is logged.",
        "where": "The Ollama host that holds it, where it is a model of its own.",
        "made": "When it was made.",
        "promoted": "When it was promoted.",
    }
    fields = tuple(help_texts)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Variant]:
        return Variant.objects.listed().order_by("-created_at", "-id")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.help_texts)

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        told = lineage(obj.model)
        return [
            _diff_panel(obj.model),
            _relatives("Made from", told["ancestors"], "It is made from nothing that is here."),
            _relatives("What is made from it", told["descendants"], "Nothing builds on it."),
            history_panel("model", obj.model_id),
        ]

    def buttons(self, obj: Any) -> list[Button]:
        if obj.shown_status == Variant.Status.ARCHIVED:
            return [Button("restore", "Restore")]
        return [Button("promote", "Promote"), Button("archive", "Archive", danger=True)]

    def has_curate_permission(self, request: HttpRequest) -> bool:
        return "curate" in scopes_of_user(request.user)

    @admin.action(description="Promote the selected variants", permissions=["curate"])
    def promote(self, request: HttpRequest, queryset: QuerySet[Variant]) -> TemplateResponse | None:
        form = PromoteForm(request.POST if "confirmed" in request.POST else None)
        text = "It becomes one of the team's models. An alias that you name calls it from now on."
        page = self.confirm(request, queryset, form=form, title="Promote", text=text, submit="Promote")
        if page is None:
            told = form.cleaned_data
            if told["alias"] and queryset.count() > 1:
                self.message_user(request, "An alias can have one first model. Promote one variant.", messages.ERROR)
                return None
            self._do(request, queryset, lambda row, by: promoting.promote(row, by=by, **told), "promoted")
        return page

    @admin.action(description="Archive the selected variants", permissions=["curate"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Variant]) -> None:
        self._do(request, queryset, lambda row, by: promoting.archive(row, by=by), "archived")

    @admin.action(description="Restore the selected variants", permissions=["curate"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Variant]) -> None:
        self._do(request, queryset, lambda row, by: promoting.restore(row, by=by), "restored")

    @admin.display(description="Name", ordering="model__name")
    def named(self, obj: Variant) -> str:
        return variant_name(obj)

    @admin.display(description="Base", ordering="experiment__base__name")
    def base(self, obj: Variant) -> str:
        return show.page_link(obj.experiment.base)

    @admin.display(description="Type", ordering="experiment__experiment_type")
    def kind(self, obj: Variant) -> str:
        return show.words([obj.experiment.experiment_type])

    @admin.display(description="Status", ordering="status")
    def state(self, obj: Variant) -> str:
        return show.mark(obj.shown_status, obj.error[:200])

    @admin.display(description="Experiment")
    def experiment_link(self, obj: Variant) -> str:
        return show.page_link(obj.experiment)

    @admin.display(description="Recipe")
    def recipe(self, obj: Variant) -> str:
        return show.facts(obj.model.recipe if obj.model else None)

    @admin.display(description="MLflow run")
    def run(self, obj: Variant) -> str:
        if url := obj.mlflow_url:
            return show.link(url, obj.mlflow_run_id)
        return obj.mlflow_run_id or show.NONE

    @admin.display(description="Host")
    def where(self, obj: Variant) -> str:
        return f"{obj.host} ({'there' if obj.realised else 'not there yet'})" if obj.host else "the gateway"

    @admin.display(description="Made", ordering="created_at")
    def made(self, obj: Variant) -> str:
        return show.when(obj.created_at)

    @admin.display(description="Promoted")
    def promoted(self, obj: Variant) -> str:
        return show.when(obj.promoted_at)

    def _do(
        self, request: HttpRequest, queryset: QuerySet[Variant], verb: Callable[[Variant, str], object], done: str
    ) -> None:
        self.on_each(request, queryset, lambda row: verb(row, request.user.get_username()), done)


@admin.register(Experiment)
class ExperimentAdmin(ReadOnlyAdmin):
    """Requests for variants."""

    empty_text = "Each request for variants is kept here with what it asked for."
    list_display = ("titled", "kind", "base_link", "variant_count", "created_by", "made")
    list_filter = ("experiment_type", "created_at")
    list_select_related = ("base",)
    search_fields = ("name", "description", "base__name", "created_by")
    help_texts = {
        "titled": "Its name, or what it was about.",
        "kind": "How its variants were made.",
        "base_link": "What they were made of.",
        "description": "As its maker wrote it.",
        "asked": "As it was asked for.",
        "variant_count": "How many were made.",
        "created_by": "Who asked.",
        "made": "When.",
    }
    fields = tuple(help_texts)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Experiment]:
        return Experiment.objects.select_related("base").annotate(made_variants=Count("variants"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.help_texts)

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        variants = Variant.objects.listed().filter(experiment=obj).order_by("pk")[:SHOWN]
        found = [
            [show.page_link(v, variant_name(v)), show.mark(v.shown_status), show.facts(v.parameters)] for v in variants
        ]
        more = show.list_url(Variant, experiment__id__exact=obj.pk)
        return [Panel("Variants", ("Name", "Status", "Parameters"), found, "None.", more, "All variants")]

    @admin.display(description="Experiment", ordering="name")
    def titled(self, obj: Experiment) -> str:
        return str(obj)

    @admin.display(description="Type", ordering="experiment_type")
    def kind(self, obj: Experiment) -> str:
        return show.words([obj.experiment_type])

    @admin.display(description="Base", ordering="base__name")
    def base_link(self, obj: Experiment) -> str:
        return show.page_link(obj.base)

    @admin.display(description="Variants", ordering="made_variants")
    def variant_count(self, obj: Any) -> str:
        return show.number(obj.made_variants)

    @admin.display(description="Asked for")
    def asked(self, obj: Experiment) -> str:
        return show.facts(obj.parameters)

    @admin.display(description="Made", ordering="created_at")
    def made(self, obj: Experiment) -> str:
        return show.when(obj.created_at)


@admin.register(Adapter)
class AdapterAdmin(ReadOnlyAdmin):
    """LoRA adapters that were uploaded."""

    empty_text = "An adapter is uploaded over the API: POST /api/adapters."
    list_display = ("name", "digest", "architecture", "rank", "told_size", "created_by", "made")
    list_filter = ("format", "architecture", "created_at")
    search_fields = ("name", "sha256", "base_model")
    help_texts = {
        "name": "As its uploader called the file.",
        "digest": "Of the file, or of the list of several; what a fine-tuning names.",
        "format": "gguf or safetensors.",
        "told_size": "Of all its files.",
        "architecture": "The architecture that it says it fits.",
        "rank": "As its file tells.",
        "alpha": "As its file tells; with the rank it says how strong it is.",
        "width": "Embedding length of the models that it fits.",
        "modules": "The parts of a layer that it changes.",
        "file_names": "All its files.",
        "base_model": "The base that it says it was made for.",
        "created_by": "Who uploaded it.",
        "made": "When.",
    }
    fields = tuple(help_texts)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.help_texts)

    @admin.display(description="sha256", ordering="sha256")
    def digest(self, obj: Adapter) -> str:
        return show.digest(obj.sha256)

    @admin.display(description="Files")
    def file_names(self, obj: Adapter) -> str:
        return ", ".join(file["name"] for file in obj.files) or show.NONE

    @admin.display(description="Size", ordering="size")
    def told_size(self, obj: Adapter) -> str:
        return show.size(obj.size)

    @admin.display(description="Uploaded", ordering="created_at")
    def made(self, obj: Adapter) -> str:
        return show.when(obj.created_at)


def variant_name(row: Variant) -> str:
    return row.model.name if row.model else show.NONE


def _diff_panel(model: UnifiedModel) -> Panel:
    found = [[row["path"], show.facts(row["base"]), show.facts(row["variant"])] for row in diff(model)]
    return Panel("What differs from its base", ("What", "Base", "Variant"), found, "Nothing differs.")


def _relatives(title: str, relatives: list[dict[str, Any]], empty: str) -> Panel:
    found = [
        [show.link(show.change_url(UnifiedModel, row["id"]), row["name"]), row["role"], row["depth"], row["status"]]
        for row in relatives[:SHOWN]
    ]
    return Panel(f"{title}: {len(relatives)}", ("Model", "As", "Steps", "Status"), found, empty)
