"""Hosts and endpoints in the admin: added, tested, synced, and deleted with the consequence told."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.text import capfirst

from unified_app.addresses import normalise_url
from unified_app.admin import display as show
from unified_app.admin.base import Button, Panel, RegistryForm, SyncsAll, tell_jobs
from unified_app.admin.panels import SHOWN, history_panel, runs_panel
from unified_app.models import Placement, SyncRun, UnifiedModel
from unified_app.models.servers import Server
from unified_app.servers import ServerVerbs
from unified_app.syncing import request_sync


def secret_field(label: str, widget: type[forms.Widget] = forms.PasswordInput, **attrs: Any) -> forms.CharField:
    """Return a field that is written and never rendered with what is stored."""
    shown = {"render_value": False} if widget is forms.PasswordInput else {}
    attrs = {"autocomplete": "new-password", "class": "vTextField", **attrs}
    return forms.CharField(label=label, required=False, max_length=4_000, widget=widget(attrs=attrs, **shown))


class ServerForm(RegistryForm):
    """A server with its secrets, which can be written and cleared but never read.

    Each secret has the fields `new_<name>` and `clear_<name>`; they are not called `<name>`, since a form that is
    only read would show the row's property of that name.
    """

    # Secret -> (the row's property that says whether it is set, help).
    secret_help: ClassVar[dict[str, tuple[str, str]]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (is_set, told) in self.secret_help.items():
            if field := self.fields.get(f"new_{name}"):
                kept = "It is set: leave this empty to keep it." if getattr(self.instance, is_set) else ""
                field.help_text = f"{told} {kept}".strip()

    def clean_url(self) -> str:
        return normalise_url(self.cleaned_data["url"])

    def clean(self) -> dict[str, Any] | None:
        for name in self.secret_help:
            if self.cleaned_data.get(f"new_{name}") and self.cleaned_data.get(f"clear_{name}"):
                self.add_error(f"clear_{name}", "Either write it or clear it.")
        return super().clean()

    def secret(self, name: str, empty: Any = "") -> Any:
        """Return what saving takes: None keeps the stored one, `empty` clears it."""
        return self.cleaned_data[f"new_{name}"] or (empty if self.cleaned_data.get(f"clear_{name}") else None)

    def secrets(self) -> dict[str, Any]:
        """Return the secrets as `ServerVerbs.save` takes them."""
        return {"token": self.secret("token")}


class ServerAdmin(SyncsAll):
    """The servers of one source; a source names its verbs, its form and its words."""

    verbs: ClassVar[ServerVerbs[Any]]
    delete_confirmation_template = "admin/server_delete_confirmation.html"
    delete_selected_confirmation_template = "admin/server_delete_selected_confirmation.html"
    list_display = ("named", "state_mark", "model_count_told", "seen", "last_sync", "enabled")
    list_filter = ("state", "enabled", "origin")
    search_fields = ("name", "url")
    actions = ("sync_now", "test_connection", "enable", "disable")
    written: ClassVar[tuple[str, ...]] = ("name", "url", "enabled")
    facts: ClassVar[tuple[str, ...]] = ("state_mark", "version", "seen", "model_count_told", "last_sync", "origin")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        runs = SyncRun.objects.filter(source=self.verbs.source, place=OuterRef("name")).order_by("-started_at", "-id")
        rows: QuerySet[Any] = self.verbs.counted().annotate(
            run_state=Subquery(runs.values("state")[:1]), run_at=Subquery(runs.values("started_at")[:1])
        )
        return rows

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        form: Any = self.form
        secret = [f"new_{name}" for name in form.secret_help]
        if obj is None:
            return ((None, {"fields": [*self.written, *secret]}),)
        secret += [f"clear_{name}" for name, (is_set, _) in form.secret_help.items() if getattr(obj, is_set)]
        written = [*self.written, *(secret if self.has_change_permission(request, obj) else [])]
        return ((None, {"fields": written}), ("What is known of it", {"fields": self.facts}))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.facts

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.by_name)
        return [path("by-name/<str:name>/", view, name=self._by_name_route()), *super().get_urls()]

    def by_name(self, request: HttpRequest, name: str) -> HttpResponse:
        """Go to a server's page: placements, runs and the history know it by name."""
        return HttpResponseRedirect(show.change_url(self.model, get_object_or_404(self.model, name=name).pk))

    def page_of(self, name: str) -> str:
        return reverse(f"admin:{self._by_name_route()}", args=[name])

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self.verbs.save(obj, by=request.user.get_username(), **form.secrets())

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.verbs.delete(obj, by=request.user.get_username())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for server in queryset:
            self.delete_model(request, server)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Tell what really happens: placements go, and models that no other server has retire."""
        names = [server.name for server in objs]
        told = [[str(server), self._consequences(server, names)] for server in objs]
        flat: list[Any] = [item for pair in told for item in pair]
        alone = models_only_at(self.verbs.source, names).count()
        counts = {f"{self.opts.verbose_name_plural} deleted": len(names), "models retired": alone}
        lacking = set() if self.has_delete_permission(request) else {str(self.opts.verbose_name)}
        return flat, counts, lacking, []

    def buttons(self, obj: Any) -> list[Button]:
        asked = [Button("test_connection", "Test connection")]
        if not obj.enabled:
            return [*asked, Button("enable", "Enable")]
        return [Button("sync_now", "Sync now"), *asked, Button("disable", "Disable")]

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        runs = SyncRun.objects.filter(source=self.verbs.source, place=obj.name).select_related("job")[:SHOWN]
        more = show.list_url(SyncRun, place=obj.name)
        return [
            _placements_panel(self.verbs.source, obj.name),
            runs_panel(runs, title="Last syncs", empty="It was not synced yet.", more=more),
            history_panel(self.verbs.noun, obj.name),
        ]

    @admin.action(description="Sync the selected ones now", permissions=["operate"])
    def sync_now(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        by = request.user.get_username()
        found = list(queryset)
        for server in found:
            if not server.enabled:
                told = f"{self._called(server)} is disabled, so it is not synced."
                self.message_user(request, told, messages.WARNING)
        asked = [request_sync(source=self.verbs.source, place=s.name, by=by) for s in found if s.enabled]
        tell_jobs(request, asked)

    @admin.action(description="Test the connection of the selected ones", permissions=["change"])
    def test_connection(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for server in queryset:
            outcome = self.verbs.test(server)
            level = messages.SUCCESS if outcome.ok else messages.ERROR
            self.message_user(request, f"{self._called(server)}: {outcome.message}", level)

    @admin.action(description="Enable the selected ones", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._set_enabled(request, queryset, True, "enabled")

    @admin.action(description="Disable the selected ones", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._set_enabled(request, queryset, False, "disabled")

    @admin.display(description="Name", ordering="name")
    def named(self, obj: Server) -> str:
        note = f"{obj.url} · demo data" if obj.is_demo else obj.url
        return format_html('{}<br><span class="quiet">{}</span>', obj.name, note)

    @admin.display(description="State", ordering="state")
    def state_mark(self, obj: Server) -> str:
        return show.mark(obj.state, obj.last_error or self.version_told(obj))

    @admin.display(description="Models", ordering="model_count")
    def model_count_told(self, obj: Any) -> str:
        return show.link(show.list_url(UnifiedModel, host=obj.name), f"{show.number(obj.model_count)} models")

    @admin.display(description="Last seen", ordering="last_seen")
    def seen(self, obj: Server) -> str:
        return show.when(obj.last_seen) if obj.last_seen else "never"

    @admin.display(description="Last sync", ordering="run_at")
    def last_sync(self, obj: Any) -> str:
        return show.lines([show.mark(obj.run_state), show.when(obj.run_at)]) if obj.run_at else "never"

    def version_told(self, obj: Any) -> str:
        """What a server that is up says of itself."""
        return str(obj.version)

    def _by_name_route(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_by_name"

    def _called(self, server: Server) -> str:
        return f"{capfirst(self.verbs.noun)} {server}"

    def _set_enabled(self, request: HttpRequest, queryset: Any, enabled: bool, done: str) -> None:
        by = request.user.get_username()

        def change(server: Server) -> bool:
            return set_enabled(self.verbs, server, enabled, by)

        self.on_each(request, queryset, change, done, f"was {done} already")

    def _consequences(self, server: Server, names: list[str]) -> list[Any]:
        here = {"placements__place": server.name, "placements__source": self.verbs.source}
        alone = models_only_at(self.verbs.source, names).filter(**here).distinct()
        total = alone.count()
        told: list[Any] = [f"retired, since no other host has it: {model.name}" for model in alone[:20]]
        if total > 20:
            told.append(f"and {total - 20} more are retired")
        shared = Placement.objects.present().filter(source=self.verbs.source, place=server.name).count() - total
        if shared > 0:
            told.append(f"{shared} models stay on other hosts")
        if server.origin == Server.Origin.ENVIRONMENT:
            told.append(f"{self.verbs.setting} names this {self.verbs.noun}, so the next start adds it again")
        return told or ["no model is on it"]


def set_enabled(verbs: ServerVerbs[Any], server: Server, enabled: bool, by: str) -> bool:
    """Enable or disable a server; return whether that changed anything."""
    if server.enabled == enabled:
        return False
    server.enabled = enabled
    verbs.save(server, by=by)
    return True


def models_only_at(source: str, names: list[str]) -> QuerySet[UnifiedModel]:
    """Return the models that would be nowhere without these servers."""
    there = Placement.objects.present().filter(model=OuterRef("pk"))
    here = there.filter(source=source, place__in=names)
    rows: QuerySet[UnifiedModel] = UnifiedModel.objects.exclude(status="retired")
    return rows.filter(Exists(here), ~Exists(there.exclude(source=source, place__in=names)))


def _placements_panel(source: str, place: str) -> Panel:
    found = Placement.objects.present().filter(source=source, place=place).select_related("model")
    rows = [
        [show.page_link(p.model), show.digest(p.digest), show.mark(p.state), show.size(p.size), show.when(p.last_seen)]
        for p in found.order_by("upstream_name")[:50]
    ]
    more = show.list_url(Placement, place=place)
    head = ("Model", "Digest", "State", "Size", "Last seen")
    return Panel("Its models", head, rows, "It lists no models, or it was not synced yet.", more, "All placements")
