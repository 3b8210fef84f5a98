"""Work that must not be lost, and what syncs did."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

DEAD_AFTER = timedelta(seconds=30)


class JobQuerySet(models.QuerySet["Job"]):
    def active(self) -> JobQuerySet:
        return self.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING])

    def due(self, now: datetime) -> JobQuerySet:
        """Queued jobs whose time has come."""
        return self.filter(state=Job.State.QUEUED, run_after__lte=now)

    def dead(self, now: datetime) -> JobQuerySet:
        """Running jobs whose worker has not said anything for 30 s."""
        return self.filter(state=Job.State.RUNNING, heartbeat_at__lt=now - DEAD_AFTER)


class Job(models.Model):
    """Work that must not be lost. The row is the truth; a Celery message only wakes it."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    kind = models.CharField(max_length=40)
    arguments = models.JSONField(default=dict)
    unique_key = models.CharField(
        max_length=200, blank=True, default="", help_text="A second active job with this key joins the first."
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveIntegerField(
        default=0, help_text="Every write of a worker carries it, so that one thought dead cannot finish."
    )
    max_attempts = models.PositiveIntegerField(default=5)
    run_after = models.DateTimeField(default=timezone.now)
    heartbeat_at = models.DateTimeField(null=True)
    cancel_requested = models.BooleanField(default=False)
    progress = models.JSONField(default=dict)
    result = models.JSONField(null=True)
    error = models.JSONField(null=True)
    created_by = models.TextField(default="", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar = JobQuerySet.as_manager()

    class Meta:
        db_table = "jobs"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["unique_key"],
                condition=Q(state__in=["queued", "running"]) & ~Q(unique_key=""),
                name="unique_active_job",
            )
        ]
        # The reconciler's two questions.
        indexes = [models.Index(fields=["state", "run_after"], name="idx_job_due")]

    def __str__(self) -> str:
        return f"{self.kind} job {self.pk}"

    @property
    def is_active(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)


class SyncRun(models.Model):
    """One sync of one host or endpoint: who, when, what changed and what failed."""

    class State(models.TextChoices):
        RUNNING = "running"
        SUCCESS = "success"
        PARTIAL = "partial"
        FAILED = "failed"
        CANCELLED = "cancelled"

    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="sync_runs")
    source = models.TextField()
    place = models.TextField(verbose_name="host")
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    by = models.TextField(default="schedule", help_text="User name, `schedule` or `start`.")
    seen = models.PositiveIntegerField(default=0, help_text="Models that the host listed.")
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    retired = models.PositiveIntegerField(default=0)
    failed = models.JSONField(default=list, help_text="Typed errors: source, host, code, message.")
    changes = models.JSONField(default=dict, help_text="Ids of the models created, updated, retired.")

    class Meta:
        db_table = "sync_runs"
        ordering = ["-started_at", "-id"]
        constraints = [
            # Two syncs of one host at once: the constraint lets the second see the first.
            models.UniqueConstraint(
                fields=["source", "place"], condition=Q(state="running"), name="unique_running_sync"
            )
        ]

    def __str__(self) -> str:
        return f"sync of {self.source} {self.place} at {self.started_at:%Y-%m-%d %H:%M}"
