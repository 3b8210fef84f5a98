"""What every list and page of the admin shares: help, panels, buttons, actions that report, and who may."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.text import capfirst

from unified_app.admin.display import change_url, list_url, page_link
from unified_app.errors import InvalidInput, RegistryError
from unified_app.models import Job
from unified_app.scopes import scopes_of_user
from unified_app.syncing import request_sync

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    ModelForm = forms.ModelForm[Any]
else:
    ModelAdmin = admin.ModelAdmin
    ModelForm = forms.ModelForm

# Each row of an action is a transaction of its own, so a request must not be given ten thousand of them.
MAX_ROWS = 500
_CARRIED = ("action", "index", "select_across", ACTION_CHECKBOX_NAME)


@dataclass(frozen=True)
class Button:
    """A verb on a page; `name` is the admin's action, or on a list its method."""

    name: str
    label: str
    danger: bool = False


@dataclass(frozen=True)
class Panel:
    """A small table below a page's fields: what belongs to the row and where to read on."""

    title: str
    head: tuple[str, ...]
    rows: list[list[Any]] = field(default_factory=list)
    empty: str = "None."
    more: str = ""
    more_text: str = "All of them"


class RegistryForm(ModelForm):
    """A form whose row is saved by one of the registry's verbs, and that shows what the verb refused."""

    refused: ClassVar[dict[str, list[str]]] = {}
    # What the verb calls a field -> what the form calls it, where that differs.
    field_of: ClassVar[dict[str, str]] = {}

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        for name, problems in self.refused.items():
            field_name = self.field_of.get(name, name)
            self.add_error(field_name if field_name in self.fields else None, problems)
        return data


