"""What is deleted after RETENTION_DAYS; roll-ups and versions stay."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from unified_app.history import KEPT
from unified_app.models import ApiKey, HistoryEntry, Job, SyncRun, UsageRecord


def clean_up() -> dict[str, int]:
    """Delete old runs, jobs, history, expired keys and usage records; return how many of each."""
    before = timezone.now() - timedelta(days=settings.RETENTION_DAYS)
    ended = Job.objects.exclude(state__in=[Job.State.QUEUED, Job.State.RUNNING])
    old = {
        "sync_runs": SyncRun.objects.filter(finished_at__lt=before),
        "jobs": ended.filter(finished_at__lt=before),
        "history": HistoryEntry.objects.filter(at__lt=before).exclude(field__in=KEPT),
        # Each log-in leaves a key that expires within hours; their making stays in the history.
        "keys": ApiKey.objects.filter(expires_at__lt=before),
        "usage_records": UsageRecord.objects.filter(at__lt=before),
    }
    others = {name: import_string(path)(before) for name, path in settings.RETENTION.items()}
    return {name: rows.delete()[0] for name, rows in {**old, **others}.items()}
