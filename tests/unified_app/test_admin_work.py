from __future__ import annotations

from django.utils import timezone

from tests.unified_app.admin_case import AdminTestCase, register
from unified_app.admin.work import progress
from unified_app.models import HistoryEntry, Job, SyncRun


class JobTests(AdminTestCase):
    def setUp(self):
        self.client.force_login(self.otto)

    def test_a_queued_job_is_cancelled_and_an_ended_one_says_why_not(self):
        job, done = (Job.objects.create(kind="sync", state=state) for state in ("queued", "done"))
        response = self.act("job", "cancel", job.pk, done.pk)
        job.refresh_from_db()
        assert job.state == "cancelled"
        assert "ended already: done" in self.messages(response)

    def test_a_failed_job_is_retried_as_a_fresh_row_with_the_same_arguments(self):
        arguments = {"source": "ollama", "place": None}
        failed = Job.objects.create(kind="sync", state="failed", arguments=arguments, unique_key="sync:ollama")
        response = self.press("job", "retry", failed.pk)
        fresh = Job.objects.exclude(pk=failed.pk).get()
        assert (fresh.state, fresh.arguments, fresh.created_by) == ("queued", arguments, "otto")
        failed.refresh_from_db()
        assert failed.state == "failed"
        assert self.url("job", "change", fresh.pk) in self.messages(response)
        assert HistoryEntry.objects.get(kind="job", object_id=str(failed.pk)).new == fresh.pk

    def test_a_job_that_is_active_or_done_is_not_retried(self):
        for state in ("queued", "running", "done"):
            job = Job.objects.create(kind="sync", state=state)
            assert "Only a failed or cancelled job" in self.messages(self.act("job", "retry", job.pk))
        assert Job.objects.count() == 3

    def test_a_job_of_a_kind_that_is_gone_is_refused_in_words(self):
        job = Job.objects.create(kind="knit", state="failed")
        assert "no longer does jobs of the kind" in self.messages(self.act("job", "retry", job.pk))

    def test_a_curator_sees_jobs_but_no_way_to_touch_them(self):
        job = Job.objects.create(kind="sync", state="queued")
        self.client.force_login(self.cora)
        assert "do/cancel" not in self.client.get(self.url("job", "change", job.pk)).content.decode()
        assert self.press("job", "cancel", job.pk).status_code == 403
        self.act("job", "cancel", job.pk)
        job.refresh_from_db()
        assert job.state == "queued"

    def test_progress_is_a_bar_where_it_counts_and_words_where_it_does_not(self):
        running = Job(kind="sync", state="running", progress={"done": 1, "total": 4, "current": "<b>gpu1"})
        assert '<progress value="1" max="4">' in progress(running)
        assert "1 of 4 &lt;b&gt;gpu1" in progress(running)
        assert progress(Job(kind="pull", state="running", progress={"status": "verifying"})) == "verifying"
        assert progress(Job(kind="pull", state="queued")) == "—"

    def test_the_page_of_a_running_job_reads_itself_again(self):
        running, done = (Job.objects.create(kind="sync", state=state) for state in ("running", "done"))
        assert 'http-equiv="refresh"' in self.client.get(self.url("job", "change", running.pk)).content.decode()
        assert 'http-equiv="refresh"' not in self.client.get(self.url("job", "change", done.pk)).content.decode()


class SyncRunTests(AdminTestCase):
    def test_a_run_lists_failures_with_reasons_and_links_to_models_and_job(self):
        register(1)
        job = Job.objects.create(kind="sync", state="done")
        run = SyncRun.objects.create(
            source="ollama",
            place="one",
            job=job,
            state="partial",
            started_at=timezone.now(),
            created=2,
            changes={"created": ["model_000_base", "long_gone"]},
            failed=[{"source": "ollama", "host": "one", "code": "invalid_row", "message": "x: <no name>"}],
        )
        text = self.client.get(self.url("syncrun", "change", run.pk)).content.decode()
        assert "x: &lt;no name&gt;" in text
        assert "long_gone" in text
        for model, pk in (("unifiedmodel", "model_000_base"), ("job", job.pk)):
            assert self.url(model, "change", pk) in text
        model_page = self.client.get(self.url("unifiedmodel", "change", "model_000_base")).content.decode()
        assert self.url("syncrun", "change", run.pk) in model_page
        assert (
            self.url("syncrun", "change", run.pk) in self.client.get(self.url("job", "change", job.pk)).content.decode()
        )

    def test_sync_all_queues_one_job_says_which_and_a_second_press_joins_it(self):
        self.client.force_login(self.otto)
        first = self.client.post(self.url("syncrun", "do_list", "sync_all"), follow=True)
        second = self.client.post(self.url("unifiedmodel", "do_list", "sync_all"), follow=True)
        job = Job.objects.get(kind="sync")
        assert job.created_by == "otto"
        for response in (first, second):
            assert self.url("job", "change", job.pk) in self.messages(response)
