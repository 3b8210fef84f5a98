from __future__ import annotations

from unittest import mock

from django.test import override_settings

from tests.unified_app.api_case import ApiTestCase
from tests.unified_app.fake_source import FAKE, FakeSource
from tests.unified_app.plans import fetched
from unified_app import jobs
from unified_app.errors import UpstreamTimeout
from unified_app.models import Job

BODY = {
    "result",
    "synced_models",
    "categories",
    "duration",
    "created",
    "updated",
    "unchanged",
    "retired",
    "failed",
    "job_id",
}


def a_worker_is_there():
    """While the call waits, do what a worker would."""
    return mock.patch("unified_app.waiting.time.sleep", lambda _: [jobs.run(j.pk) for j in Job.objects.active()])


def nobody_works():
    return mock.patch("unified_app.waiting.WAIT_SECONDS", 0.05)


@override_settings(MODEL_SOURCES=FAKE)
class SyncTests(ApiTestCase):
    role = "Operator"

    def setUp(self):
        super().setUp()
        FakeSource.reset()
        FakeSource.replies["one"].append([fetched("a"), fetched("b", capabilities=["text_embedding"])])
        FakeSource.replies["two"].append([fetched("a", place="two")])

    def test_a_sync_that_ends_in_time_answers_with_what_it_did(self):
        with a_worker_is_there():
            answer = self.client.post("/api/models/sync")
        body = answer.json()
        assert (answer.status_code, set(body)) == (200, BODY)
        assert (body["result"], body["synced_models"], body["created"]) == ("success", 2, 2)
        assert body["categories"] == {"embedding": 1, "thinking": 1}
        assert self.get(f"/api/jobs/{body['job_id']}")["result"] == body

    def test_a_host_that_cannot_be_read_is_told_and_is_no_error_of_the_call(self):
        FakeSource.replies["two"][0] = [UpstreamTimeout("No answer within 10 s.")]
        with a_worker_is_there():
            body = self.client.post("/api/ollama/sync/").json()
        failure = {"source": "ollama", "host": "two", "code": "upstream_timeout", "message": "No answer within 10 s."}
        assert (body["result"], body["failed"]) == ("partial", [failure])

    def test_one_host(self):
        with a_worker_is_there():
            assert self.client.post("/api/ollama/sync?host=two").json()["synced_models"] == 1
        assert FakeSource.readings == ["two"]

    def test_without_a_worker_it_ends_with_the_job_to_look_at(self):
        with nobody_works():
            answer = self.client.post("/api/models/sync")
        job = answer.json()["job"]
        assert (answer.status_code, job["state"], answer["Location"]) == (202, "queued", f"/api/jobs/{job['id']}")
        assert self.get(answer["Location"]) == job

    def test_async_does_not_wait_and_a_second_call_joins_the_first(self):
        with mock.patch("unified_app.waiting.wait_for") as waited:
            ids = {
                self.client.post(path).json()["job"]["id"]
                for path in (
                    "/api/models/sync?async=true",
                    "/api/ollama/sync?async=1",
                    "/api/ollama/sync?host=one&async=yes",
                )
            }
        assert (len(ids), waited.called) == (1, False)

    def test_an_unknown_host_or_a_word_for_async_is_refused_and_queues_nothing(self):
        assert "'nope'" in self.error(self.client.post("/api/ollama/sync?host=nope"), 404)["message"]
        assert "async" in self.error(self.client.post("/api/ollama/sync?async=maybe"), 400)["details"]
        assert not Job.objects.exists()

    def test_a_job_that_fails_answers_with_its_error(self):
        with mock.patch(
            "unified_app.waiting.time.sleep",
            lambda _: Job.objects.update(state="failed", error={"code": "upstream_timeout", "message": "Too slow."}),
        ):
            error = self.error(self.client.post("/api/models/sync"), 504)
        assert (error["code"], "Too slow." in error["message"]) == ("upstream_timeout", True)

    def test_a_job_that_is_cancelled_meanwhile_is_a_conflict(self):
        with mock.patch("unified_app.waiting.time.sleep", lambda _: jobs.cancel(Job.objects.get(), "somebody")):
            assert "Cancelled by somebody" in self.error(self.client.post("/api/models/sync"), 409)["message"]

    def test_runs_are_listed_and_filtered(self):
        FakeSource.replies["two"][0] = [UpstreamTimeout("No answer.")]
        with a_worker_is_there():
            job = self.client.post("/api/models/sync").json()["job_id"]
        rows = {row["host"]: row for row in self.get("/api/sync-runs", job=job)["sync_runs"]}
        assert (rows["one"]["state"], rows["one"]["created"], rows["one"]["by"]) == ("success", 2, "operator")
        assert (rows["two"]["state"], rows["two"]["failed"][0]["code"]) == ("failed", "upstream_timeout")
        for filters, hosts in (
            ({"host": "one"}, ["one"]),
            ({"state": "failed"}, ["two"]),
            ({"source": "ollama", "state": "success"}, ["one"]),
            ({"job": job + 1}, []),
        ):
            with self.subTest(**filters):
                assert [row["host"] for row in self.get("/api/sync-runs", **filters)["sync_runs"]] == hosts


class JobTests(ApiTestCase):
    role = "Operator"

    def test_jobs_are_listed_and_filtered(self):
        jobs.enqueue("sync", by="me")
        Job.objects.create(kind="ollama_details", state="done", result={"digests": 1})
        assert [row["kind"] for row in self.get("/api/jobs")["jobs"]] == ["ollama_details", "sync"]
        assert [row["by"] for row in self.get("/api/jobs", kind="sync", state="queued")["jobs"]] == ["me"]

    def test_a_queued_job_is_cancelled_once(self):
        path = f"/api/jobs/{jobs.enqueue('sync').pk}/cancel"
        assert self.client.post(path).json()["state"] == "cancelled"
        assert self.error(self.client.post(path), 409)["code"] == "conflict"

    def test_what_failed_can_be_tried_again_as_a_new_job(self):
        failed = Job.objects.create(kind="sync", state="failed", unique_key="sync:*", arguments={"source": None})
        answer = self.client.post(f"/api/jobs/{failed.pk}/retry")
        job = answer.json()["job"]
        assert (answer.status_code, job["state"], job["by"]) == (202, "queued", "operator")
        assert answer["Location"] == f"/api/jobs/{job['id']}"
        assert Job.objects.get(pk=job["id"]).arguments == {"source": None}
        self.error(self.client.post(f"/api/jobs/{job['id']}/retry"), 409)
