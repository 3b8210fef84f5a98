from __future__ import annotations

import threading
from decimal import Decimal
from unittest import mock

import pytest
from django.test import override_settings

from experiments_app.evaluation import runs
from experiments_app.evaluation.runner import books, patience
from experiments_app.models import CaseResult, EvaluationRun
from tests.experiments_app.evaluation.runner_case import CHAT, RunnerCase, question_of
from tests.servers import free_port
from unified_app import jobs
from unified_app.errors import Conflict
from unified_app.models import Job, UnifiedModel

TEN = [f"question {number}" for number in range(10)]


class Killed(BaseException):
    """What a thread sees of `kill -9`: nothing that follows is run."""


class Kills(RunnerCase):
    def killed_after(self, flushes: int, run: EvaluationRun) -> None:
        """Let a worker die after so many writes, with the calls that it was about to make."""
        real, seen = books.Books.write, []

        def write(self, *rows):
            real(self, *rows)
            seen.append(rows)
            if len(seen) == flushes:
                raise Killed

        run.refresh_from_db()
        with mock.patch.object(books.Books, "write", write), pytest.raises(Killed):
            jobs.run(run.job_id)
        Job.objects.filter(pk=run.job_id).update(heartbeat_at=run.created_at.replace(year=2020))
        jobs.reconcile()

    def test_after_two_kills_every_case_has_one_row_and_the_lost_calls_are_counted(self):
        self.model("clever", self.upstream_of())
        run = self.start(self.suite(*TEN), "clever", concurrency=4, cache=False)
        self.killed_after(2, run)
        lost = CaseResult.objects.filter(run=run, state="running").count()
        self.killed_after(2, run)
        lost += CaseResult.objects.filter(run=run, state="running").count()
        assert self.work(run) == "done"
        assert self.rows(run, "case_index", "state") == [(number, "done") for number in range(10)]
        assert 0 < run.repeated_calls == lost <= 8
        assert sum(self.rows(run, "attempts")) == 10 + lost
        assert (run.done, run.failed, run.run_models.get().summary["passed"]) == (10, 0, 10)


class Stops(RunnerCase):
    def test_a_cancelled_run_stops_and_goes_on_where_it_was(self):
        self.model("clever", self.upstream_of())
        run = self.start(self.suite(*TEN), "clever", concurrency=1)
        real = jobs.Handle.progress

        def cancelled(handle, **values):
            if values["done"]:
                jobs.cancel(Job.objects.get(pk=handle.job_id), "ann")
            real(handle, **values)

        with (
            mock.patch.object(jobs.Handle, "progress", cancelled),
            mock.patch("experiments_app.evaluation.runner.dispatcher.LOOK_SECONDS", 0.0),
        ):
            assert self.work(run) == "cancelled"
        assert run.state == "cancelled"
        assert 0 < run.done < 10
        assert "running" not in self.rows(run, "state")
        runs.resume(run, by="ann")
        assert self.work(run) == "done"
        assert (run.state, run.done, run.repeated_calls) == ("done", 10, 0)
        assert len(self.rows(run, "case_index")) == 10

    def test_calls_under_way_are_hung_up_on_so_that_the_host_is_free(self):
        hung_up = threading.Event()

        def wait(connection, request):
            asked.set()
            if not connection.recv(1):
                hung_up.set()

        asked, real = threading.Event(), jobs.Handle.progress
        self.model("slow", self.upstream({CHAT: wait}))
        run = self.start(self.suite("one"), "slow")

        def cancelled(handle, **values):
            if asked.is_set():
                jobs.cancel(Job.objects.get(pk=handle.job_id), "ann")
            real(handle, **values)

        with (
            mock.patch.object(jobs.Handle, "progress", cancelled),
            mock.patch("experiments_app.evaluation.runner.dispatcher.LOOK_SECONDS", 0.02),
        ):
            assert self.work(run) == "cancelled"
        assert hung_up.wait(10)

    def test_a_queued_run_is_cancelled_at_once(self):
        self.model("clever", self.upstream_of())
        run = self.start(self.suite("one"), "clever")
        runs.cancel(run, by="ann")
        run.refresh_from_db()
        assert (run.state, self.asked) == ("cancelled", [])
        with pytest.raises(Conflict):
            runs.cancel(run, by="ann")

    def test_a_run_whose_job_dies_for_good_has_failed(self):
        self.model("clever", self.upstream_of())
        run = self.start(self.suite("one"), "clever")
        Job.objects.filter(pk=run.job_id).update(
            state="running", attempt=60, heartbeat_at=run.created_at.replace(year=2020)
        )
        jobs.reconcile()
        run.refresh_from_db()
        assert (run.state, run.error["code"]) == ("failed", "worker_died")

    def test_failed_cases_and_no_others_are_tried_again(self):
        bad = ["question 3"]
        said = lambda body: (400, {"error": {"message": "no"}}) if question_of(body) in bad else question_of(body)  # noqa: E731
        self.model("clever", self.upstream_of(said))
        run = self.done(self.suite(*TEN), "clever")
        assert (run.done, run.failed) == (10, 1)
        del bad[:]
        runs.retry(run, by="ann")
        run.refresh_from_db()
        assert (run.state, run.done, run.failed) == ("queued", 9, 0)
        assert self.work(run) == "done"
        assert (run.done, run.failed, len(self.asked)) == (10, 0, 11)
        assert self.rows(run, "attempts") == [1, 1, 1, 2, 1, 1, 1, 1, 1, 1]
        with pytest.raises(Conflict, match="No case failed"):
            runs.retry(run, by="ann")

    def test_a_site_that_is_away_is_nobodys_fault(self):
        self.model("clever", self.upstream_of())
        run = self.start(self.suite("one"), "clever")
        with override_settings(REGISTRY_API_URL=f"http://127.0.0.1:{free_port()}"):
            assert self.work(run) == "queued"
        assert (run.state, run.error["code"], run.failed) == ("queued", "upstream_unreachable", 0)
        assert self.rows(run, "state") == ["waiting"]
        assert self.work(run) == "done"
        assert self.rows(run, "state", "attempts") == [("done", 2)]
        assert (run.repeated_calls, run.error) == (0, None)


