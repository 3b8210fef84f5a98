from __future__ import annotations

import threading

from django.db import connection
from django.test import TestCase, TransactionTestCase, override_settings

from github_models_app import service
from github_models_app.source import GitHubSource
from github_models_app.sync_requests import request_sync
from tests.github_models_app.github_case import WithService, catalog, models, run
from tests.unified_app.api_case import ApiTestCase
from unified_app import jobs, syncing
from unified_app.models import Job, Placement, SyncRun

ONLY_GITHUB = {"github": "github_models_app.source.GitHubSource"}


@override_settings(MODEL_SOURCES=ONLY_GITHUB)
class RetiredTests(WithService, TestCase):
    """The service is switched off between two syncs of the schedule."""

    def setUp(self):
        super().setUp()
        self.scheduled()
        self.server.mode = "retired"
        self.result = self.scheduled()

    def test_the_run_fails_once_with_a_code_of_its_own(self):
        (failure,) = self.result["failed"]
        assert (self.result["result"], failure["code"]) == ("failed", "upstream_retired")
        run = SyncRun.objects.latest("pk")
        assert (run.state, run.failed) == ("failed", [failure])

    def test_it_is_never_called_temporary(self):
        told = str([self.result, service.status(), *SyncRun.objects.values()]).lower()
        assert "temporar" not in told
        assert "2026-07-30" in service.status().reason

    def test_the_schedule_does_not_ask_again_and_leaves_no_runs(self):
        asked, runs = self.asked, SyncRun.objects.count()
        for _ in range(3):
            assert self.scheduled()["failed"] == []
        assert (self.asked, SyncRun.objects.count()) == (asked, runs)

    def test_nothing_is_deleted_or_retired_and_nothing_is_routed_to(self):
        assert len(models(status="available")) == 43
        assert set(Placement.objects.values_list("state", flat=True)) == {"unreachable"}
        assert GitHubSource.routes(list(Placement.objects.all())) == {}
        assert GitHubSource.why_unroutable("github") == service.status().reason

    def test_by_hand_it_is_asked_once_more_and_the_first_date_stays(self):
        since, asked = service.status().since, self.asked
        result = self.sync()
        assert result["failed"][0]["code"] == "upstream_retired"
        assert self.asked == asked + 1
        assert service.status().since == since
        self.scheduled()
        assert self.asked == asked + 1

    def test_whoever_names_the_source_alone_asks_too(self):
        asked = self.asked
        run(syncing.request_sync(source="github", by="shell"))
        assert self.asked == asked + 1

    def test_one_that_does_not_answer_at_all_by_hand_is_still_retired(self):
        self.server.mode = "outage"
        assert self.sync()["failed"][0]["code"] == "upstream_error"
        assert service.status().state == "retired"
        assert GitHubSource.places() == []

    def test_one_that_answers_again_by_hand_is_back_with_everything(self):
        ids = {row.id for row in models().values()}
        self.server.mode = "healthy"
        assert self.sync()["result"] == "success"
        assert service.status().state == "ok"
        assert {row.id for row in models(status="available").values()} == ids
        assert len(GitHubSource.routes(list(Placement.objects.all()))) == 43
        asked = self.asked
        self.scheduled()
        assert self.asked == asked + 1


@override_settings(MODEL_SOURCES=ONLY_GITHUB)
class RetiredApiTests(WithService, ApiTestCase):
    def test_the_status_tells_it_with_reason_and_date(self):
        self.sync()
        self.server.mode = "retired"
        self.scheduled()
        told = self.get("/api/github/status")
        assert (told["state"], told["url"]) == ("retired", self.server.url)
        assert told["since"] >= told["last_sync"]
        assert "2026-07-30" in told["reason"]
        assert self.get("/api/github/models")["count"] == 43
        (source,) = self.get("/api/sources")["sources"]
        assert source["places"] == []


class AtOnceTests(WithService, TransactionTestCase):
    """Jobs in threads of their own, as workers do them."""

    def at_once(self, *queued: Job) -> list[Job]:
        threads = [threading.Thread(target=_do, args=[job.pk]) for job in queued]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        for job in queued:
            job.refresh_from_db()
        return list(queued)

    def test_a_whole_sync_and_syncs_of_publishers_at_once_end_in_the_whole_catalog(self):
        asked = [request_sync(by="ada"), *(request_sync(provider=p, by="ada") for p in ("openai", "meta"))]
        done = self.at_once(*asked)
        assert {job.state for job in done} == {"done"}
        assert [job.result["result"] for job in done] == ["success"] * 3
        assert set(models(status="available")) == {row["id"] for row in catalog()}

    def test_a_second_request_joins_the_first(self):
        for provider in (None, "openai"):
            assert request_sync(provider=provider, by="ada") == request_sync(provider=provider, by="bob")


def _do(job_id: int) -> None:
    try:
        jobs.run(job_id)
    finally:
        connection.close()
