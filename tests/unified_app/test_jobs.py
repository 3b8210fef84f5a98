from __future__ import annotations

from datetime import timedelta
from unittest import mock

from django.test import TestCase, TransactionTestCase, override_settings
from django.utils import timezone

from unified_app import jobs
from unified_app.errors import Conflict, InvalidInput, UpstreamUnreachable
from unified_app.models import Job, SyncRun

CALLS: list[int] = []


def work(handle: jobs.Handle) -> dict[str, int]:
    CALLS.append(handle.attempt)
    handle.progress(done=1, total=2)
    return {"answer": handle.arguments.get("answer", 0)}


def unreachable(handle: jobs.Handle) -> None:
    raise UpstreamUnreachable("Nobody is there.")


def wrong(handle: jobs.Handle) -> None:
    raise InvalidInput("Not like this.")


def buggy(handle: jobs.Handle) -> None:
    raise ZeroDivisionError("password=hunter2")


def cancelled_meanwhile(handle: jobs.Handle) -> None:
    jobs.cancel(Job.objects.get(pk=handle.job_id), by="ann")
    handle.progress(done=1, total=9)
    raise AssertionError("went on after the cancel")


def taken_over(handle: jobs.Handle) -> str:
    Job.objects.filter(pk=handle.job_id).update(attempt=handle.attempt + 1)
    return "finished by a worker thought dead"


KINDS = {
    name: f"{__name__}.{name}"
    for name in ("work", "unreachable", "wrong", "buggy", "cancelled_meanwhile", "taken_over")
}


@override_settings(JOB_KINDS=KINDS)
class RunTests(TestCase):
    def setUp(self):
        CALLS.clear()

    def test_a_job_is_done_once_however_often_it_is_woken(self):
        job = jobs.enqueue("work", {"answer": 42})
        assert [jobs.run(job.pk), jobs.run(job.pk), jobs.run(job.pk)] == ["done", "skipped", "skipped"]
        assert CALLS == [1]
        job.refresh_from_db()
        assert (job.result, job.progress, job.attempt) == ({"answer": 42}, {"done": 1, "total": 2}, 1)

    def test_an_unknown_kind_is_refused_when_queued(self):
        with self.assertRaises(LookupError):
            jobs.enqueue("nonsense")

    def test_a_transient_error_is_tried_again_later_with_growing_pauses(self):
        job = jobs.enqueue("unreachable")
        pauses = []
        for _ in range(4):
            assert jobs.run(job.pk) == "queued"
            job.refresh_from_db()
            pauses.append(round((job.run_after - timezone.now()).total_seconds()))
            Job.objects.filter(pk=job.pk).update(run_after=timezone.now())
        assert pauses == list(jobs.BACKOFF)
        assert jobs.run(job.pk) == "failed"
        job.refresh_from_db()
        assert job.error == {"code": "upstream_unreachable", "message": "Nobody is there."}

    def test_a_job_that_waits_for_its_next_attempt_is_not_run_before(self):
        job = jobs.enqueue("unreachable")
        jobs.run(job.pk)
        assert jobs.run(job.pk) == "skipped"

    def test_an_error_that_trying_again_cannot_mend_ends_the_job(self):
        job = jobs.enqueue("wrong")
        assert jobs.run(job.pk) == "failed"

    def test_a_bug_is_recorded_without_what_the_exception_said(self):
        job = jobs.enqueue("buggy")
        jobs.run(job.pk)
        job.refresh_from_db()
        assert job.error["code"] == "internal"
        assert "hunter2" not in str(job.error)

    def test_a_worker_thought_dead_cannot_finish_the_job(self):
        job = jobs.enqueue("taken_over")
        assert jobs.run(job.pk) == "lost"
        job.refresh_from_db()
        assert (job.state, job.result) == ("running", None)

    def test_a_running_job_stops_at_its_next_step_after_a_cancel(self):
        job = jobs.enqueue("cancelled_meanwhile")
        assert jobs.run(job.pk) == "cancelled"

    def test_a_queued_job_is_cancelled_at_once_and_an_ended_one_not_at_all(self):
        job = jobs.enqueue("work")
        assert jobs.cancel(job, by="ann").state == "cancelled"
        assert jobs.run(job.pk) == "skipped"
        with self.assertRaises(Conflict):
            jobs.cancel(job, by="ann")

    def test_a_broker_that_is_down_leaves_the_job_queued(self):
        with (
            mock.patch("unified_app.tasks.run_job.delay", side_effect=ConnectionError("redis://:secret@host")),
            self.assertLogs("unified_app.jobs", "WARNING") as logs,
            self.captureOnCommitCallbacks(execute=True),
        ):
            job = jobs.enqueue("work")
        assert job.state == "queued"
        assert "secret" not in str(logs.output)


@override_settings(JOB_KINDS=KINDS)
class UniqueTests(TestCase):
    def test_a_second_active_job_joins_the_first(self):
        first = jobs.enqueue("work", unique_key="w")
        assert jobs.enqueue("work", unique_key="w").pk == first.pk
        jobs.run(first.pk)
        assert jobs.enqueue("work", unique_key="w").pk != first.pk

    def test_jobs_without_a_key_do_not_join(self):
        assert jobs.enqueue("work").pk != jobs.enqueue("work").pk


@override_settings(JOB_KINDS=KINDS)
class ReconcilerTests(TransactionTestCase):
    def setUp(self):
        CALLS.clear()

    def running(self, *, silent: float, **values: object) -> Job:
        beat = timezone.now() - timedelta(seconds=silent)
        return Job.objects.create(kind="work", state="running", heartbeat_at=beat, **{"attempt": 1, **values})

    def test_a_job_whose_worker_died_is_queued_again_and_its_sync_run_closed(self):
        job = self.running(silent=31)
        run = SyncRun.objects.create(job=job, source="ollama", place="one", started_at=timezone.now())
        with mock.patch("unified_app.tasks.run_job.delay") as wake:
            assert jobs.reconcile() == [job.pk]
        wake.assert_called_once_with(job.pk)
        run.refresh_from_db()
        assert (run.state, run.failed[0]["code"]) == ("failed", "interrupted")
        assert jobs.run(job.pk) == "done"
        assert CALLS == [2]

    def test_a_job_that_still_beats_is_left_alone(self):
        job = self.running(silent=20)
        with mock.patch("unified_app.tasks.run_job.delay"):
            assert jobs.reconcile() == []
        job.refresh_from_db()
        assert job.state == "running"

    def test_a_job_that_killed_its_worker_often_enough_fails(self):
        job = self.running(silent=31, attempt=5)
        with mock.patch("unified_app.tasks.run_job.delay"):
            jobs.reconcile()
        job.refresh_from_db()
        assert (job.state, job.error["code"]) == ("failed", "worker_died")

    def test_a_cancel_that_the_dead_worker_did_not_see_is_kept(self):
        job = self.running(silent=31, cancel_requested=True)
        with mock.patch("unified_app.tasks.run_job.delay"):
            assert jobs.reconcile() == []
        job.refresh_from_db()
        assert job.state == "cancelled"
