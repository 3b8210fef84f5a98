"""Gates in the admin: rules that curators keep, and what came of them."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from experiments_app.evaluation.gates import gate_rules
from experiments_app.models import Gate, GateCheck
from unified_app.admin import display as show
from unified_app.admin.base import Panel, ReadOnlyAdmin, RegistryAdmin, RegistryForm
from unified_app.admin.panels import SHOWN, history_panel

_WIDE = {"class": "vTextField"}


class GateForm(RegistryForm):
    class Meta:
        model = Gate
        fields = ("name", "suite", *gate_rules.RULE)
        widgets: ClassVar = {name: forms.TextInput(attrs=_WIDE) for name in ("name", "metric", "compare_to", "alias")}


@admin.register(Gate)
class GateAdmin(RegistryAdmin):
    """Rules that models have to keep."""

    form = GateForm
    history_kind = gate_rules.KIND
    empty_text = "A gate refuses a promotion that makes things worse: “not worse than champion by more than 2 points”."
    list_display = ("name", "suite", "metric", "against", "drop", "late", "moments", "enabled")
    list_filter = ("enabled", "on_promotion", "on_digest_change", "suite")
    list_select_related = ("suite",)
    search_fields = ("name", "suite__name", "compare_to", "alias")
    fields = ("name", "suite", *gate_rules.RULE)

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        return [_checks_panel(obj), history_panel(gate_rules.KIND, obj.pk)]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        gate_rules.save_gate(obj, by=request.user.get_username())

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        gate_rules.delete_gate(obj, by=request.user.get_username())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for gate in queryset:
            self.delete_model(request, gate)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """A gate's checks go with it, though nobody may delete them one by one."""
        deleted, counts, needed, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, needed - {GateCheck._meta.verbose_name}, protected

    @admin.display(description="Compared with", ordering="compare_to")
    def against(self, obj: Gate) -> str:
        return obj.compare_to or "what it was before"

    @admin.display(description="Points it may drop", ordering="max_drop_points")
    def drop(self, obj: Gate) -> str:
        return show.NONE if obj.max_drop_points is None else f"{obj.max_drop_points:g}"

    @admin.display(description="p95", ordering="p95_seconds")
    def late(self, obj: Gate) -> str:
        return show.NONE if obj.p95_seconds is None else f"{obj.p95_seconds:g} s"

    @admin.display(description="When")
    def moments(self, obj: Gate) -> str:
        to = f"promotion to {obj.alias}" if obj.alias else "promotion"
        told = [to] * obj.on_promotion + ["changed digest"] * obj.on_digest_change
        return ", ".join(told) or "by hand"


@admin.register(GateCheck)
class GateCheckAdmin(ReadOnlyAdmin):
    """What came of gates."""

    list_title = "Checks of gates"
    empty_text = "A check is kept whenever a gate was held against a model."
    list_display = ("when", "gate", "model", "outcome", "why", "told")
    list_filter = ("state", "why", "gate", "at")
    list_select_related = ("gate", "model", "run")
    search_fields = ("gate__name", "model__name", "model__id")
    help_texts = {
        "when": "When it was held against the model.",
        "gate_link": "The rule.",
        "model_link": "The model.",
        "outcome": "Unknown: there were not enough results.",
        "why": "promotion, digest (its content changed) or hand.",
        "evaluation": "Whose results were looked at.",
        "told": "In words.",
        "numbers": "Values, difference and interval, in points of 100 where it says drop.",
    }
    fields = tuple(help_texts)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.help_texts)

    @admin.display(description="When", ordering="at")
    def when(self, obj: GateCheck) -> str:
        return show.when(obj.at)

    @admin.display(description="Gate")
    def gate_link(self, obj: GateCheck) -> str:
        return show.page_link(obj.gate)

    @admin.display(description="Model")
    def model_link(self, obj: GateCheck) -> str:
        return show.page_link(obj.model)

    @admin.display(description="Outcome", ordering="state")
    def outcome(self, obj: GateCheck) -> str:
        return show.mark(obj.state)

    @admin.display(description="Evaluation")
    def evaluation(self, obj: GateCheck) -> str:
        return f"{obj.run_id} ({obj.run.state})" if obj.run else show.NONE

    @admin.display(description="What it says")
    def told(self, obj: GateCheck) -> str:
        return " ".join(obj.report.get("reasons", [])) or show.NONE

    @admin.display(description="Numbers")
    def numbers(self, obj: GateCheck) -> str:
        told = ("value", "other", "drop", "low", "high", "cases", "p95")
        return show.facts({name: obj.report.get(name) for name in told if obj.report.get(name) is not None})


def _checks_panel(gate: Gate) -> Panel:
    rows = gate.checks.select_related("model")[:SHOWN]
    found = [[show.when(row.at), show.page_link(row.model), show.mark(row.state), row.why] for row in rows]
    more = show.list_url(GateCheck, gate__id__exact=gate.pk)
    return Panel("What came of it", ("When", "Model", "Outcome", "Why"), found, "Nothing yet.", more, "All checks")
