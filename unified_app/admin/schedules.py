"""Schedules: django-celery-beat's own admin, with help, and with actions that obey permissions and are logged."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django_celery_beat.admin import PeriodicTaskAdmin
from django_celery_beat.models import PeriodicTask

from unified_app.admin import display as show
from unified_app.admin.base import Button, Panel, RegistryAdmin
from unified_app.admin.panels import log_panel

admin.site.unregister(PeriodicTask)

# Fields that the package's form declares itself, without help.
_DECLARED_HELP = {
    "regtask": "Choose one to replace the task below.",
    "task": "The task that is run; the name must be one that this set-up knows.",
}


@admin.register(PeriodicTask)
class ScheduleAdmin(RegistryAdmin, PeriodicTaskAdmin):  # type: ignore[misc]
    """What is done again and again; edits are kept over restarts."""

    list_title = "Schedules"
    empty_text = "The schedules of the registry are made at its next start."
    list_display = ("name", "state", "scheduler", "last_run", "times")
    list_filter = ("enabled", "one_off")
    search_fields = ("name", "task", "description")
    # Few schedules have a start time, so a hierarchy of it is empty.
    date_hierarchy = None
    actions = ("enable_tasks", "disable_tasks", "run_tasks")
    readonly_fields = ("last_run",)
    fieldsets = (
        (None, {"fields": ("name", "description", "enabled", "regtask", "task")}),
        ("When", {"fields": ("interval", "crontab", "clocked", "start_time", "one_off", "last_run")}),
        ("Arguments", {"fields": ("args", "kwargs"), "classes": ("collapse",)}),
        (
            "Execution options",
            {
                "fields": ("expires", "expire_seconds", "queue", "exchange", "routing_key", "priority", "headers"),
                "classes": ("collapse",),
            },
        ),
    )
    help_texts = {
        "name": "What the schedule is called here.",
        "description": "What it is for.",
        "enabled": "A disabled schedule waits until it is enabled again. Keep “Wake due jobs” on.",
        "interval": "Every so often. Choose an interval or a crontab or a clocked time, only one of them.",
        "crontab": "At fixed minutes, hours or days.",
        "clocked": "Once, at this time.",
        "start_time": "It does nothing before. Empty: at once.",
        "one_off": "It runs once and is then disabled.",
        "last_run": "When it was last due; its job says what came of it.",
    }

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        for name, text in _DECLARED_HELP.items():
            if field := form.base_fields.get(name):
                field.help_text = text
        return form

    def buttons(self, obj: Any) -> list[Button]:
        switch = Button("disable_tasks", "Disable") if obj.enabled else Button("enable_tasks", "Enable")
        return [Button("run_tasks", "Run now"), switch]

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        return [log_panel(obj)]

    @admin.display(description="State", ordering="enabled")
    def state(self, obj: Any) -> str:
        return show.mark("active" if obj.enabled else "disabled")

    @admin.display(description="Last run", ordering="last_run_at")
    def last_run(self, obj: Any) -> str:
        return show.when(obj.last_run_at) if obj.last_run_at else "never"

    @admin.display(description="Runs", ordering="total_run_count")
    def times(self, obj: Any) -> str:
        return f"{show.number(obj.total_run_count)} runs"

    @admin.action(description="Enable the selected schedules", permissions=["change"])
    def enable_tasks(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        super().enable_tasks(request, queryset)
        self._log(request, queryset, "Enabled.")

    @admin.action(description="Disable the selected schedules", permissions=["change"])
    def disable_tasks(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        super().disable_tasks(request, queryset)
        self._log(request, queryset, "Disabled.")

    @admin.action(description="Run the selected schedules now", permissions=["change"])
    def run_tasks(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        super().run_tasks(request, queryset)
        self._log(request, queryset, "Run by hand.")

    def _log(self, request: HttpRequest, queryset: QuerySet[Any], message: str) -> None:
        for row in queryset:
            self.log_change(request, row, message)
