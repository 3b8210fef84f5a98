from __future__ import annotations

from datetime import timedelta

from django.core.management import call_command
from django.test import TestCase
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from unified_app import retention
from unified_app.history import HOST_MODEL
from unified_app.models import HistoryEntry, Job, SyncRun


class ScheduleTests(TestCase):
    def test_the_default_schedule_is_there(self):
        every = dict(PeriodicTask.objects.filter(interval__isnull=False).values_list("name", "interval__every"))
        assert every == {
            "Sync all sources": 300,
            "Check hosts": 30,
            "Wake due jobs": 10,
            "Check served models": 10,
            "Delete old records": 86_400,
        }

    def test_every_scheduled_task_exists(self):
        from registry_project.celery import app

        app.loader.import_default_modules()
        names = PeriodicTask.objects.exclude(name="celery.backend_cleanup").values_list("task", flat=True)
        assert set(names) <= set(app.tasks)

    def test_an_edited_schedule_survives_the_next_migrate(self):
        hourly, _ = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.HOURS)
        PeriodicTask.objects.filter(name="Sync all sources").update(interval=hourly, enabled=False)
        call_command("migrate", verbosity=0)
        task = PeriodicTask.objects.get(name="Sync all sources")
        assert (task.interval, task.enabled) == (hourly, False)


class RetentionTests(TestCase):
    def test_old_records_go_and_what_is_active_or_new_stays(self):
        old = timezone.now() - timedelta(days=91)
        running = Job.objects.create(kind="sync", state="running")
        for moment in (old, timezone.now()):
            Job.objects.create(kind="sync", state="done", finished_at=moment)
            SyncRun.objects.create(source="ollama", place="a", state="success", started_at=old, finished_at=moment)
            HistoryEntry.objects.create(kind="model", object_id="a", at=moment, by="sync", field="x")
        removed = retention.clean_up()
        # Other apps add what is theirs.
        assert removed.items() >= {"sync_runs": 1, "jobs": 1, "history": 1, "keys": 0, "usage_records": 0}.items()
        assert Job.objects.filter(pk=running.pk).exists()

    def test_which_names_at_hosts_are_ours_is_never_forgotten(self):
        old = timezone.now() - timedelta(days=91)
        entry = HistoryEntry.objects.create(kind="model", object_id="a", at=old, by="realise", field=HOST_MODEL)
        assert retention.clean_up()["history"] == 0
        assert HistoryEntry.objects.filter(pk=entry.pk).exists()
