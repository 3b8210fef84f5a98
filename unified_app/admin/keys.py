"""API keys: made and shown once, revoked, never edited and never deleted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from unified_app import keys
from unified_app.admin import display as show
from unified_app.admin.base import Button, Panel, RegistryAdmin, RegistryForm
from unified_app.admin.panels import history_panel
from unified_app.errors import Conflict
from unified_app.models import ApiKey, User
from unified_app.scopes import SCOPES, in_order, scopes_of_user
from unified_app.service_key import is_service_key

_MEANING = {
    "read": "read: look at everything",
    "call": "call: use models through the gateway",
    "experiment": "experiment: make variants, run evaluations",
    "curate": "curate: edit, retire and restore models",
    "operate": "operate: hosts, syncs, serving, jobs, keys",
}


class KeyForm(RegistryForm):
    """What a new key is made from. `giver` is who makes it: nobody gives more than they have."""

    giver: User
    scopes = forms.MultipleChoiceField(
        choices=[(scope, _MEANING[scope]) for scope in SCOPES],
        widget=forms.CheckboxSelectMultiple,
        help_text="At most what the user may; boxes that the chosen user may not have are greyed out.",
    )
    days = forms.IntegerField(
        required=False, min_value=1, max_value=36_500, help_text="After this many days it stops. Empty: never."
    )

    class Meta:
        model = ApiKey
        fields = ("name", "user", "scopes", "rate_limit_per_minute")

    class Media:
        js = ("site/admin_key_scopes.js",)

    def clean(self) -> dict[str, Any] | None:
        user, wanted = self.cleaned_data.get("user"), self.cleaned_data.get("scopes")
        if user and wanted:
            beyond = set(wanted) - allowed_scopes(user, self.giver)
            if beyond:
                names = ", ".join(in_order(beyond))
                self.add_error("scopes", f"A key of {user} made by {self.giver} cannot have: {names}.")
        return super().clean()


class State(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("active", "active"), ("expired", "expired"), ("revoked", "revoked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        revoked, expired = Q(revoked_at__isnull=False), Q(expires_at__lte=timezone.now())
        chosen = {"active": ~revoked & ~expired, "expired": ~revoked & expired, "revoked": revoked}
        return queryset.filter(chosen.get(self.value() or "", Q()))


@admin.register(ApiKey)
class ApiKeyAdmin(RegistryAdmin):
    history_kind = "key"
    empty_text = "Programs call the registry with a key: add one here, or with manage.py apikey create."
    list_display = ("name", "user", "scope_words", "state_mark", "expires", "used")
    list_filter = (State, "created_at")
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__username")
    date_hierarchy = "created_at"
    autocomplete_fields = ("user",)
    actions = ("revoke", "put_back")
    ordering = (F("revoked_at").asc(nulls_first=True), "-created_at")
    help_texts = {
        "name": "What the key is for, such as the program that uses it.",
        "user": "Whom the key acts for; it never may more than this user.",
        "starts_with": "The key's first characters, to recognise it; the rest is nowhere kept.",
        "scope_words": "What the key may do, as long as its user may.",
        "state_mark": "Active, expired or revoked. A revoked key never works again.",
        "rate": "How many calls it may send to the gateway a minute.",
        "created": "When it was made.",
        "expires": "When it stops by itself.",
        "revoked": "When somebody revoked it.",
        "used": "To the minute.",
    }

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a key is revoked and made anew; what it was stays as it was

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # usage and history name it

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return super().has_change_permission(request)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = type("GivenKeyForm", (KeyForm,), {"giver": request.user})
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        names = ["name", "user", "scopes", "rate_limit_per_minute", "days"] if obj is None else list(self.help_texts)
        return ((None, {"fields": names}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else list(self.help_texts)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.scopes_view)
        return [path("scopes/<int:user_id>/", view, name="unified_app_apikey_scopes"), *super().get_urls()]

    def scopes_view(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """Tell the form which scopes a key of this user may have."""
        user = User.objects.filter(pk=user_id).first() if self.has_add_permission(request) else None
        return JsonResponse({"scopes": in_order(allowed_scopes(user, request.user)) if user else []})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"user": request.user.pk, "scopes": ["read", "call"], **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        data = form.cleaned_data
        key, obj.shown_once = keys.create_key(
            user=data["user"],
            name=data["name"],
            scopes=data["scopes"],
            days=data["days"],
            rate_limit_per_minute=data["rate_limit_per_minute"],
            by=request.user.get_username(),
        )
        obj.pk, obj.prefix = key.pk, key.prefix

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Show the secret once: the message lives in the browser's cookie until this next page, nowhere else."""
        text = (
            'Key "{}" is made. Copy it now, it is not shown again: '
            '<code class="secret" id="new-key">{}</code> '
            '<button type="button" class="copy" data-copy="new-key">Copy</button>'
        )
        messages.success(request, format_html(text, obj.name, obj.shown_once))
        return HttpResponseRedirect(reverse("admin:unified_app_apikey_change", args=[obj.pk]))

    def buttons(self, obj: Any) -> list[Button]:
        if not obj.revoked_at:
            return [Button("revoke", "Revoke", danger=True)]
        return [Button("put_back", "Put back in force")] if is_service_key(obj) else []

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        return [history_panel("key", obj.pk)]

    @admin.action(description="Revoke the selected keys", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> TemplateResponse | None:
        page = self.confirm(
            request,
            queryset,
            title="Revoke keys",
            text="Programs that use them are refused from now on. This cannot be undone, except for the key of the "
            "registry's own calls: without that one there are no evaluations.",
            submit="Revoke",
        )
        if page is None:
            by = request.user.get_username()
            self.on_each(request, queryset, lambda key: _revoke(key, by), "revoked", "was revoked already")
        return page

    @admin.action(description="Put the registry's own key back in force", permissions=["revoke"])
    def put_back(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        by = request.user.get_username()
        self.on_each(request, queryset, lambda key: _put_back(key, by), "put back in force", "was in force")

    @admin.display(description="Scopes")
    def scope_words(self, obj: ApiKey) -> str:
        return show.words(obj.scopes)

    @admin.display(description="Starts with")
    def starts_with(self, obj: ApiKey) -> str:
        return format_html("<code>{}…</code>", obj.prefix)

    @admin.display(description="State")
    def state_mark(self, obj: ApiKey) -> str:
        return show.mark(obj.state)

    @admin.display(description="Requests a minute", ordering="rate_limit_per_minute")
    def rate(self, obj: ApiKey) -> str:
        limit = obj.rate_limit_per_minute
        if limit is None:
            return f"{settings.RATE_LIMIT_PER_MINUTE:,}, as for all"
        return f"{limit:,}" if limit else "no limit"

    @admin.display(description="Made")
    def created(self, obj: ApiKey) -> str:
        return show.when(obj.created_at)

    @admin.display(description="Expires", ordering="expires_at")
    def expires(self, obj: ApiKey) -> str:
        return show.when(obj.expires_at) if obj.expires_at else "never"

    @admin.display(description="Revoked")
    def revoked(self, obj: ApiKey) -> str:
        return show.when(obj.revoked_at)

    @admin.display(description="Last used", ordering="last_used_at")
    def used(self, obj: ApiKey) -> str:
        return show.when(obj.last_used_at) if obj.last_used_at else "never"


def allowed_scopes(user: Any, giver: Any) -> frozenset[str]:
    """Return what a key of `user` that `giver` makes may have: what both of them may."""
    return scopes_of_user(user) & scopes_of_user(giver)


def _revoke(key: ApiKey, by: str) -> bool:
    if key.revoked_at:
        return False
    keys.revoke(key, by)
    return True


def _put_back(key: ApiKey, by: str) -> bool:
    if not key.revoked_at:
        return False
    if not is_service_key(key):
        raise Conflict("A revoked key never works again; only the registry's own can be put back.")
    keys.put_back(key, by)
    return True
