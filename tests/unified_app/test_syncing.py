from __future__ import annotations

import threading
from datetime import timedelta
from unittest import mock

import pytest
from django.db import connection
from django.test import TestCase, TransactionTestCase, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.unified_app.fake_source import FAKE, FakeSource
from tests.unified_app.plans import fetched
from unified_app import jobs, syncing
from unified_app.errors import NotFound, UpstreamTimeout
from unified_app.model_objects import RejectedRow
from unified_app.models import HistoryEntry, Job, ModelVersion, Placement, RegistryEpoch, SyncRun, UnifiedModel
from unified_app.registry_manager import UnifiedRegistryManager


def reply(place: str, *items: object) -> None:
    FakeSource.replies[place].append(list(items))


def sync() -> dict:
    return UnifiedRegistryManager().sync_with_sources().to_dict()


@override_settings(MODEL_SOURCES=FAKE)
class SyncTests(TestCase):
    def setUp(self):
        FakeSource.reset()

    def test_models_of_all_places_are_counted_once(self):
        reply("one", fetched("a"), fetched("b", capabilities=["text_embedding"]))
        reply("two", fetched("a", place="two"))
        body = sync()
        assert (body["result"], body["synced_models"]) == ("success", 2)
        assert body["categories"] == {"embedding": 1, "thinking": 1}
        assert Placement.objects.filter(model_id="a_base").count() == 2

    def test_a_second_sync_changes_nothing_and_says_so(self):
        reply("one", fetched("a"), fetched("b"))
        reply("one", fetched("b"), fetched("a"))
        sync()
        before = list(UnifiedModel.objects.values())
        epoch = RegistryEpoch.current()
        body = sync()
        assert (body["created"], body["updated"], body["unchanged"], body["retired"]) == (0, 0, 2, 0)
        assert list(UnifiedModel.objects.values()) == before
        assert RegistryEpoch.current() == epoch

    def test_a_dead_place_stops_no_other_and_is_recorded(self):
        reply("dead", UpstreamTimeout("No answer."))
        reply("one", fetched("a"))
        body = sync()
        assert body["result"] == "partial"
        assert body["failed"] == [
            {"source": "ollama", "host": "dead", "code": "upstream_timeout", "message": "No answer."}
        ]
        assert FakeSource.failures == [("dead", "upstream_timeout")]
        assert SyncRun.objects.get(place="dead").state == SyncRun.State.FAILED
        assert UnifiedModel.objects.filter(id="a_base").exists()

    def test_a_bug_in_a_source_is_a_failure_of_that_place_only(self):
        reply("bug", ZeroDivisionError("secret-token"))
        reply("one", fetched("a"))
        body = sync()
        assert [f["host"] for f in body["failed"]] == ["bug"]
        assert "secret-token" not in str(body)

    def test_nothing_readable_is_failed_and_retires_nothing(self):
        reply("one", fetched("a"))
        reply("one", UpstreamTimeout("No answer."))
        sync()
        assert sync()["result"] == "failed"
        assert UnifiedModel.objects.get(id="a_base").status == "available"

    def test_a_listing_that_breaks_off_in_the_middle_writes_nothing(self):
        reply("one", fetched("a"), UpstreamTimeout("No answer."))
        assert sync()["result"] == "failed"
        assert not UnifiedModel.objects.exists()

    def test_a_row_that_cannot_be_used_makes_it_partial_and_retires_nothing(self):
        reply("one", fetched("a"), fetched("b"))
        reply("one", fetched("a"), RejectedRow("row 1", "no name"))
        sync()
        body = sync()
        assert (body["result"], body["retired"]) == ("partial", 0)
        assert body["failed"][0]["message"] == "row 1: no name"

    def test_a_vanished_model_retires_with_the_time_and_comes_back(self):
        reply("one", fetched("a"), fetched("b"))
        reply("one", fetched("b"))
        reply("one", fetched("a"), fetched("b"))
        sync()
        assert sync()["retired"] == 1
        gone = UnifiedModel.objects.get(id="a_base")
        assert (gone.status, gone.retired_reason) == ("retired", "vanished from one")
        assert timezone.now() - gone.retired_at < timedelta(minutes=1)
        sync()
        back = UnifiedModel.objects.get(id="a_base")
        assert (back.status, back.retired_at, back.retired_reason) == ("available", None, "")

    def test_versions_and_history_tell_what_was_behind_the_name(self):
        reply("one", fetched("a"))
        reply("one", fetched("a", digest="b" * 64, age=1))
        sync()
        sync()
        assert list(ModelVersion.objects.values_list("version", flat=True)) == ["b" * 12, "a" * 12]
        entry = HistoryEntry.objects.get(object_id="a_base", field="version")
        assert (entry.by, entry.old, entry.new) == ("sync", "a" * 12, "b" * 12)

    def test_overrides_survive_a_sync_that_changes_the_model(self):
        reply("one", fetched("a"))
        reply("one", fetched("a", digest="b" * 64))
        sync()
        UnifiedRegistryManager(by="cora").update_model("a_base", {"category": "tools", "tags": ["ours"]})
        sync()
        row = UnifiedModel.objects.get(id="a_base")
        assert (row.category, row.source_category, row.tags) == ("tools", "thinking", ["ours"])
        assert row.version == "b" * 12

    def test_the_number_of_queries_of_a_repeat_does_not_grow_with_the_number_of_models(self):
        few, many = [fetched(f"m{i}") for i in range(5)], [fetched(f"m{i}") for i in range(80)]
        for listing in (few, few, many, many):
            reply("one", *listing)
        sync()
        of_few = queries_of(sync)
        sync()
        assert queries_of(sync) == of_few


