"""Placements and versions: where models are and what was behind their names."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from unified_app.admin import display as show
from unified_app.admin.base import Panel, ReadOnlyAdmin
from unified_app.admin.panels import SHOWN, host, runs_panel
from unified_app.models import ModelVersion, Placement, SyncRun


@admin.register(Placement)
class PlacementAdmin(ReadOnlyAdmin):
    """One host that answers for one model."""

    empty_text = "A placement says that a host has a model. The first sync fills this list."
    list_display = ("called", "model_link", "host_link", "digest_short", "state_mark", "seen")
    list_filter = ("source", "place", "state", "protocol", "pinned")
    list_select_related = ("model",)
    search_fields = ("upstream_name", "model__name", "place", "digest")
    date_hierarchy = "first_seen"
    fieldsets = (
        (None, {"fields": ("model_link", "host_link", "called", "base_url", "protocol", "state_mark")}),
        (
            "What the host tells",
            {"fields": ("digest_full", "version", "told_size", "modified", "first", "seen", "told", "credential")},
        ),
    )
    help_texts = {
        "model_link": "The registry's row for this model; hosts with the same model share it.",
        "host_link": "The host or endpoint that answers.",
        "called": "What the host calls the model.",
        "base_url": "Where calls are sent.",
        "protocol": "What the host speaks.",
        "state_mark": "Available, unreachable (the host is down), or gone (the host no longer lists it). "
        "A pinned one is a curator's choice among hosts that differ.",
        "digest_full": "Fingerprint of what the host has; two hosts that differ make drift.",
        "version": "The first digits of the digest.",
        "told_size": "On this host's disk.",
        "modified": "When the host says it last changed.",
        "first": "When the registry first saw it here.",
        "seen": "When the host last listed it.",
        "told": "Everything else that the host tells; the model's row is made from it.",
        "credential": "Names the row that holds the key for calls; empty when none is needed.",
    }

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.help_texts)

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        runs = SyncRun.objects.filter(source=obj.source, place=obj.place).select_related("job")[:SHOWN]
        more = show.list_url(SyncRun, source__exact=obj.source, place__exact=obj.place)
        return [runs_panel(runs, title="Last syncs of this host", empty="It was not synced yet.", more=more)]

    @admin.display(description="Model", ordering="model__name")
    def model_link(self, obj: Placement) -> str:
        return show.page_link(obj.model)

    @admin.display(description="Host", ordering="place")
    def host_link(self, obj: Placement) -> str:
        return host(obj.source, obj.place)

    @admin.display(description="Called there", ordering="upstream_name")
    def called(self, obj: Placement) -> str:
        return obj.upstream_name

    @admin.display(description="Digest", ordering="digest")
    def digest_short(self, obj: Placement) -> str:
        return show.digest(obj.digest)

    @admin.display(description="Digest")
    def digest_full(self, obj: Placement) -> str:
        return obj.digest or show.NONE

    @admin.display(description="State", ordering="state")
    def state_mark(self, obj: Placement) -> str:
        return show.mark(obj.state, "pinned" if obj.pinned else "")

    @admin.display(description="Last seen", ordering="last_seen")
    def seen(self, obj: Placement) -> str:
        return show.when(obj.last_seen)

    @admin.display(description="First seen")
    def first(self, obj: Placement) -> str:
        return show.when(obj.first_seen)

    @admin.display(description="Changed there")
    def modified(self, obj: Placement) -> str:
        return show.when(obj.modified_at)

    @admin.display(description="Size")
    def told_size(self, obj: Placement) -> str:
        return show.size(obj.size)

    @admin.display(description="Facts")
    def told(self, obj: Placement) -> str:
        return show.facts(obj.facts)


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    """What was behind a name from a moment on."""

    empty_text = "The first sync writes a version for every model, and each new digest adds one."
    list_display = ("version", "model_link", "digest_short", "first", "place", "told_size")
    list_filter = ("place", "first_seen")
    list_select_related = ("model",)
    search_fields = ("model__name", "version", "digest")
    date_hierarchy = "first_seen"
    fields = ("model_link", "version", "digest", "first", "place", "told_size", "told")
    help_texts = {
        "model_link": "The model whose name this was, or is.",
        "version": "The first digits of the digest.",
        "digest": "Fingerprint of the content.",
        "first": "When it was first seen, on whichever host.",
        "place": "Host or endpoint where it was seen first.",
        "told_size": "On disk, as the host told.",
        "told": "Family, quantisation and whatever else was told of this version.",
    }

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.help_texts)

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        there = Placement.objects.present().filter(model_id=obj.model_id, digest=obj.digest)
        rows = [[host(p.source, p.place), show.page_link(p, p.upstream_name), show.when(p.last_seen)] for p in there]
        empty = "No host has this version any more."
        return [Panel("Where it is now", ("Host", "Placement", "Last seen"), rows, empty)]

    @admin.display(description="Model", ordering="model__name")
    def model_link(self, obj: ModelVersion) -> str:
        return show.page_link(obj.model)

    @admin.display(description="Digest", ordering="digest")
    def digest_short(self, obj: ModelVersion) -> str:
        return show.digest(obj.digest)

    @admin.display(description="First seen", ordering="first_seen")
    def first(self, obj: ModelVersion) -> str:
        return show.when(obj.first_seen)

    @admin.display(description="Size", ordering="size")
    def told_size(self, obj: ModelVersion) -> str:
        return show.size(obj.size)

    @admin.display(description="Parameters")
    def told(self, obj: ModelVersion) -> str:
        return show.facts(obj.parameters)
