"""People and their roles."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from unified_app.admin import display as show
from unified_app.admin.base import Button, Panel, RegistryAdmin
from unified_app.admin.panels import history_panel, log_panel
from unified_app.history import record
from unified_app.models import ApiKey, RegistryEpoch, User
from unified_app.scopes import ROLES, STAFF_ROLES, scopes_of_roles

admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(RegistryAdmin, auth_admin.UserAdmin):  # type: ignore[type-arg]
    """Who may log in, and in which role."""

    history_kind = "user"
    list_display = ("username", "email", "roles", "active", "keys", "last_login_told")
    list_filter = ("groups", "is_active", "is_superuser")
    search_fields = ("username", "first_name", "last_name", "email")
    filter_horizontal = ("groups", "user_permissions")
    actions = ("deactivate", "activate")
    readonly_fields = ("is_staff", "last_login_told", "joined")
    fieldsets = (
        (None, {"fields": ("username", "password", "is_active")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("What they may do", {"fields": ("groups", "is_superuser", "is_staff", "user_permissions")}),
        ("Dates", {"fields": ("last_login_told", "joined")}),
    )
    help_texts = {
        "first_name": "Shown in the corner of the admin.",
        "last_name": "For you to recognise them.",
        "email": "For you to reach them; the registry sends nothing.",
        "groups": "The role. Viewer: look and call. Evaluator: also experiments. Curator: also edit models. "
        "Operator: also hosts, syncs, jobs and keys.",
        "is_active": "Take this away instead of deleting somebody: their keys stop working at once.",
        "is_superuser": "May everything, and is the only one who manages users.",
        "is_staff": "May enter this admin. It follows the role: curators, operators and superusers may.",
        "user_permissions": "Beyond the role; rarely needed.",
        "last_login_told": "When they last logged in here.",
        "joined": "When the account was made.",
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows: QuerySet[User] = super().get_queryset(request)
        return rows.prefetch_related("groups").annotate(key_count=Count("api_keys", distinct=True))

    def buttons(self, obj: Any) -> list[Button]:
        return [Button("deactivate", "Deactivate")] if obj.is_active else [Button("activate", "Activate")]

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        rows = [
            [show.page_link(k, k.name), show.words(k.scopes), show.mark(k.state), show.when(k.last_used_at)]
            for k in obj.api_keys.all()[:20]
        ]
        more = show.list_url(ApiKey, user__id__exact=obj.pk)
        keys = Panel("API keys", ("Key", "Scopes", "State", "Last used"), rows, "No keys.", more, "All keys")
        return [keys, history_panel("user", obj.pk)]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """A role decides who may enter the admin and what keys may do, so the gateway must read again."""
        user = form.instance
        with transaction.atomic():
            before = _roles(user)
            super().save_related(request, form, formsets, change)
            roles = _roles(user)
            may_enter = user.is_superuser or bool(STAFF_ROLES & set(roles))
            User.objects.filter(pk=user.pk).update(is_staff=may_enter)
            record("user", user.pk, request.user.get_username(), _changes(form, before, roles, change))
            RegistryEpoch.bump()

    @admin.action(description="Deactivate the selected users", permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._set_active(request, queryset.exclude(username=request.user.get_username()), False, "deactivated")

    @admin.action(description="Activate the selected users", permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._set_active(request, queryset, True, "activated")

    @admin.display(description="Role")
    def roles(self, obj: User) -> str:
        names = [group.name for group in obj.groups.all()]
        return ", ".join(["superuser", *names] if obj.is_superuser else names) or show.NONE

    @admin.display(description="State", ordering="is_active")
    def active(self, obj: User) -> str:
        return show.mark("active" if obj.is_active else "deactivated")

    @admin.display(description="Keys", ordering="key_count")
    def keys(self, obj: Any) -> str:
        return f"{obj.key_count} key{'' if obj.key_count == 1 else 's'}"

    @admin.display(description="Last log-in", ordering="last_login")
    def last_login_told(self, obj: User) -> str:
        return show.when(obj.last_login)

    @admin.display(description="Joined")
    def joined(self, obj: User) -> str:
        return show.when(obj.date_joined)

    def _set_active(self, request: HttpRequest, queryset: Any, active: bool, done: str) -> None:
        by = request.user.get_username()
        self.on_each(request, queryset, lambda user: set_active(user, active, by), done, f"was {done} already")


@admin.register(Group)
class GroupAdmin(RegistryAdmin, auth_admin.GroupAdmin):
    """Roles, and groups of your own beside them."""

    list_display = ("name", "scopes", "members")
    help_texts = {
        "name": "Viewer, Evaluator, Curator and Operator are the roles that keys and the API know; keep their names.",
        "permissions": "What members may do in this admin.",
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        rows: QuerySet[Group] = super().get_queryset(request)
        return rows.annotate(member_count=Count("user"))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # The next start would make a deleted role again, without its members.
        return super().has_delete_permission(request, obj) and not (obj and obj.name in ROLES)

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        return [log_panel(obj)]

    @admin.display(description="Scopes")
    def scopes(self, obj: Group) -> str:
        return show.words(scope for scope in ROLES["Operator"] if scope in scopes_of_roles([obj.name]))

    @admin.display(description="Members", ordering="member_count")
    def members(self, obj: Any) -> str:
        return show.link(
            show.list_url(User, groups__id__exact=obj.pk),
            f"{obj.member_count} member{'' if obj.member_count == 1 else 's'}",
        )


def set_active(user: User, active: bool, by: str) -> bool:
    """Let a user in or out; return whether that changed anything. Keys follow at once."""
    with transaction.atomic():
        changed = User.objects.filter(pk=user.pk, is_active=not active).update(is_active=active)
        if changed:
            record("user", user.pk, by, {"is_active": (not active, active)})
            RegistryEpoch.bump()
    return bool(changed)


def _roles(user: User) -> list[str]:
    return sorted(user.groups.values_list("name", flat=True))


def _changes(form: Any, before: list[str], roles: list[str], change: bool) -> dict[str, tuple[Any, Any]]:
    told: dict[str, tuple[Any, Any]] = {"groups": (before, roles)}
    if not change:
        told["created"] = (None, form.instance.username)
    for name in ("is_active", "is_superuser", "username", "email"):
        if change and name in form.changed_data:
            told[name] = (form.initial.get(name), form.cleaned_data[name])
    return told
