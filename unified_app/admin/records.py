"""What people and syncs changed: the registry's history and Django's own log of this admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.http import HttpRequest

from unified_app.admin import display as show
from unified_app.admin.base import ReadOnlyAdmin, history_page
from unified_app.models import HistoryEntry


@admin.register(HistoryEntry)
class HistoryEntryAdmin(ReadOnlyAdmin):
    """One changed field of one thing."""

    list_title = "History of the registry"
    empty_text = "Every change of a model, host or key is kept here, with who made it."
    list_display = ("moment", "thing", "field", "before", "after", "by")
    list_display_links = ("moment",)
    list_filter = ("kind", "field", "at")
    search_fields = ("object_id", "by", "field")
    date_hierarchy = "at"
    fields = ("moment", "by", "thing", "field", "before", "after")
    help_texts = {
        "moment": "When it happened.",
        "by": "User name, or what did it: sync, schedule, environment.",
        "thing": "What was changed.",
        "field": "Which of its fields.",
        "before": "A secret is told as set or cleared, never by value.",
        "after": "The value from then on.",
    }

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.help_texts)

    @admin.display(description="When", ordering="at")
    def moment(self, obj: HistoryEntry) -> str:
        return show.when(obj.at)

    @admin.display(description="What", ordering="object_id")
    def thing(self, obj: HistoryEntry) -> str:
        text = f"{obj.kind} {obj.object_id}"
        address = history_page(obj.kind, obj.object_id)
        return show.link(address, text) if address else text

    @admin.display(description="Before")
    def before(self, obj: HistoryEntry) -> str:
        return show.facts(obj.old)

    @admin.display(description="After")
    def after(self, obj: HistoryEntry) -> str:
        return show.facts(obj.new)


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """What was done in this admin, users' roles and schedules too."""

    list_title = "Admin log"
    empty_text = "Every change made in this admin is logged here."
    list_display = ("moment", "user", "did", "thing", "told")
    list_display_links = ("moment",)
    list_filter = ("action_flag", ("content_type", admin.RelatedOnlyFieldListFilter), "action_time")
    list_select_related = ("user", "content_type")
    search_fields = ("object_repr", "change_message", "user__username")
    date_hierarchy = "action_time"
    fields = ("moment", "user", "did", "thing", "told")
    help_texts = {
        "moment": "When it was done.",
        "user": "Who did it.",
        "did": "Added, changed or deleted.",
        "thing": "What it was done to.",
        "told": "Which fields, or which action.",
    }

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.help_texts)

    @admin.display(description="When", ordering="action_time")
    def moment(self, obj: LogEntry) -> str:
        return show.when(obj.action_time)

    @admin.display(description="Did", ordering="action_flag")
    def did(self, obj: LogEntry) -> str:
        return obj.get_action_flag_display().lower()

    @admin.display(description="What", ordering="object_repr")
    def thing(self, obj: LogEntry) -> str:
        text = f"{obj.content_type.name if obj.content_type else 'unknown'} {obj.object_repr}"
        address = None if obj.is_deletion() else obj.get_admin_url()
        return show.link(address, text) if address else text

    @admin.display(description="Details")
    def told(self, obj: LogEntry) -> str:
        return obj.get_change_message() or show.NONE
