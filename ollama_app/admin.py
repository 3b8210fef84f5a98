"""Ollama hosts in the admin: added, tested, synced, and deleted with the consequence told."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from ollama_app import hosts
from ollama_app.models import Host
from ollama_app.source import OllamaSource
from unified_app.addresses import normalise_url
from unified_app.admin import display as show
from unified_app.admin.base import Button, Panel, RegistryForm, SyncsAll, tell_jobs
from unified_app.admin.panels import SHOWN, history_panel, runs_panel
from unified_app.models import Placement, SyncRun, UnifiedModel
from unified_app.syncing import request_sync

_TOKEN_HELP = "Only for servers behind a proxy that asks for one. Kept encrypted and never shown."


class HostForm(RegistryForm):
    """A host with its token, which can be written and cleared but never read."""

    field_of = {"token": "new_token"}
    # Not called `token`: a form that is only read would show the host's property of that name.
    new_token = forms.CharField(
        label="Bearer token",
        required=False,
        max_length=4_000,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password", "class": "vTextField"}),
    )
    clear_token = forms.BooleanField(
        label="Clear the token", required=False, help_text="The host is then asked without one."
    )

    class Meta:
        model = Host
        fields = ("name", "url", "enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if field := self.fields.get("new_token"):
            kept = "A token is set: leave this empty to keep it." if self.instance.has_token else ""
            field.help_text = f"{_TOKEN_HELP} {kept}".strip()

    def clean_url(self) -> str:
        return normalise_url(self.cleaned_data["url"])

    def clean(self) -> dict[str, Any] | None:
        if self.cleaned_data.get("new_token") and self.cleaned_data.get("clear_token"):
            self.add_error("clear_token", "Either write a token or clear it.")
        return super().clean()

    @property
    def token(self) -> str | None:
        """What `save_host` takes: None keeps the stored one."""
        return self.cleaned_data["new_token"] or ("" if self.cleaned_data["clear_token"] else None)


@admin.register(Host)
class HostAdmin(SyncsAll):
    form = HostForm
    history_kind = "host"
    places_of = OllamaSource.name
    empty_text = "Add the address of an Ollama server, such as http://gpu1.example:11434, to register its models."
    list_display = ("named", "state_mark", "model_count", "seen", "last_sync", "enabled")
    list_filter = ("state", "enabled", "origin")
    search_fields = ("name", "url")
    actions = ("sync_now", "test_connection", "enable", "disable")
    delete_confirmation_template = "admin/ollama_app/host/delete_confirmation.html"
    delete_selected_confirmation_template = "admin/ollama_app/host/delete_selected_confirmation.html"
    help_texts = {
        "name": "Short and stable: pages, filters and headers show it.",
        "url": "Such as http://gpu1.example:11434, without credentials.",
        "enabled": "A disabled host is not asked; models that only it has are retired.",
        "has_token": "Whether calls carry a bearer token; the token itself is never shown.",
        "state_mark": "From the last check; hosts are asked every 30 s.",
        "version": "Of the Ollama server there.",
        "seen": "When it last answered.",
        "origin": "Who added it: a person, the OLLAMA_HOSTS variable, or the demo. What you edit becomes yours.",
        "model_count": "Models that it lists now.",
        "last_sync": "Outcome of the last sync.",
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Host]:
        there = Placement.objects.present().filter(source=OllamaSource.name, place=OuterRef("name")).order_by()
        counted = there.values("place").annotate(n=Count("pk")).values("n")
        runs = SyncRun.objects.filter(source=OllamaSource.name, place=OuterRef("name")).order_by("-started_at", "-id")
        rows: QuerySet[Host] = Host.objects.annotate(
            models=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
            run_state=Subquery(runs.values("state")[:1]),
            run_at=Subquery(runs.values("started_at")[:1]),
        )
        return rows

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        written = ["name", "url", "enabled", "new_token"]
        if obj is None:
            return ((None, {"fields": written}),)
        if obj.has_token:
            written.append("clear_token")
        if not self.has_change_permission(request, obj):
            written = ["name", "url", "enabled"]
        facts = ["state_mark", "version", "seen", "model_count", "last_sync", "origin", "has_token"]
        return ((None, {"fields": written}), ("What is known of it", {"fields": facts}))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [name for name in self.help_texts if name not in HostForm.Meta.fields]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.by_name)
        return [path("by-name/<str:name>/", view, name="ollama_app_host_by_name"), *super().get_urls()]

    def by_name(self, request: HttpRequest, name: str) -> HttpResponse:
        """Go to a host's page: placements, runs and the history know it by name."""
        return HttpResponseRedirect(show.change_url(Host, get_object_or_404(Host, name=name).pk))

    def page_of(self, name: str) -> str:
        return reverse("admin:ollama_app_host_by_name", args=[name])

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        hosts.save_host(obj, by=request.user.get_username(), token=form.token)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        hosts.delete_host(obj, by=request.user.get_username())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for host in queryset:
            self.delete_model(request, host)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Tell what really happens: placements go, and models that no other host has retire."""
        names = [host.name for host in objs]
        told = [[str(host), _consequences(host, names)] for host in objs]
        flat: list[Any] = [item for pair in told for item in pair]
        alone = models_only_at(names).count()
        counts = {"Ollama hosts deleted": len(names), "models retired": alone}
        lacking = set() if self.has_delete_permission(request) else {"Ollama host"}
        return flat, counts, lacking, []

    def buttons(self, obj: Any) -> list[Button]:
        asked = [Button("test_connection", "Test connection")]
        if not obj.enabled:
            return [*asked, Button("enable", "Enable")]
        return [Button("sync_now", "Sync now"), *asked, Button("disable", "Disable")]

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        here = {"source": OllamaSource.name, "place": obj.name}
        runs = SyncRun.objects.filter(**here).select_related("job")[:SHOWN]
        return [
            _placements_panel(obj),
            runs_panel(
                runs, title="Last syncs", empty="It was not synced yet.", more=show.list_url(SyncRun, place=obj.name)
            ),
            history_panel("host", obj.name),
        ]

    @admin.action(description="Sync the selected hosts now", permissions=["operate"])
    def sync_now(self, request: HttpRequest, queryset: QuerySet[Host]) -> None:
        by = request.user.get_username()
        found = list(queryset)
        for host in found:
            if not host.enabled:
                self.message_user(request, f"Host {host} is disabled, so it is not synced.", messages.WARNING)
        asked = [request_sync(source=OllamaSource.name, place=h.name, by=by) for h in found if h.enabled]
        tell_jobs(request, asked)

    @admin.action(description="Test the connection of the selected hosts", permissions=["change"])
    def test_connection(self, request: HttpRequest, queryset: QuerySet[Host]) -> None:
        for host in queryset:
            outcome = hosts.test_connection(host)
            level = messages.SUCCESS if outcome.ok else messages.ERROR
            self.message_user(request, f"Host {host}: {outcome.message}", level)

    @admin.action(description="Enable the selected hosts", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Host]) -> None:
        self._set_enabled(request, queryset, True, "enabled")

    @admin.action(description="Disable the selected hosts", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Host]) -> None:
        self._set_enabled(request, queryset, False, "disabled")

    @admin.display(description="Host", ordering="name")
    def named(self, obj: Host) -> str:
        note = f"{obj.url} · demo data" if obj.is_demo else obj.url
        return format_html('{}<br><span class="quiet">{}</span>', obj.name, note)

    @admin.display(description="State", ordering="state")
    def state_mark(self, obj: Host) -> str:
        return show.mark(obj.state, obj.last_error or (f"Ollama {obj.version}" if obj.version else ""))

    @admin.display(description="Models", ordering="models")
    def model_count(self, obj: Any) -> str:
        return show.link(show.list_url(UnifiedModel, host=obj.name), f"{show.number(obj.models)} models")

    @admin.display(description="Last seen", ordering="last_seen")
    def seen(self, obj: Host) -> str:
        return show.when(obj.last_seen) if obj.last_seen else "never"

    @admin.display(description="Last sync", ordering="run_at")
    def last_sync(self, obj: Any) -> str:
        return show.lines([show.mark(obj.run_state), show.when(obj.run_at)]) if obj.run_at else "never"

    @admin.display(description="Token")
    def has_token(self, obj: Host) -> str:
        return "set" if obj.has_token else "not set"

    def _set_enabled(self, request: HttpRequest, queryset: Any, enabled: bool, done: str) -> None:
        by = request.user.get_username()
        self.on_each(request, queryset, lambda host: set_enabled(host, enabled, by), done, f"was {done} already")


def set_enabled(host: Host, enabled: bool, by: str) -> bool:
    """Enable or disable a host; return whether that changed anything."""
    if host.enabled == enabled:
        return False
    host.enabled = enabled
    hosts.save_host(host, by=by)
    return True


def models_only_at(names: list[str]) -> QuerySet[UnifiedModel]:
    """Return the models that would be on no host without these ones."""
    there = Placement.objects.present().filter(model=OuterRef("pk"))
    here = there.filter(source=OllamaSource.name, place__in=names)
    rows: QuerySet[UnifiedModel] = UnifiedModel.objects.exclude(status="retired")
    return rows.filter(Exists(here), ~Exists(there.exclude(source=OllamaSource.name, place__in=names)))


def _consequences(host: Host, names: list[str]) -> list[Any]:
    alone = models_only_at(names).filter(placements__place=host.name, placements__source=OllamaSource.name).distinct()
    total = alone.count()
    told: list[Any] = [f"retired, since no other host has it: {model.name}" for model in alone[:20]]
    if total > 20:
        told.append(f"and {total - 20} more are retired")
    shared = Placement.objects.present().filter(source=OllamaSource.name, place=host.name).count() - total
    if shared > 0:
        told.append(f"{shared} models stay on other hosts")
    if host.origin == Host.Origin.ENVIRONMENT:
        told.append("OLLAMA_HOSTS names this host, so the next start adds it again")
    return told or ["no model is on it"]


def _placements_panel(host: Host) -> Panel:
    found = Placement.objects.present().filter(source=OllamaSource.name, place=host.name).select_related("model")
    rows = [
        [show.page_link(p.model), show.digest(p.digest), show.mark(p.state), show.size(p.size), show.when(p.last_seen)]
        for p in found.order_by("upstream_name")[:50]
    ]
    more = show.list_url(Placement, place=host.name)
    head = ("Model", "Digest", "State", "Size", "Last seen")
    return Panel("Its models", head, rows, "It lists no models, or it was not synced yet.", more, "All placements")
