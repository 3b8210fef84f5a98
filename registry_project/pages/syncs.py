"""Syncs: every run of every host, what it changed and what failed."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from registry_project.pages.access import needs
from registry_project.pages.places import places_of
from unified_app.models import SyncRun, UnifiedModel
from unified_app.syncing import request_sync

PER_PAGE = 50
# Models that a run's page names at most per outcome; the rest is counted.
NAMED = 200
OUTCOMES = (("created", "Created"), ("updated", "Updated"), ("retired", "Retired"))


@needs("read")
def sync_list(request: HttpRequest) -> HttpResponse:
    # PostgreSQL refuses to compare a text with NUL.
    host, state = request.GET.get("host", "").replace("\0", ""), request.GET.get("state", "")
    rows = SyncRun.objects.defer("changes").order_by("-pk")
    if host:
        rows = rows.filter(place=host)
    if state in SyncRun.State.values:
        rows = rows.filter(state=state)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    running = [run for run in page if run.state == SyncRun.State.RUNNING]
    context = {
        "page": page,
        "rows": running + [run for run in page if run.state != SyncRun.State.RUNNING],
        "live": bool(running),
        "host": host,
        "state": state,
        "hosts": [here.place.name for here in places_of(request)],
        "states": SyncRun.State.values,
    }
    return render(request, "site/syncs.html", context)


@needs("read")
def sync_page(request: HttpRequest, run_id: int) -> HttpResponse:
    run = get_object_or_404(SyncRun.objects.select_related("job"), pk=run_id)
    return render(request, "site/sync.html", {"run": run, "outcomes": _outcomes(run)})


@require_POST
@needs("operate")
def sync_all(request: HttpRequest) -> HttpResponse:
    """Queue a sync of everything, or join the one under way, and show it."""
    job = request_sync(by=request.user.get_username())
    return redirect("job", job_id=job.pk)


def _outcomes(run: SyncRun) -> list[dict[str, Any]]:
    """Return what the run did, each model with its name; one query for all names."""
    named = {key: run.changes.get(key, [])[:NAMED] for key, _ in OUTCOMES}
    wanted = {model_id for ids in named.values() for model_id in ids}
    rows = UnifiedModel.objects.filter(pk__in=wanted).only("id", "name", "display_name", "retired_reason")
    models = {row.pk: row for row in rows}
    return [
        {
            "title": title,
            "key": key,
            "count": getattr(run, key),
            "models": [(i, str(models.get(i, i)), getattr(models.get(i), "retired_reason", "")) for i in named[key]],
            "more": max(0, getattr(run, key) - len(named[key])),
        }
        for key, title in OUTCOMES
    ]
