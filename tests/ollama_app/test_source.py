from __future__ import annotations

import threading
from socket import socket
from unittest.mock import patch

from django.db import DataError, connection
from django.test import TestCase, TransactionTestCase, override_settings

from ollama_app import category_loader
from ollama_app.hosts import save_host
from ollama_app.models import DigestFacts, Host
from ollama_app.source import OllamaSource
from tests.nasty_server import Request, json_reply
from tests.ollama_app.ollama_server import OllamaServer, chat, counts, digest, model, only_host, row, show_of, sync
from unified_app import syncing
from unified_app.models import HistoryEntry, ModelVersion, Placement, RegistryEpoch, SyncRun, UnifiedModel
from unified_app.registry_manager import UnifiedRegistryManager

TOKEN = "tok-en-that-nobody-may-see"


class SyncTests(TestCase):
    def setUp(self):
        self.server = self.enterContext(OllamaServer(chat("a:1"), chat("b:1")))
        self.host = only_host(self.server)

    def test_a_changed_digest_is_a_new_version_with_history(self):
        sync()
        self.server.rows[0] = chat("a:1", "new content", modified_at="2026-04-01T00:00:00Z")
        assert counts(sync()) == (0, 1, 1, 0)
        assert model("a:1").version == digest("new content")[:12]
        assert ModelVersion.objects.filter(model_id="a_1_base").count() == 2
        entry = HistoryEntry.objects.get(object_id="a_1_base", field="version")
        assert (entry.old, entry.new, entry.by) == (digest("a:1")[:12], digest("new content")[:12], "sync")

    def test_a_digest_that_comes_back_is_no_third_version(self):
        for content in ("", "other", ""):
            self.server.rows[0] = chat("a:1", content)
            sync()
        assert ModelVersion.objects.filter(model_id="a_1_base").count() == 2

    def test_a_vanished_model_retires_and_returns_with_its_id(self):
        sync()
        gone = self.server.rows.pop()
        assert sync()["retired"] == 1
        assert (model("b:1").status, model("b:1").retired_reason) == ("retired", "vanished from gpu1")
        self.server.rows.append(gone)
        sync()
        found = model("b:1")
        assert (found.id, found.status, found.retired_at) == ("b_1_base", "available", None)

    def test_what_a_curator_deleted_stays_retired_when_a_sync_sees_it(self):
        sync()
        UnifiedRegistryManager(by="cora").delete_model("a_1_base")
        sync()
        assert (model("a:1").status, model("a:1").retired_reason) == ("retired", "deleted by cora")

    def test_what_a_curator_set_survives_a_sync_that_changes_the_model(self):
        sync()
        UnifiedRegistryManager(by="cora").update_model("a_1_base", {"category": "vision", "description": "Ours."})
        self.server.rows[0] = row("a:1", "new", capabilities=["embedding"])
        sync()
        found = model("a:1")
        assert (found.category, found.source_category, found.description) == ("vision", "embedding", "Ours.")

    def test_a_repeat_moves_neither_the_epoch_nor_a_row(self):
        sync()
        before = RegistryEpoch.current(), list(UnifiedModel.objects.values_list("id", "updated_at"))
        self.server.rows.reverse()
        assert counts(sync()) == (0, 0, 2, 0)
        assert (RegistryEpoch.current(), list(UnifiedModel.objects.values_list("id", "updated_at"))) == before

    def test_the_host_says_when_it_was_seen_and_what_it_is(self):
        sync()
        self.host.refresh_from_db()
        assert (self.host.state, self.host.version, self.host.last_error) == ("up", "0.33.0", "")
        assert self.host.last_seen is not None

    def test_a_sync_writes_nothing_when_the_host_is_changed_meanwhile(self):
        for change in ({"enabled": False}, {"url": "http://127.0.0.1:9"}, {"name": "other"}):
            with self.subTest(change):
                source = OllamaSource("gpu1")
                run = syncing._begin(source, "ada", None)[0]
                reading = syncing.read(source)
                Host.objects.filter(pk=self.host.pk).update(**change)
                syncing._write(source, run, reading, None)
                run.refresh_from_db()
                assert (run.state, run.failed[0]["code"]) == ("failed", "conflict")
                assert not Placement.objects.exists()
                Host.objects.filter(pk=self.host.pk).update(enabled=True, url=self.host.url, name="gpu1")

    def test_a_value_that_the_database_refuses_is_that_hosts_failure_only(self):
        def refuses(source: OllamaSource) -> None:
            if source.place == "other":
                raise DataError("value out of range")

        with OllamaServer(chat("c:1")) as other, patch.object(OllamaSource, "record_reading", refuses):
            save_host(Host(name="other", url=other.url), by="ada")
            body = sync()
        assert [(f["host"], f["code"]) for f in body["failed"]] == [("other", "upstream_invalid")]
        assert set(UnifiedModel.objects.values_list("name", flat=True)) == {"a:1", "b:1"}


