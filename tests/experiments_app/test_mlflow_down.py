"""MLflow is away: nothing is lost, nothing waits for it."""

from __future__ import annotations

import socket
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.test import override_settings
from django.utils import timezone

from experiments_app.models import Variant
from tests.experiments_app.mlflow_case import MLflowCase
from unified_app import jobs
from unified_app.models import Job

NOBODY = "http://127.0.0.1:9"


class NewStoreTests(MLflowCase):
    def test_a_store_that_is_not_there_is_made_with_its_first_variant(self):
        with override_settings(REGISTRY_HOME=self.home / "new"):
            (self.home / "new").mkdir()
            self.make()
            assert self.run_jobs() == ["done"]
        assert (self.home / "new" / "mlflow.db").exists()
        assert not Path("mlruns").exists()


class DownTests(MLflowCase):
    def test_a_variant_is_made_and_logged_when_mlflow_is_back(self):
        with override_settings(MLFLOW_TRACKING_URI=NOBODY):
            made = self.make()
            for _ in range(12):
                assert self.run_jobs() == ["queued"]
            assert Job.objects.get().error["code"] == "upstream_unreachable"
        assert made["mlflow_run_id"] is None and self.run_jobs() == ["done"]
        assert Variant.objects.get().mlflow_run_id

    def test_it_is_asked_again_soon_for_ten_minutes_and_for_a_day_at_all(self):
        delays, attempts = settings.JOB_BACKOFF["mlflow"], settings.JOB_ATTEMPTS["mlflow"]
        waited = [delays[min(at, len(delays) - 1)] for at in range(attempts - 1)]
        first = [delay for at, delay in enumerate(waited) if sum(waited[:at]) < 600]
        # Beside it an attempt takes up to ten seconds, and the reconciler looks every ten.
        assert max(first) <= 10
        assert sum(waited) > timedelta(days=1).total_seconds()

    def test_its_job_says_when_it_is_tried_again(self):
        with override_settings(MLFLOW_TRACKING_URI=NOBODY):
            self.make()
            self.run_jobs()
        job = Job.objects.get()
        assert job.max_attempts == settings.JOB_ATTEMPTS["mlflow"]
        assert job.run_after <= timezone.now() + timedelta(seconds=10)

    def test_one_that_takes_calls_and_says_nothing_ends_an_attempt_soon(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = f"http://127.0.0.1:{server.getsockname()[1]}"
            with override_settings(MLFLOW_TRACKING_URI=address):
                self.make()
                began = time.monotonic()
                assert self.run_jobs() == ["queued"]
        assert time.monotonic() - began < 10
        assert Job.objects.get().error["code"] == "upstream_timeout"

    def test_the_address_of_a_store_is_not_told_in_errors(self):
        with override_settings(MLFLOW_TRACKING_URI="http://user:hunter2@127.0.0.1:9"):
            self.make()
            self.run_jobs()
        assert "hunter2" not in str(Job.objects.get().error)

    def test_it_takes_two_threads_at_most(self):
        for _ in range(3):
            self.make()
        running = Job.objects.filter(kind="mlflow").order_by("pk")
        first, second, third = running.values_list("pk", flat=True)
        Job.objects.filter(pk__in=[first, second]).update(state="running", attempt=1, heartbeat_at=timezone.now())
        assert jobs.run(third) == "skipped"
        Job.objects.filter(pk=first).update(heartbeat_at=timezone.now() - timedelta(seconds=20))
        assert jobs.run(third) == "done"

    @override_settings(MLFLOW_UI_URL="http://mlflow.example")
    def test_a_row_links_to_its_run_once_there_is_one(self):
        made = self.make()
        assert made["mlflow_url"] is None
        self.run_jobs()
        row = self.client.get(f"/api/experimental/models/{made['id']}").json()
        experiment = Variant.objects.get().mlflow_experiment_id
        assert row["mlflow_url"] == f"http://mlflow.example/#/experiments/{experiment}/runs/{row['mlflow_run_id']}"