def queries_of(function) -> int:
    with CaptureQueriesContext(connection) as queries:
        function()
    return len(queries)


@override_settings(MODEL_SOURCES=FAKE)
class RequestTests(TestCase):
    def setUp(self):
        FakeSource.reset()
        reply("one", fetched("a"))

    def test_a_second_request_joins_the_first(self):
        first = syncing.request_sync(source="ollama", by="ann")
        assert syncing.request_sync(source="ollama", by="bob").pk == first.pk

    def test_a_request_for_one_host_joins_a_wider_one(self):
        everything = syncing.request_sync(by="schedule")
        assert syncing.request_sync(source="ollama", place="one").pk == everything.pk

    def test_a_wider_request_does_not_join_a_narrow_one(self):
        narrow = syncing.request_sync(source="ollama", place="one")
        assert syncing.request_sync(source="ollama").pk != narrow.pk

    def test_the_job_ends_with_the_body_of_the_sync_call(self):
        job = syncing.request_sync(by="ann")
        assert jobs.run(job.pk) == "done"
        job.refresh_from_db()
        assert (job.result["result"], job.result["created"]) == ("success", 1)
        run = SyncRun.objects.get(job=job)
        assert (run.by, run.state, run.changes["created"]) == ("ann", "success", ["a_base"])

    def test_an_unknown_host_is_refused_and_queues_nothing(self):
        for source in ("ollama", None):
            with pytest.raises(NotFound, match="nowhere"):
                syncing.request_sync(source=source, place="nowhere")
        assert not Job.objects.exists()

    def test_a_host_alone_finds_its_source_and_joins_that_source_s_sync(self):
        reply("one")
        wider = syncing.request_sync(source="ollama")
        assert syncing.request_sync(place="one") == wider

    def test_a_host_that_is_gone_when_its_turn_comes_fails_the_job_for_good(self):
        reply("one")
        job = syncing.request_sync(place="one")
        FakeSource.reset()
        assert jobs.run(job.pk) == "failed"
        job.refresh_from_db()
        assert job.error["code"] == "not_found"


@override_settings(MODEL_SOURCES=FAKE)
class JoinTests(TransactionTestCase):
    def setUp(self):
        FakeSource.reset()

    def test_two_syncs_of_one_host_at_once_read_it_once(self):
        go = threading.Event()
        reply("one", go, fetched("a"))
        results = []
        first = threading.Thread(target=_into, args=(results,))
        first.start()
        assert FakeSource.reading_began.wait(10)
        # The first goes on only when the second has seen it: as soon as it waits, it says so.
        with mock.patch.object(syncing.time, "sleep", side_effect=lambda _: go.set() or go.wait(0.01)):
            second = threading.Thread(target=_into, args=(results,))
            second.start()
            first.join(20)
            second.join(20)
        assert FakeSource.readings == ["one"]
        assert [r["created"] for r in results] == [1, 1]
        assert SyncRun.objects.count() == 1

    def test_a_run_whose_process_was_killed_does_not_block_the_next(self):
        job = Job.objects.create(kind="sync", state=Job.State.DONE)
        SyncRun.objects.create(job=job, source="ollama", place="one", started_at=timezone.now())
        reply("one", fetched("a"))
        assert sync()["result"] == "success"
        assert list(SyncRun.objects.order_by("id").values_list("state", flat=True)) == ["failed", "success"]

    def test_a_worker_that_lost_its_job_writes_nothing(self):
        job = jobs.enqueue("sync", {}, by="ann")
        reply("one", _TakeOver(job.pk), fetched("a"))
        assert jobs.run(job.pk) == "lost"
        assert not UnifiedModel.objects.exists()


class _TakeOver(threading.Event):
    """While the first worker reads, the job is given to another one."""

    def __init__(self, job_id: int) -> None:
        super().__init__()
        self.job_id = job_id

    def wait(self, timeout: float | None = None) -> bool:
        Job.objects.filter(pk=self.job_id).update(attempt=2)
        connection.close()
        return True


def _into(results: list) -> None:
    try:
        results.append(sync())
    finally:
        connection.close()
