from __future__ import annotations

import io
import json
import threading
from datetime import timedelta
from unittest import mock

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import TransactionTestCase, override_settings
from django.utils import timezone

from tests.unified_app.fake_source import FAKE, FakeSource
from tests.unified_app.plans import fetched
from unified_app import jobs, syncing
from unified_app.errors import UpstreamTimeout
from unified_app.models import Job


def syncmodels(**options: object) -> str:
    out = io.StringIO()
    call_command("syncmodels", stdout=out, **options)
    return out.getvalue()


@override_settings(MODEL_SOURCES=FAKE)
@mock.patch("unified_app.running.WORKER_SECONDS", 0.1)
class SyncModelsTests(TransactionTestCase):
    """Threads and their own connections, so no test runs in a transaction."""

    def setUp(self):
        FakeSource.reset()
        FakeSource.replies["one"].append([fetched("a"), fetched("b")])
        FakeSource.replies["two"].append([fetched("a", place="two")])

    def test_without_a_worker_the_sync_is_done_here(self):
        lines = syncmodels().splitlines()
        assert any(line.startswith("2 of 2 hosts: ") for line in lines)
        hosts = [line.split()[:3] for line in lines if line.startswith(("one ", "two "))]
        assert hosts == [["one", "success", "2"], ["two", "success", "1"]]
        assert lines[-1].startswith("success: 2 models in ")
        assert Job.objects.get().state == "done"

    def test_json_is_the_body_of_the_api_and_nothing_else(self):
        body = json.loads(syncmodels(json=True))
        assert body == Job.objects.get().result
        assert (body["result"], body["synced_models"]) == ("success", 2)

    def test_one_host_or_one_source(self):
        assert json.loads(syncmodels(json=True, host="two"))["synced_models"] == 1
        assert FakeSource.readings == ["two"]
        with pytest.raises(CommandError, match="'nope'"):
            syncmodels(host="nope")
        with pytest.raises(CommandError, match="no source 'nope'"):
            syncmodels(source="nope")

    def test_a_host_that_fails_is_told_and_the_exit_code_is_1(self):
        FakeSource.replies["two"][0] = [UpstreamTimeout("No answer within 10 s.")]
        out = io.StringIO()
        with pytest.raises(CommandError, match="partial") as raised:
            call_command("syncmodels", stdout=out)
        assert raised.value.returncode == 1
        assert "two: upstream_timeout: No answer within 10 s." in out.getvalue()

    def test_a_worker_that_is_there_does_it(self):
        claimed = threading.Event()

        def worker():
            while not (job := Job.objects.active().first()):
                claimed.wait(0.01)
            jobs.run(job.pk)
            connection.close()

        thread = threading.Thread(target=worker)
        thread.start()
        with mock.patch("unified_app.running.WORKER_SECONDS", 30):
            assert json.loads(syncmodels(json=True))["result"] == "success"
        thread.join()

    def test_a_job_that_a_killed_process_left_is_taken_over(self):
        job = syncing.request_sync(by="somebody")
        long_ago = timezone.now() - timedelta(minutes=5)
        Job.objects.update(state="running", attempt=1, heartbeat_at=long_ago, started_at=long_ago)
        assert json.loads(syncmodels(json=True))["job_id"] == job.pk
        assert Job.objects.get().attempt == 2

    def test_a_job_that_fails_says_when_it_is_tried_again(self):
        bug = mock.patch("unified_app.syncing.sync_places", side_effect=UpstreamTimeout("Too slow."))
        with bug, pytest.raises(CommandError, match="tried again at .* UTC: Too slow"):
            syncmodels()
        assert Job.objects.get().attempt == 1

    def test_interrupting_it_cancels_the_job(self):
        going_on = threading.Event()
        FakeSource.replies["one"][0] = [going_on]
        interrupt = mock.patch("unified_app.running.time.sleep", _interrupt_once_it_runs)
        with interrupt, pytest.raises(CommandError, match="Interrupted") as raised:
            syncmodels()
        going_on.set()
        assert raised.value.returncode == 130
        assert Job.objects.get().state == "cancelled"


def _interrupt_once_it_runs(seconds: float) -> None:
    if FakeSource.reading_began.wait(seconds):
        raise KeyboardInterrupt
