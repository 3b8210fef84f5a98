"""The admin as one site: its name, and an index by subject instead of by app."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

# Section -> models in the order in which people need them. What is not here stands under its own app, at the end.
SECTIONS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("catalog", "Catalog", ("UnifiedModel", "Alias", "Placement", "ModelVersion")),
    ("hosts", "Hosts and endpoints", ("Host", "Endpoint")),
    ("experiments", "Experiments", ("Variant", "Experiment", "Adapter")),
    ("evaluations", "Evaluations", ("Suite", "EvaluationRun", "CaseResult", "Gate", "GateCheck")),
    ("serving", "Serving", ("ModelServingStatus", "ModelServingConfig", "GatewayProcess")),
    ("work", "Syncs, jobs and schedules", ("SyncRun", "Job", "PeriodicTask", "IntervalSchedule", "CrontabSchedule")),
    ("access", "People and keys", ("User", "Group", "ApiKey")),
    ("records", "What was changed", ("HistoryEntry", "LogEntry")),
)
# Kinds of schedule that nothing of ours uses: they have pages, but need no place in the index.
UNLISTED = {"ClockedSchedule", "SolarSchedule"}
LABELS = {"LogEntry": "Admin log", "PeriodicTask": "Schedules", "HistoryEntry": "History of the registry"}


class RegistryAdminSite(AdminSite):
    site_header = "Model registry"
    site_title = "Model registry admin"
    index_title = "Administration"

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        # Forms of users cannot be imported while the apps are being loaded.
        from registry_project.log_in import AdminLogInForm

        self.login_form = AdminLogInForm
        return super().login(request, extra_context)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the models by section; the page of one app keeps Django's order."""
        apps = super().get_app_list(request, app_label)
        for app in apps:
            for model in app["models"]:
                model["name"] = LABELS.get(model["object_name"], model["name"])
        return apps if app_label else _by_section(apps)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().index(request, {"status": status_line(request), **(extra_context or {})})


class RegistryAdminConfig(AdminConfig):
    default_site = "registry_project.admin_site.RegistryAdminSite"


def status_line(request: HttpRequest) -> list[tuple[str, str]]:
    """Return what is registered and what needs attention, as (words, address); only what this user may see."""
    from unified_app.models import Job, UnifiedModel
    from unified_app.sources import source_classes

    names = ("unified_app_unifiedmodel", "unified_app_job", "ollama_app_host")
    models, jobs, hosts = (reverse(f"admin:{name}_changelist") for name in names)
    if not request.user.has_perm("unified_app.view_unifiedmodel"):
        return []
    places = [place for source in source_classes().values() for place in source.places()]
    down = [place.name for place in places if place.state == "down"]
    demo = [place.name for place in places if place.is_demo]
    since = timezone.now() - timedelta(days=1)
    failed = Job.objects.filter(state=Job.State.FAILED, finished_at__gt=since).count()
    told = [
        (_count(UnifiedModel.objects.shown().count(), "model"), models),
        (_count(len(places), "host") if places else "no hosts yet: add one to begin", hosts),
        *([(f"not answering: {', '.join(down[:5])}", f"{hosts}?state__exact=down")] if down else []),
        (f"{_count(failed, 'job')} failed in the last 24 h", f"{jobs}?state__exact=failed"),
    ]
    return [*told, (f"demo data from {', '.join(demo)}", "")] if demo else told


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}".replace(",", "\u202f")


def _by_section(apps: list[Any]) -> list[Any]:
    by_name = {model["object_name"]: model for app in apps for model in app["models"]}
    sections = []
    for key, title, names in SECTIONS:
        models = [by_name.pop(name) for name in names if name in by_name]
        if models:
            sections.append(_section(key, title, models))
    for app in apps:
        rest = [m for m in app["models"] if m["object_name"] in by_name and m["object_name"] not in UNLISTED]
        if rest:
            sections.append(_section(app["app_label"], app["name"], rest))
    return sections


def _section(key: str, title: str, models: list[Any]) -> dict[str, Any]:
    # A page of its own would only repeat the index.
    address = f"{reverse('admin:index')}#{key}"
    return {"name": title, "app_label": key, "app_url": address, "has_module_perms": True, "models": models}
