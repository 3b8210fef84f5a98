"""Jobs and sync runs: what is going on, what was done, what failed and why."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from unified_app import jobs
from unified_app.admin import display as show
from unified_app.admin.base import Button, Panel, ReadOnlyAdmin, SyncsAll, tell_jobs
from unified_app.admin.panels import changed, duration, history_panel, host, job_of, models_panel, runs_panel
from unified_app.errors import Conflict
from unified_app.history import record
from unified_app.models import Job, SyncRun


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Work that must not be lost."""

    history_kind = "job"
    site_page = "job"
    empty_text = "A job is written whenever something takes time: a sync, by schedule or by hand, is one."
    list_display = ("named", "state_mark", "progress_bar", "by", "created", "lasted")
    list_filter = ("state", "kind", "created_at")
    search_fields = ("=id", "kind", "unique_key", "created_by", "error")
    date_hierarchy = "created_at"
    actions = ("cancel", "retry")
    fieldsets = (
        (None, {"fields": ("named", "state_mark", "progress_bar", "outcome", "problem")}),
        ("Asked for", {"fields": ("by", "asked", "created", "due", "unique_key")}),
        ("Work", {"fields": ("attempts", "began", "ended", "lasted", "heard")}),
    )
    help_texts = {
        "named": "What kind of work it is.",
        "state_mark": "Queued, running, done, failed or cancelled; a failed attempt is queued again by itself.",
        "progress_bar": "What the worker last told.",
        "outcome": "What it brought.",
        "problem": "Why the last attempt failed.",
        "by": "Who or what asked for it.",
        "asked": "What it was given.",
        "created": "When it was asked for.",
        "due": "It does not begin before.",
        "unique_key": "A second active job with this key joins this one.",
        "attempts": "After the last one it stays failed until somebody retries it.",
        "began": "When the last attempt began.",
        "ended": "When it ended.",
        "lasted": "How long the last attempt took.",
        "heard": "A worker that is silent for 30 s is thought dead, and another takes over.",
    }

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.help_texts)

    def is_moving(self, obj: Any) -> bool:
        return bool(obj.is_active)

    def buttons(self, obj: Any) -> list[Button]:
        if obj.is_active:
            return [] if obj.cancel_requested else [Button("cancel", "Cancel")]
        return [] if obj.state == Job.State.DONE else [Button("retry", "Retry")]

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        found: list[Panel] = []
        if runs := list(obj.sync_runs.select_related("job").order_by("place")):
            found.append(runs_panel(runs, title="Sync runs of this job", empty=""))
        return [*found, history_panel("job", obj.pk)]

    @admin.action(description="Cancel the selected jobs", permissions=["operate"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        by = request.user.get_username()
        self.on_each(request, queryset, lambda job: jobs.cancel(job, by), "cancelled, or will stop at its next step")

    @admin.action(description="Retry the selected failed jobs", permissions=["operate"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        by = request.user.get_username()
        fresh: list[Job] = []
        self.on_each(request, queryset, lambda job: fresh.append(retry(job, by)), "queued again")
        tell_jobs(request, fresh)

    @admin.display(description="Job", ordering="id")
    def named(self, obj: Job) -> str:
        return f"{obj.kind.replace('_', ' ')} {obj.pk}"

    @admin.display(description="State", ordering="state")
    def state_mark(self, obj: Job) -> str:
        stopping = obj.cancel_requested and obj.is_active
        return show.mark(obj.state, "stopping" if stopping else "")

    @admin.display(description="Progress")
    def progress_bar(self, obj: Job) -> str:
        return progress(obj)

    @admin.display(description="By", ordering="created_by")
    def by(self, obj: Job) -> str:
        return obj.created_by or "schedule"

    @admin.display(description="Asked", ordering="created_at")
    def created(self, obj: Job) -> str:
        return show.when(obj.created_at)

    @admin.display(description="Took")
    def lasted(self, obj: Job) -> str:
        return show.took(obj.started_at, obj.finished_at)

    @admin.display(description="Result")
    def outcome(self, obj: Job) -> str:
        return show.facts(obj.result)

    @admin.display(description="Error")
    def problem(self, obj: Job) -> str:
        return show.facts(obj.error)

    @admin.display(description="Arguments")
    def asked(self, obj: Job) -> str:
        return show.facts(obj.arguments)

    @admin.display(description="Attempt")
    def attempts(self, obj: Job) -> str:
        return f"{obj.attempt} of {obj.max_attempts}"

    @admin.display(description="Due")
    def due(self, obj: Job) -> str:
        return show.when(obj.run_after)

    @admin.display(description="Began")
    def began(self, obj: Job) -> str:
        return show.when(obj.started_at)

    @admin.display(description="Ended")
    def ended(self, obj: Job) -> str:
        return show.when(obj.finished_at)

    @admin.display(description="Last heard of")
    def heard(self, obj: Job) -> str:
        return show.when(obj.heartbeat_at)


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin, SyncsAll):
    """What one sync of one host or endpoint did."""

    site_page = "sync"
    empty_text = "Nothing was synced yet. Add a host, then sync all sources; the schedule does it every few minutes."
    list_display = ("started", "host_link", "state_mark", "did", "who", "job_link", "lasted")
    list_filter = ("state", "source", "place", "started_at")
    list_select_related = ("job",)
    search_fields = ("place", "by", "failed")
    date_hierarchy = "started_at"
    fieldsets = (
        (None, {"fields": ("host_link", "state_mark", "did", "who", "job_link")}),
        ("Time", {"fields": ("started", "ended", "lasted")}),
        ("Models", {"fields": ("seen", "unchanged")}),
    )
    help_texts = {
        "host_link": "The host or endpoint that was read.",
        "state_mark": "Partial: some rows failed. Failed: nothing could be read, and nothing was changed.",
        "did": "Models created, updated and retired; the tables below name them.",
        "who": "A user, the schedule, or the start of the product.",
        "job_link": "The job that did it, perhaps for several hosts.",
        "started": "When reading began.",
        "ended": "When the outcome was written.",
        "lasted": "From the one to the other.",
        "seen": "Models that the host listed.",
        "unchanged": "Models that were as the registry knew them.",
    }

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.help_texts)

    def is_moving(self, obj: Any) -> bool:
        return bool(obj.state == SyncRun.State.RUNNING)

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        failures = [[f.get("host") or show.NONE, f.get("code"), f.get("message")] for f in obj.failed]
        head = ("Host", "Code", "What happened")
        found = [Panel("Failures", head, failures[:200], "Nothing failed.")]
        for title in ("created", "updated", "retired"):
            if ids := obj.changes.get(title):
                found.append(models_panel(f"Models {title}", ids, ""))
        return found

    @admin.display(description="Started", ordering="started_at")
    def started(self, obj: SyncRun) -> str:
        return show.when(obj.started_at)

    @admin.display(description="Ended")
    def ended(self, obj: SyncRun) -> str:
        return show.when(obj.finished_at)

    @admin.display(description="Host", ordering="place")
    def host_link(self, obj: SyncRun) -> str:
        return host(obj.source, obj.place)

    @admin.display(description="Outcome", ordering="state")
    def state_mark(self, obj: SyncRun) -> str:
        return show.mark(obj.state)

    @admin.display(description="Changed")
    def did(self, obj: SyncRun) -> str:
        return changed(obj)

    @admin.display(description="By", ordering="by")
    def who(self, obj: SyncRun) -> str:
        return obj.by

    @admin.display(description="Job", ordering="job")
    def job_link(self, obj: SyncRun) -> str:
        return job_of(obj)

    @admin.display(description="Took")
    def lasted(self, obj: SyncRun) -> str:
        return duration(obj)


def retry(job: Job, by: str) -> Job:
    """Queue the work of a failed or cancelled job again, as a job of its own. Raises Conflict for any other."""
    if job.state not in (Job.State.FAILED, Job.State.CANCELLED):
        raise Conflict(f"Only a failed or cancelled job is retried; this one is {job.state}.")
    try:
        fresh = jobs.enqueue(job.kind, job.arguments, unique_key=job.unique_key, by=by)
    except LookupError:
        raise Conflict(f"This set-up no longer does jobs of the kind {job.kind!r}.") from None
    record("job", job.pk, by, {"retried as": (None, fresh.pk)})
    return fresh


def progress(job: Job) -> str:
    """Return a job's progress as a bar where it counts something, else in words."""
    told = dict(job.progress)
    done, total = told.pop("done", told.pop("completed", None)), told.pop("total", None)
    rest = " ".join(str(told[name]) for name in ("current", "status") if told.get(name)) if job.is_active else ""
    if isinstance(done, int) and isinstance(total, int) and total > 0:
        return show.bar(done, total, f"{show.number(done)} of {show.number(total)} {rest}".strip())
    return rest or show.NONE