class Budgets(RunnerCase):
    def test_a_budget_of_tokens_stops_the_run_and_a_larger_one_lets_it_go_on(self):
        self.model("clever", self.upstream_of())
        run = self.start(self.suite(*TEN), "clever", concurrency=1, budget_tokens=12)
        assert self.work(run) == "done"
        assert (run.state, run.error["code"], run.done, run.tokens_used) == ("stopped", "budget_used_up", 3, 15)
        assert self.rows(run, "state") == ["done"] * 3
        with pytest.raises(Conflict, match="used up"):
            runs.resume(run, by="ann")
        runs.resume(run, by="ann", budget_tokens=None)
        assert self.work(run) == "done"
        assert (run.state, run.done) == ("done", 10)

    def test_a_budget_of_money_is_kept_by_what_the_model_costs(self):
        pricing = {"pricing": {"prompt": "0.001", "completion": "0.01"}}
        self.model("clever", self.upstream_of(), parameters=pricing)
        run = self.start(self.suite(*TEN), "clever", concurrency=1, budget_cost=Decimal("0.05"))
        self.work(run)
        assert (run.state, run.done, run.cost_used) == ("stopped", 3, Decimal("0.069"))
        assert self.rows(run, "cost") == [Decimal("0.023")] * 3

    def test_what_is_cached_costs_nothing(self):
        self.model("clever", self.upstream_of())
        self.done(self.suite(*TEN), "clever")
        run = self.done(self.suite(*TEN), "clever", budget_tokens=1)
        assert (run.state, run.tokens_used) == ("done", 0)


class Waits(RunnerCase):
    def test_a_call_that_is_told_to_wait_is_made_again_and_has_not_failed(self):
        said = iter([(429, {"error": {"message": "slow"}}, "Retry-After: 0"), "one"])
        self.model("clever", self.upstream_of(lambda body: next(said)))
        with mock.patch.object(patience, "DEFAULT_WAIT", 0.05):
            run = self.done(self.suite("one"), "clever")
        assert self.rows(run, "state", "attempts") == [("done", 1)]
        assert len(self.asked) == 2

    def test_a_call_that_would_have_to_wait_too_long_fails_with_the_code(self):
        self.model("clever", self.upstream_of(lambda body: (429, {"error": {"message": "no"}}, "Retry-After: 86400")))
        run = self.done(self.suite("one"), "clever")
        assert self.rows(run, "state", "error__code") == [("failed", "rate_limit_exceeded")]

    def test_what_breaks_is_tried_twice_more(self):
        self.model("clever", self.upstream_of(lambda body: (500, {"error": {"message": "out of memory"}})))
        with mock.patch.object(patience, "PAUSES", (0.0, 0.0)):
            run = self.done(self.suite("one"), "clever")
        assert self.rows(run, "state", "error__message") == [("failed", "out of memory")]
        assert len(self.asked) == 3


class Versions(RunnerCase):
    def test_a_model_that_changes_in_the_middle_is_called_no_more_and_nothing_is_mixed(self):
        clever = self.model("clever", self.upstream_of(lambda body: self.change(body)))
        self.model("steady", self.upstream_of())
        self.clever = clever
        run = self.start(self.suite(*TEN), "clever", "steady", concurrency=1)
        assert self.work(run) == "done"
        assert (run.state, run.error["code"], run.error["details"]) == (
            "failed",
            "version_changed",
            {"models": [clever.pk]},
        )
        by_model = self.rows(run, "run_model__model__name", "state")
        assert by_model.count(("steady", "done")) == 10
        assert by_model.count(("clever", "done")) == 3
        runs.resume(run, by="ann")
        self.work(run)
        assert (run.state, run.error["code"]) == ("failed", "version_changed")
        assert len([body for body in self.asked if body["model"] == "up-clever"]) <= 5

    def change(self, body):
        if question_of(body) == "question 2":
            UnifiedModel.objects.filter(pk=self.clever.pk).update(version="2")
            self.clever.placements.update(version="v2", digest="e" * 64)
            self.told()
        return question_of(body)
