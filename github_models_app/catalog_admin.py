"""The GitHub Models catalog and its service in the admin: read, and synced by a button."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from github_models_app import service, sync_requests
from github_models_app.mapping import PLACE, SOURCE
from github_models_app.models import CatalogEntry, GitHubService
from unified_app.admin import display as show
from unified_app.admin.base import Button, Panel, ReadOnlyAdmin, tell_jobs
from unified_app.admin.panels import SHOWN, history_panel, runs_panel
from unified_app.errors import Conflict
from unified_app.models import SyncRun, UnifiedModel


@admin.register(CatalogEntry)
class CatalogEntryAdmin(ReadOnlyAdmin):
    """What the catalog tells of one model."""

    empty_text = "The first sync of a configured GitHub Models service, or load_github_archive, fills this list."
    list_display = ("id", "publisher", "model_status", "rate_limit_tier", "version", "modalities", "archived_on")
    list_filter = ("publisher_slug", "rate_limit_tier", "model__status", "archived_on")
    list_select_related = ("model",)
    search_fields = ("id", "name", "publisher", "summary")
    fieldsets = (
        (None, {"fields": ("id", "model_link", "model_status", "name", "publisher", "summary", "archived_on")}),
        (
            "What the catalog tells",
            {
                "fields": (
                    *("version", "rate_limit_tier", "modalities", "told_capabilities", "told_tags", "told_limits"),
                    *("registry", "link"),
                )
            },
        ),
    )
    help_texts = {
        "id": "Publisher and model; calls name the model by it.",
        "model_link": "The registry's row that was made from this one.",
        "model_status": "Retired models are not callable.",
        "name": "The catalog's display name.",
        "publisher": "Who made the model.",
        "summary": "In the publisher's words.",
        "archived_on": "The day of the archive that it came from; empty: a service listed it.",
        "version": "The catalog's; a new one is a new version of the model.",
        "rate_limit_tier": "Decides the quota of calls, together with GITHUB_MODELS_PLAN.",
        "modalities": "What it takes, and what it makes.",
        "told_capabilities": "As the catalog spells them; the registry's own stand on the model.",
        "told_tags": "The catalog's free words.",
        "told_limits": "The model's own limits in tokens, not what the tier lets through.",
        "registry": "Where the service runs it.",
        "link": "Its page; GitHub's own are gone.",
    }

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.help_texts)

    @admin.display(description="Model", ordering="model__name")
    def model_link(self, obj: CatalogEntry) -> str:
        return show.page_link(obj.model)

    @admin.display(description="Status", ordering="model__status")
    def model_status(self, obj: CatalogEntry) -> str:
        return show.mark(obj.model.status, obj.model.retired_reason)

    @admin.display(description="Modalities")
    def modalities(self, obj: CatalogEntry) -> str:
        return f"{show.words(obj.input_modalities)} → {show.words(obj.output_modalities)}"

    @admin.display(description="Capabilities")
    def told_capabilities(self, obj: CatalogEntry) -> str:
        return show.facts(obj.capabilities)

    @admin.display(description="Tags")
    def told_tags(self, obj: CatalogEntry) -> str:
        return show.facts(obj.tags)

    @admin.display(description="Limits")
    def told_limits(self, obj: CatalogEntry) -> str:
        return show.facts(obj.limits)

    @admin.display(description="Link")
    def link(self, obj: CatalogEntry) -> str:
        return show.link(obj.html_url, obj.html_url) if obj.html_url else show.NONE


@admin.register(GitHubService)
class GitHubServiceAdmin(ReadOnlyAdmin):
    """The one row: what is asked, and what came of it."""

    history_kind = service.HISTORY_KIND
    places_of = SOURCE
    empty_text = "Nothing is known of the service yet."
    list_display = ("called", "state_mark", "address", "changed", "synced", "model_count")
    list_filter = ("state",)
    search_fields = ("url", "reason")
    actions = ("sync_now",)
    fields = ("state_mark", "reason_told", "changed", "synced", "address", "plan", "model_count", "public")
    help_texts = {
        "state_mark": "Retired is final: the schedule does not ask again, a sync by hand does.",
        "reason_told": "Why it is not ok.",
        "changed": "When the state became so.",
        "synced": "When the catalog was last read.",
        "address": "GITHUB_MODELS_URL; asked only when GITHUB_TOKEN is set, and then with it.",
        "plan": "GITHUB_MODELS_PLAN: whose quotas calls keep to.",
        "model_count": "Models of the catalog that lists show.",
        "public": "What became of GitHub's own service.",
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[GitHubService]:
        service.row()
        found: QuerySet[GitHubService] = GitHubService.objects.all()
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.help_texts)

    def page_of(self, name: str) -> str:
        return show.change_url(GitHubService, 1)

    def buttons(self, obj: Any) -> list[Button]:
        return [Button("sync_now", "Sync now")] if service.configuration() else []

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        here = {"source": SOURCE, "place": PLACE}
        runs = SyncRun.objects.filter(**here).select_related("job")[:SHOWN]
        more = show.list_url(SyncRun, **here)
        return [
            runs_panel(runs, title="Last syncs", empty="It was not synced yet.", more=more),
            history_panel(service.HISTORY_KIND, 1),
        ]

    @admin.action(description="Sync the catalog now", permissions=["operate"])
    def sync_now(self, request: HttpRequest, queryset: QuerySet[GitHubService]) -> None:
        try:
            tell_jobs(request, [sync_requests.request_sync(by=request.user.get_username())])
        except Conflict as error:
            self.message_user(request, error.message, "ERROR")

    @admin.display(description="Service")
    def called(self, obj: GitHubService) -> str:
        return f"{obj} · demo data" if service.status().demo else str(obj)

    @admin.display(description="State", ordering="state")
    def state_mark(self, obj: GitHubService) -> str:
        told = service.status()
        return show.mark(told.state, told.reason)

    @admin.display(description="Reason")
    def reason_told(self, obj: GitHubService) -> str:
        return service.status().reason or show.NONE

    @admin.display(description="Since", ordering="since")
    def changed(self, obj: GitHubService) -> str:
        return show.when(service.status().since)

    @admin.display(description="Last sync", ordering="last_sync")
    def synced(self, obj: GitHubService) -> str:
        return show.when(service.status().last_sync)

    @admin.display(description="Address", ordering="url")
    def address(self, obj: GitHubService) -> str:
        return service.status().url or show.NONE

    @admin.display(description="Plan")
    def plan(self, obj: GitHubService) -> str:
        return service.status().plan

    @admin.display(description="Public service")
    def public(self, obj: GitHubService) -> str:
        return service.PUBLIC_NOTE

    @admin.display(description="Models")
    def model_count(self, obj: GitHubService) -> str:
        count = UnifiedModel.objects.shown().filter(source=SOURCE).count()
        return show.link(f"{reverse('admin:unified_app_unifiedmodel_changelist')}?source={SOURCE}", f"{count} models")
