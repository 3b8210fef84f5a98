"""Served models: their state, how they are served, and the processes that call them."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join

from unified_app.admin import display as show
from unified_app.admin.base import Button, Panel, ReadOnlyAdmin, RegistryAdmin, RegistryForm, tell_jobs
from unified_app.admin.panels import history_panel, host
from unified_app.models import GatewayProcess, Job, ModelServingConfig, ModelServingStatus, UnifiedModel
from unified_app.models.serving import ServingState
from unified_app.serving import inflight, places, requests, states, stopping
from unified_app.serving.configuration import FIELDS, configure


class ServesModels(RegistryAdmin):
    """Lists whose rows can be started and stopped; `model_of` is the model of a row."""

    def model_of(self, obj: Any) -> UnifiedModel:
        found: UnifiedModel = obj
        return found

    @admin.action(description="Start the selected models", permissions=["operate"])
    def start(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        by = request.user.get_username()
        jobs: list[Job] = []

        def begin(row: Any) -> bool:
            model = places.find_servable(self.model_of(row).pk)
            places.candidates(model)
            if requests.is_served(model):
                return False
            jobs.append(requests.request_start(model, by=by)[0])
            return True

        self.on_each(request, queryset, begin, "is being started", "was ready already")
        tell_jobs(request, jobs)

    @admin.action(description="Stop the selected models", permissions=["operate"])
    def stop(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        reason = f"stopped by {request.user.get_username()}"
        self.on_each(
            request,
            queryset,
            lambda row: stopping.stop(self.model_of(row).pk, reason),
            "stopped",
            "was stopped already",
        )


@admin.register(ModelServingStatus)
class ModelServingStatusAdmin(ServesModels, ReadOnlyAdmin):
    """What was last seen of a model that is, or was, served."""

    empty_text = "A model that was started, by hand or by its first call, has a row here."
    list_display = ("model_link", "state_mark", "where", "load", "checked", "since")
    list_filter = ("status", "health_status", "placement__place")
    list_select_related = ("model", "placement")
    search_fields = ("model__name", "model__id", "reason")
    actions = ("start", "stop")
    fieldsets = (
        (None, {"fields": ("model_link", "state_mark", "where", "endpoint", "since")}),
        ("Health", {"fields": ("health", "checked")}),
        ("Calls", {"fields": ("load", "total_requests", "errors", "used")}),
    )
    help_texts = {
        "model_link": "The model that is served.",
        "state_mark": "Stopped, starting, ready, stopping or failed, and why.",
        "where": "The host that runs it.",
        "endpoint": "What clients call.",
        "since": "When it became ready, or its start began.",
        "health": "What the last check found.",
        "checked": "When its host was last asked.",
        "load": "Calls that are open now, over all processes.",
        "total_requests": "Calls since the beginning.",
        "errors": "Those of them that failed.",
        "used": "When the last call began or was open.",
    }

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.help_texts)

    def model_of(self, obj: Any) -> UnifiedModel:
        found: UnifiedModel = obj.model
        return found

    def is_moving(self, obj: Any) -> bool:
        return states.is_moving(obj)

    def buttons(self, obj: Any) -> list[Button]:
        return serving_buttons(obj.status)

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        return [history_panel("model", obj.model_id)]

    @admin.display(description="Model", ordering="model__name")
    def model_link(self, obj: ModelServingStatus) -> str:
        return show.page_link(obj.model)

    @admin.display(description="State", ordering="status")
    def state_mark(self, obj: ModelServingStatus) -> str:
        return show.mark(obj.status, obj.reason)

    @admin.display(description="Host", ordering="placement__place")
    def where(self, obj: ModelServingStatus) -> str:
        return host(obj.placement.source, obj.placement.place) if obj.placement else show.NONE

    @admin.display(description="Health")
    def health(self, obj: ModelServingStatus) -> str:
        return obj.health_status

    @admin.display(description="Checked", ordering="last_health_check")
    def checked(self, obj: ModelServingStatus) -> str:
        return show.when(obj.last_health_check)

    @admin.display(description="Since", ordering="started_at")
    def since(self, obj: ModelServingStatus) -> str:
        return show.when(obj.started_at)

    @admin.display(description="Open calls", ordering="concurrent_requests")
    def load(self, obj: ModelServingStatus) -> str:
        return show.number(obj.concurrent_requests)

    @admin.display(description="Last used")
    def used(self, obj: ModelServingStatus) -> str:
        return show.when(obj.last_used)


class ServingConfigForm(RegistryForm):
    class Meta:
        model = ModelServingConfig
        fields = ("model", *FIELDS)
        widgets: ClassVar = {"endpoint": forms.TextInput(attrs={"class": "vTextField"})}


@admin.register(ModelServingConfig)
class ModelServingConfigAdmin(RegistryAdmin):
    """How one model is served; a model without a row has the defaults."""

    form = ServingConfigForm
    list_title = "Serving configurations"
    empty_text = "Every model has the defaults. Add a row to give one limits and times of its own."
    list_display = ("model", "timeout", "max_concurrent_requests", "max_queue", "health_check_interval")
    list_select_related = ("model",)
    list_filter = ("model__source", "model__category")
    search_fields = ("model__name", "model__id")
    autocomplete_fields = ("model",)
    help_texts = {
        "model": "The model that this is about.",
        "protocol": "Only http is served.",
    }

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["model"] if obj else []

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save through the verb, which keeps history and epoch right."""
        updates = {name: form.cleaned_data[name] for name in FIELDS}
        obj.pk = configure(obj.model, updates, by=request.user.get_username()).pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        obj.delete()
        states.tell()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        queryset.delete()
        states.tell()

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        return [history_panel("model", obj.model_id)]


@admin.register(GatewayProcess)
class GatewayProcessAdmin(ReadOnlyAdmin):
    """The processes that call models."""

    empty_text = "Each process of the site has a row here while it runs."
    list_display = ("name", "is_live", "calls", "heard", "since")
    list_filter = ("host",)
    search_fields = ("host", "=pid")
    help_texts = {
        "name": "Machine and process id.",
        "is_live": "A process that is silent for some seconds is thought dead, and its calls with it.",
        "calls": "Open calls by model.",
        "heard": "It tells of itself every second.",
        "since": "When it began.",
    }
    fields = tuple(help_texts)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.help_texts)

    @admin.display(description="Process", ordering="host")
    def name(self, obj: GatewayProcess) -> str:
        return str(obj)

    @admin.display(description="State")
    def is_live(self, obj: GatewayProcess) -> str:
        return show.mark("active" if inflight.is_live(obj) else "gone")

    @admin.display(description="Open calls")
    def calls(self, obj: GatewayProcess) -> str:
        return format_html_join(", ", "{} {}", obj.in_flight.items()) or "none"

    @admin.display(description="Heard", ordering="heartbeat_at")
    def heard(self, obj: GatewayProcess) -> str:
        return show.when(obj.heartbeat_at)

    @admin.display(description="Since", ordering="started_at")
    def since(self, obj: GatewayProcess) -> str:
        return show.when(obj.started_at)


def serving_buttons(state: str) -> list[Button]:
    """Return the verbs that make sense for a model in this serving state."""
    can_start = state in (ServingState.STOPPED, ServingState.FAILED)
    return [Button("start", "Start")] if can_start else [Button("stop", "Stop")]
