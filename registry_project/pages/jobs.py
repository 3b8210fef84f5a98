"""Jobs: what runs, what waits, what ended and how."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from registry_project.pages.access import needs
from registry_project.pages.places import waits_for_worker
from unified_app import jobs as job_rows
from unified_app.models import Job

PER_PAGE = 50
ATTENTION = "attention"
# What a filter may say beside the states themselves.
CHOICES = [(ATTENTION, "needs attention"), *((state.value, state.value) for state in Job.State)]


def attention(now: datetime) -> QuerySet[Job]:
    """Jobs that a person should look at: failed and not done since, retrying, or waiting for a worker."""
    later = Job.objects.filter(unique_key=OuterRef("unique_key"), state=Job.State.DONE, pk__gt=OuterRef("pk"))
    failed = Q(state=Job.State.FAILED, finished_at__gte=now - timedelta(days=1)) & ~(~Q(unique_key="") & Exists(later))
    waiting = Q(state=Job.State.QUEUED) & (Q(error__isnull=False) | Q(run_after__lt=now - timedelta(minutes=1)))
    silent = Q(state=Job.State.RUNNING, heartbeat_at__lt=now - timedelta(minutes=1))
    found: QuerySet[Job] = Job.objects.filter(failed | waiting | silent)
    return found


@needs("read")
def job_list(request: HttpRequest) -> HttpResponse:
    chosen = request.GET.get("state", "")
    active = list(Job.objects.active().order_by("-pk")[:PER_PAGE])
    page = Paginator(_narrowed(chosen).order_by("-pk"), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "active": active if not chosen else [],
        "chosen": chosen,
        "choices": CHOICES,
        "live": bool(active) and page.number == 1,
    }
    return render(request, "site/jobs.html", context)


@needs("read")
def job_page(request: HttpRequest, job_id: int) -> HttpResponse:
    return render(request, "site/job.html", _context(get_object_or_404(Job, pk=job_id)))


@needs("read")
def job_panel(request: HttpRequest, job_id: int) -> HttpResponse:
    """The part of a job's page that moves while the job does."""
    return render(request, "site/job_panel.html", _context(get_object_or_404(Job, pk=job_id)))


@require_POST
@needs("operate")
def cancel(request: HttpRequest, job_id: int) -> HttpResponse:
    """Ask a job to stop; one that has just ended stays as it is, and its page says how."""
    job = get_object_or_404(Job, pk=job_id)
    if job.is_active:
        job_rows.cancel(job, by=request.user.get_username())
    return redirect("job", job_id=job_id)


def _narrowed(chosen: str) -> QuerySet[Job]:
    if chosen == ATTENTION:
        return attention(timezone.now())
    if chosen in Job.State.values:
        return Job.objects.filter(state=chosen)
    return Job.objects.exclude(state__in=[Job.State.QUEUED, Job.State.RUNNING])


def _context(job: Job) -> dict[str, Any]:
    runs = job.sync_runs.defer("changes").order_by("place")
    return {"job": job, "runs": list(runs), "waits_for_worker": waits_for_worker(job)}
