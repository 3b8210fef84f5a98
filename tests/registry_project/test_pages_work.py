"""Jobs and syncs: what runs, what ended, what it did."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from tests.registry_project.pages_case import PagesTestCase, add_host, register
from tests.registry_project.test_pages_hosts import add_run
from unified_app.models import Job


def add_job(state: str = "running", **more: object) -> Job:
    now = timezone.now()
    ended = now if state in ("done", "failed", "cancelled") else None
    values = {"kind": "sync", "heartbeat_at": now, "started_at": now, "finished_at": ended, "attempt": 1, **more}
    return Job.objects.create(state=state, **values)


class JobTests(PagesTestCase):
    def test_running_ones_stand_on_top_with_their_progress(self):
        add_job(progress={"done": 3, "total": 1000, "current": "gpu3"}, kind="ollama_details")
        add_job("done")
        said = self.page("/jobs")
        assert "1 job is under way" in said and "3 of 1 000, last gpu3" in said
        assert said.index("Ollama details") < said.index("Sync of everything")

    def test_the_page_moves_only_while_something_does(self):
        add_job("done")
        assert "hx-trigger" not in self.source("/jobs")
        add_job()
        assert "hx-trigger" in self.source("/jobs")

    def test_a_job_that_begins_its_count_at_nothing_has_a_bar(self):
        job = add_job(progress={"done": 0, "total": 4})
        assert '<progress value="0" max="4"' in self.source(f"/jobs/{job.pk}")
        assert "Working" in self.page(f"/jobs/{add_job().pk}")

    def test_the_outcome_stays(self):
        result = {"result": "partial", "synced_models": 4, "created": 1, "updated": 2, "retired": 0, "unchanged": 1}
        job = add_job("done", result={**result, "failed": [{"message": "x"}]})
        said = self.page(f"/jobs/{job.pk}")
        assert "partial 4 models seen: 1 created, 2 updated, 0 retired, 1 unchanged, 1 failed." in said
        assert "hx-trigger" not in self.source(f"/jobs/{job.pk}")

    def test_what_needs_attention_is_a_list_of_its_own(self):
        add_job("done")
        add_job("failed", error={"code": "internal", "message": "It broke."})
        add_job("queued", error={"code": "upstream_timeout", "message": "Too slow."})
        add_job(heartbeat_at=timezone.now() - timedelta(minutes=5))
        said = self.page("/jobs", state="attention")
        assert "3 jobs need attention" in said and "It broke." in said and "Too slow." in said

    def test_a_job_that_tries_again_says_what_failed_and_when(self):
        soon = timezone.now() + timedelta(seconds=90)
        job = add_job("queued", error={"code": "x", "message": "Too slow."}, run_after=soon)
        assert "Attempt 1 of 5 failed: Too slow. The next one begins in 1 min" in self.page(f"/jobs/{job.pk}")

    def test_an_operator_cancels_and_others_do_not(self):
        job = add_job("queued", attempt=0)
        assert "Cancel this job" not in self.page(f"/jobs/{job.pk}")
        assert self.client.post(f"/jobs/{job.pk}/cancel").status_code == 403
        self.act_as("Operator")
        assert "Cancel this job" in self.page(f"/jobs/{job.pk}")
        assert self.client.post(f"/jobs/{job.pk}/cancel").headers["Location"] == f"/jobs/{job.pk}"
        assert "Cancelled by operator before it began." in self.page(f"/jobs/{job.pk}")
        assert self.client.post(f"/jobs/{job.pk}/cancel").status_code == 302

    def test_a_running_job_that_is_to_stop_says_so(self):
        self.act_as("Operator")
        job = add_job()
        self.client.post(f"/jobs/{job.pk}/cancel")
        said = self.page(f"/jobs/{job.pk}")
        assert "It stops at its next step" in said and "Cancel this job" not in said


class SyncTests(PagesTestCase):
    def setUp(self):
        super().setUp()
        add_host("one")
        add_host("two")

    def test_running_ones_stand_on_top(self):
        add_run("one", "running")
        add_run("two", "success", unchanged=7)
        said = self.page("/syncs").split("Took")[-1]
        assert said.index("under way") < said.index("7 unchanged")
        assert "hx-trigger" in self.source("/syncs")

    def test_the_address_filters(self):
        add_run("one", "failed", failed=[{"message": "Nothing answers."}])
        add_run("two")
        assert "1 sync of one" in self.page("/syncs", host="one")
        assert "1 sync with state failed" in self.page("/syncs", state="failed")
        assert "nothing was read Nothing answers." in self.page("/syncs", state="failed")
        assert "No sync fits" in self.page("/syncs", host="two", state="failed")

    def test_a_run_lists_what_it_did_each_with_its_model(self):
        model = register("llama3:8b")
        run = add_run(
            state="partial",
            seen=3,
            created=1,
            retired=1,
            changes={"created": [model.pk], "retired": ["gone_base"]},
            failed=[{"source": "ollama", "host": "one", "code": "invalid_row", "message": "odd: no digest"}],
        )
        said, source = self.page(f"/syncs/{run.pk}"), self.source(f"/syncs/{run.pk}")
        assert "1 created, 1 retired, 1 failed" in said
        assert f'href="/models/{model.pk}">llama3:8b' in source
        assert "odd: no digest invalid_row" in said and "gone_base" in said

    def test_a_long_list_is_cut_and_counted(self):
        run = add_run(created=10_000, changes={"created": [f"m{n}" for n in range(10_000)]})
        with self.assertNumQueries(8):
            assert "and 9 800 more" in self.page(f"/syncs/{run.pk}")

    def test_a_run_that_changed_nothing_says_so(self):
        run = add_run(unchanged=12)
        assert "Nothing had changed: 12 models as before." in self.page(f"/syncs/{run.pk}")

    def test_a_sync_of_everything_leads_to_its_job(self):
        self.act_as("Operator")
        where = self.client.post("/syncs/start").headers["Location"]
        assert where == f"/jobs/{Job.objects.get().pk}"
        assert "Sync of everything" in self.page(where)

    def test_the_number_of_queries_does_not_depend_on_rows(self):
        for _ in range(60):
            add_run(failed=[{"message": "x"}])
            add_job("done")
        for path, queries in (("/syncs", 8), ("/jobs", 9)):
            with self.assertNumQueries(queries):
                self.client.get(path)
