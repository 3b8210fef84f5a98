"""GitHub Models on the pages where no sync visits it: retired upstream, or no longer configured."""

from __future__ import annotations

from django.http import HttpRequest

from github_models_app import service
from github_models_app.mapping import PLACE, SOURCE
from github_models_app.models import CatalogEntry
from github_models_app.source import GitHubSource
from registry_project.pages.places import Located, places_of
from unified_app.sources import Place

NOT_CONFIGURED = "not configured"
RETIRED = "retired upstream"


def aside(request: HttpRequest) -> list[Located]:
    """Return the service when it was ever seen and is no place to sync now, else nothing. At most two queries."""
    if any(here.source == SOURCE for here in places_of(request)):
        return []
    told = service.status()
    if told.state == "not_configured" and not CatalogEntry.objects.exists():
        return []
    return [Located(SOURCE, GitHubSource.label, _place(told))]


def about() -> dict[str, str]:
    """Return what the pages say of the public service to somebody who has none."""
    return {"github_note": service.PUBLIC_NOTE}


def _place(told: service.Status) -> Place:
    words = {"retired": RETIRED, "not_configured": NOT_CONFIGURED}
    return Place(
        name=PLACE,
        url=told.url,
        state=words.get(told.state, "unknown"),
        last_seen=told.last_sync,
        down_since=told.since,
        error=told.reason,
        is_demo=told.demo,
    )
