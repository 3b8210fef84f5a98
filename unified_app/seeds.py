"""Rows that must be there after every migrate: roles, schedules, the epoch."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db.models.signals import m2m_changed
from django.dispatch import receiver

from unified_app.models import RegistryEpoch, User
from unified_app.schedules import ensure_schedule
from unified_app.scopes import ROLES, STAFF_ROLES

# App label -> model names that a curator, or an operator beside that, may change in the admin.
CURATED = {"unified_app": ["unifiedmodel", "alias"], "experiments_app": ["gate"]}
OPERATED = {
    "unified_app": ["modelservingconfig", "apikey", "job"],
    "ollama_app": ["host"],
    "github_models_app": ["endpoint"],
    "django_celery_beat": ["periodictask", "intervalschedule", "crontabschedule", "clockedschedule"],
}
OURS = ("unified_app", "ollama_app", "github_models_app", "experiments_app", "django_celery_beat")
# The admin's log, and groups; who manages users is the superuser's to decide.
SEEN = (*OURS, "admin", "auth")


def seed(**_: Any) -> None:
    """Make what is missing; what is there stays as people left it."""
    for config in apps.get_app_configs():
        create_permissions(config, verbosity=0)
    groups = {role: Group.objects.get_or_create(name=role)[0] for role in ROLES}
    view = Permission.objects.filter(content_type__app_label__in=SEEN, codename__startswith="view_")
    for role in STAFF_ROLES:
        groups[role].permissions.add(*view)
    groups["Curator"].permissions.add(*_may_change(CURATED))
    groups["Operator"].permissions.add(*_may_change(CURATED), *_may_change(OPERATED))
    RegistryEpoch.objects.get_or_create(pk=1)
    _schedules()


def _may_change(table: dict[str, list[str]]) -> list[Permission]:
    return [
        permission
        for label, names in table.items()
        for permission in Permission.objects.filter(content_type__app_label=label, content_type__model__in=names)
    ]


def _schedules() -> None:
    ensure_schedule(
        "Sync all sources",
        "unified_app.sync_all",
        seconds=300,
        help_text="Reads every enabled host and endpoint and brings the registry up to date.",
    )
    ensure_schedule(
        "Wake due jobs",
        "unified_app.reconcile",
        seconds=10,
        help_text="Starts jobs whose time has come and takes over those of workers that died. Keep it on.",
    )
    ensure_schedule(
        "Check served models",
        "unified_app.check_served_models",
        seconds=10,
        help_text="Asks hosts whether they still run what they serve, and heals what crashes left. Keep it on.",
    )
    ensure_schedule(
        "Delete old records",
        "unified_app.clean_up",
        seconds=86_400,
        help_text="Deletes runs, jobs, history and usage records older than RETENTION_DAYS.",
    )


@receiver(m2m_changed, sender=User.groups.through)
def follow_roles(instance: Any, action: str, reverse: bool, **_: Any) -> None:
    """Let curators and operators into the admin, and nobody else whom a role let in before."""
    if action in ("post_add", "post_remove", "post_clear") and not reverse:
        is_staff = instance.is_superuser or instance.groups.filter(name__in=STAFF_ROLES).exists()
        if instance.is_staff != is_staff:
            instance.is_staff = is_staff
            User.objects.filter(pk=instance.pk).update(is_staff=is_staff)
