"""Schedules are rows that curators edit: seeded once, never overwritten."""

from __future__ import annotations


def ensure_schedule(name: str, task: str, *, seconds: int, help_text: str) -> None:
    """Make the schedule `name` unless it is there; what was edited in the admin stays."""
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    if PeriodicTask.objects.filter(name=name).exists():
        return
    every, _ = IntervalSchedule.objects.get_or_create(every=seconds, period=IntervalSchedule.SECONDS)
    PeriodicTask.objects.get_or_create(
        name=name,
        defaults={
            "task": task,
            "interval": every,
            "description": help_text,
            # A wake-up that no worker took before the next one is due is worth nothing.
            "expire_seconds": seconds,
        },
    )