class RegistryAdmin(ModelAdmin):
    """The base of our admins. `empty_text` says what would fill an empty list."""

    change_form_template = "admin/registry_form.html"
    change_list_template = "admin/registry_list.html"
    # Counting all rows beside the filtered ones would double the cost of a search.
    show_full_result_count = False
    list_per_page = 100
    empty_text: ClassVar[str] = ""
    list_title: ClassVar[str] = ""
    help_texts: ClassVar[dict[str, str]] = {}
    # The name of the site's own page of a row, where it has one.
    site_page: ClassVar[str] = ""
    # Which history entries are about these rows.
    history_kind: ClassVar[str] = ""
    # The source whose hosts or endpoints these rows are.
    places_of: ClassVar[str] = ""

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        """What is shown below the fields of a page."""
        return []

    def buttons(self, obj: Any) -> list[Button]:
        """The actions that make sense for this row now; whoever may not use one does not see it."""
        return []

    def list_buttons(self, request: HttpRequest) -> list[Button]:
        """The verbs that are about the whole list."""
        return []

    def view_on_site(self, obj: Any) -> str | None:
        return reverse(self.site_page, args=[obj.pk]) if self.site_page else None

    def is_moving(self, obj: Any) -> bool:
        """Whether the page should be read again by itself, since work goes on."""
        return False

    def page_of(self, name: str) -> str:
        """Return the address of the row that the history, or a placement, calls `name`."""
        return change_url(self.model, name)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return "operate" in scopes_of_user(request.user)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        kwargs["help_texts"] = {**self.help_texts, **(kwargs.get("help_texts") or {})}
        form = super().get_form(request, obj, change=change, **kwargs)
        form.refused = getattr(request, "refused", {})  # type: ignore[attr-defined]
        return form

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Let a refusal of the registry become errors beside the fields: the form is cleaned again, knowing it."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except InvalidInput as error:
            request.refused = error.details or {"": [error.message]}  # type: ignore[attr-defined]
            return super().changeform_view(request, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        return [
            path("do/<slug:name>/", wrap(self.do_on_list), name=f"{name}_do_list"),
            path("<path:object_id>/do/<slug:name>/", wrap(self.do_on_row), name=f"{name}_do"),
            *super().get_urls(),
        ]

    def do_on_list(self, request: HttpRequest, name: str) -> HttpResponse:
        """Press a button of the list."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if name not in {button.name for button in self.list_buttons(request)}:
            raise PermissionDenied
        getattr(self, name)(request)
        return HttpResponseRedirect(list_url(self.model))

    def do_on_row(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Press a button of a page: the list's action with this one row."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404(f"There is no {self.opts.verbose_name} {unquote(object_id)}.")
        if name not in {button.name for button in self._offered(request, row)}:
            raise PermissionDenied
        action: Callable[..., Any] = self.get_actions(request)[name][0]  # type: ignore[index]
        response: HttpResponse | None = action(self, request, self.get_queryset(request).filter(pk=row.pk))
        return response or HttpResponseRedirect(change_url(self.model, row.pk))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        obj = kwargs.get("obj")
        if obj is not None and IS_POPUP_VAR not in request.GET:
            context |= {
                "title": str(obj),
                "subtitle": None,
                "panels": self.panels(request, obj),
                "buttons": self._offered(request, obj),
                "is_moving": self.is_moving(obj),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        context = {
            "title": self.list_title or capfirst(self.opts.verbose_name_plural),
            "list_buttons": self.list_buttons(request),
            "empty_text": self.empty_text,
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def confirm(self, request: HttpRequest, queryset: QuerySet[Any], **context: Any) -> TemplateResponse | None:
        """Return the page that asks before an action, or None when it was answered.

        `context`: title, text, submit, and a form when something is to be chosen.
        """
        form = context.get("form")
        if "confirmed" in request.POST and (form is None or form.is_valid()):
            return None
        total = queryset.count()
        context |= {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "rows": [page_link(row) for row in queryset[:20]],
            "total": total,
            "more": total - 20,
            "carried": [(name, value) for name in _CARRIED for value in request.POST.getlist(name)],
            "back": list_url(self.model),
        }
        return TemplateResponse(request, "admin/confirm_action.html", context)

    def on_each(
        self, request: HttpRequest, queryset: QuerySet[Any], verb: Callable[[Any], object], done: str, same: str = ""
    ) -> None:
        """Do `verb` to every row, note it in the admin log and say what came of it.

        A verb that returns False changed nothing, which `same` says; a RegistryError stops only its own row.
        """
        rows = list(queryset[: MAX_ROWS + 1])
        if len(rows) > MAX_ROWS:
            self.message_user(request, f"Choose at most {MAX_ROWS} rows at a time.", messages.ERROR)
            return
        changed: list[Model] = []
        unchanged: list[Model] = []
        for row in rows:
            try:
                (unchanged if verb(row) is False else changed).append(row)
            except RegistryError as error:
                self.message_user(request, f"{self.opts.verbose_name} {row}: {error.message}", messages.ERROR)
        for row in changed:
            self.log_change(request, row, f"{done.capitalize()}.")
        self._tell(request, changed, done, messages.SUCCESS)
        self._tell(request, unchanged, same or f"not {done}: nothing to change", messages.INFO)

    def _tell(self, request: HttpRequest, rows: list[Model], what: str, level: int) -> None:
        if rows:
            who = f"{self.opts.verbose_name} {rows[0]}" if len(rows) == 1 else f"{len(rows)} rows"
            self.message_user(request, f"{who}: {what}.", level)

    def _offered(self, request: HttpRequest, obj: Any) -> list[Button]:
        allowed = self.get_actions(request)
        return [button for button in self.buttons(obj) if button.name in allowed]


class ReadOnlyAdmin(RegistryAdmin):
    """Rows that the product writes and people only read."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class SyncsAll(RegistryAdmin):
    """A list with the button that syncs everything."""

    def list_buttons(self, request: HttpRequest) -> list[Button]:
        return [Button("sync_all", "Sync all sources")] if self.has_operate_permission(request) else []

    def sync_all(self, request: HttpRequest) -> None:
        tell_jobs(request, [request_sync(by=request.user.get_username())])


def tell_jobs(request: HttpRequest, jobs: Iterable[Job]) -> None:
    """Say which jobs do what was asked for, each with a link."""
    for job in {job.pk: job for job in jobs}.values():
        began = "queued as" if job.state == Job.State.QUEUED else "under way already, as"
        messages.success(request, format_html("{} {} {}.", job.kind.capitalize(), began, page_link(job)))


def place_page(source: str, place: str) -> str:
    """Return the address of a host or endpoint, whichever app keeps it; empty when none does."""
    return next((a.page_of(place) for a in _ours() if source and a.places_of == source), "")


def history_page(kind: str, object_id: str) -> str:
    """Return the address of what a history entry is about."""
    return next((a.page_of(object_id) for a in _ours() if kind and a.history_kind == kind), "")


def _ours() -> Iterable[RegistryAdmin]:
    return (a for a in admin.site._registry.values() if isinstance(a, RegistryAdmin))