class TokenTests(TestCase):
    def setUp(self):
        self.server = self.enterContext(OllamaServer(chat("a:1")))
        self.host = only_host(self.server, token=TOKEN)

    def test_the_token_is_sealed_at_rest_and_sent_as_bearer(self):
        sync()
        assert TOKEN not in str(Host.objects.values().get())
        assert {r.headers["authorization"] for r in self.server.requests} == {f"Bearer {TOKEN}"}

    def test_the_token_is_in_no_repr_placement_history_or_error(self):
        self.server.answers["/api/tags"] = json_reply({"error": f"wrong {TOKEN}"}, 401)
        with self.assertNoLogs():
            sync()
        source = OllamaSource("gpu1")
        everything = [repr(self.host), repr(source), repr(source.loader), list(HistoryEntry.objects.values()),
                      list(SyncRun.objects.values()), list(Placement.objects.values()), vars(self.host)]  # fmt: skip
        assert TOKEN not in str(everything)
        assert list(HistoryEntry.objects.filter(field="token").values_list("old", "new")) == [("not set", "set")]

    def test_a_placement_names_the_credential_and_does_not_hold_it(self):
        sync()
        assert Placement.objects.get().credential == f"ollama.host:{self.host.pk}"

    def test_a_changed_secret_key_is_a_typed_error_of_that_host_only(self):
        with OllamaServer(chat("b:1")) as other:
            save_host(Host(name="open", url=other.url), by="ada")
            with override_settings(SECRET_KEY="another"):
                body = sync()
        assert [(f["host"], f["code"]) for f in body["failed"]] == [("gpu1", "conflict")]
        assert "SECRET_KEY has changed" in body["failed"][0]["message"]
        assert self.server.requests == []
        assert model("b:1").status == "available"


class ShowsTests(TestCase):
    def test_shows_of_an_old_server_run_some_at_a_time_and_once_for_a_digest(self):
        def slow(connection: socket, request: Request) -> None:
            request.stopped.wait(0.05)
            json_reply(show_of(["completion"]))(connection, request)

        rows = [row(f"m{i}:{tag}", f"content {i}") for i in range(12) for tag in ("a", "b")]
        with OllamaServer(*rows, version="0.24.0") as server:
            server.answers["/api/show"] = slow
            only_host(server)
            assert sync()["created"] == 24
            assert len(server.asked) == 12
            assert 2 <= server.most_at_once <= category_loader.SHOWS_AT_ONCE
            assert counts(sync()) == (0, 0, 24, 0)
            assert len(server.asked) == 12

    def test_what_one_host_showed_is_not_asked_of_another(self):
        with OllamaServer(row("a:1"), version="0.24.0") as one, OllamaServer(row("a:1"), version="0.24.0") as two:
            only_host(one)
            sync()
            save_host(Host(name="gpu2", url=two.url), by="ada")
            sync()
            assert (one.asked, two.asked) == (["a:1"], [])

    def test_a_reading_that_takes_too_long_goes_on_in_the_next(self):
        rows = [row(f"m{i}:1") for i in range(9)]
        with OllamaServer(*rows, version="0.24.0") as server:
            only_host(server)
            with patch.object(category_loader, "SHOWS_SECONDS", -1.0):
                body = sync()
            assert (body["result"], body["created"], len(body["failed"])) == ("partial", 9, 9)
            assert sync()["result"] == "success"
            assert len(server.asked) == 9

    def test_facts_kept_by_an_older_version_of_this_program_are_read(self):
        facts = {"parameter_count": 5, "long_forgotten": True}
        DigestFacts.objects.create(digest=digest("a:1"), facts=facts, asked_at="2026-01-01T00:00Z", server_version="1")
        with OllamaServer(chat("a:1")) as server:
            only_host(server)
            sync()
        assert model("a:1").parameters["parameter_count"] == 5


class TwoAtOnceTests(TransactionTestCase):
    def test_the_second_of_two_syncs_of_a_host_joins_the_first(self):
        may_answer, second_waits = threading.Event(), threading.Event()
        joined = syncing._joined

        def joining(run: SyncRun, handle: object) -> SyncRun:
            second_waits.set()
            return joined(run, handle)

        def waits(connection: socket, request: Request) -> None:
            assert may_answer.wait(10)
            json_reply({"models": [chat("a:1"), chat("b:1")]})(connection, request)

        with OllamaServer() as server, patch.object(syncing, "_joined", joining):
            server.answers["/api/tags"] = waits
            only_host(server)
            threads, bodies = self.started(2)
            assert second_waits.wait(10)
            may_answer.set()
            [thread.join(20) for thread in threads]
            assert len(server.paths("/api/tags")) == 1
        assert [(body["result"], counts(body)) for body in bodies] == [("success", (2, 0, 0, 0))] * 2
        assert SyncRun.objects.count() == 1

    def test_syncs_that_collide_at_any_moment_leave_each_model_once(self):
        with OllamaServer(*(chat(f"m{i}:1") for i in range(30))) as server:
            only_host(server)
            threads, bodies = self.started(6)
            [thread.join(30) for thread in threads]
        assert [body["result"] for body in bodies] == ["success"] * 6
        assert sum(run.created for run in SyncRun.objects.all()) == UnifiedModel.objects.count() == 30
        assert not SyncRun.objects.filter(state="running").exists()

    def started(self, number: int) -> tuple[list[threading.Thread], list[dict]]:
        bodies: list[dict] = []

        def run() -> None:
            try:
                bodies.append(sync())
            finally:
                connection.close()

        threads = [threading.Thread(target=run) for _ in range(number)]
        [thread.start() for thread in threads]
        return threads, bodies
