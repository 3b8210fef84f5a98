from __future__ import annotations

import json
import time
from typing import Any

from django.test import TestCase, override_settings

from ollama_app.hosts import save_host
from ollama_app.models import Host
from tests import nasty_server as nasty
from tests.nasty_server import NastyServer
from tests.ollama_app.ollama_server import OllamaServer, chat, model, only_host, row, show_of, sync, sync_host
from unified_app.models import SyncRun, UnifiedModel

SECONDS = 0.7
TOKEN = "tok-en-that-nobody-may-see"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LISTINGS: dict[str, tuple[nasty.Answer, str]] = {
    "garbage": (nasty.raw_and_close(b"\x00\xff\xfe" * 50 + b"\r\n\r\n"), "upstream_invalid"),
    "HTML with 200": (nasty.html(200), "upstream_invalid"),
    "HTML with 500": (nasty.html(500), "upstream_error"),
    "JSON with 500": (nasty.json_reply({"error": f"no store, {TOKEN}"}, 500), "upstream_error"),
    "401": (nasty.json_reply({"error": "unauthorized"}, 401), "upstream_error"),
    "403 and nothing": (nasty.reply(b"", 403), "upstream_error"),
    "a redirect elsewhere": (nasty.redirect("http://127.0.0.1:9/api/tags"), "upstream_refused"),
    "a redirect to itself": (nasty.redirect("/api/tags"), "upstream_refused"),
    "hangs": (nasty.hang, "upstream_timeout"),
    "one byte at a time": (nasty.drip(b" ", at_once=HEAD + b"\r\n"), "upstream_timeout"),
    "closes early": (nasty.raw_and_close(HEAD + b'Content-Length: 99\r\n\r\n{"models": []}'), "upstream_invalid"),
    "closes at once": (nasty.raw_and_close(b""), "upstream_unreachable"),
    "40 MB": (nasty.huge(40, with_length=False), "upstream_invalid"),
    "a list": (nasty.json_reply([]), "upstream_invalid"),
    "models null": (nasty.json_reply({"models": None}), "upstream_invalid"),
    "models an object": (nasty.json_reply({"models": {"name": "a"}}), "upstream_invalid"),
    "NaN": (nasty.reply(b'{"models": [{"size": NaN}]}'), "upstream_invalid"),
    "deep": (nasty.reply(b'{"models": ' + b"[" * 100_000), "upstream_invalid"),
}


@override_settings(UPSTREAM_TIMEOUT=SECONDS)
class NastyListingTests(TestCase):
    def test_a_listing_that_cannot_be_read_is_a_typed_error_in_time_and_retires_nothing(self):
        with OllamaServer(chat("a:1")) as good, OllamaServer(chat("b:1")) as bad:
            only_host(good)
            save_host(Host(name="bad", url=bad.url), by="ada", token=TOKEN)
            sync()
            for name, (answer, code) in LISTINGS.items():
                with self.subTest(name), self.assertNoLogs():
                    bad.answers["/api/tags"] = answer
                    began = time.monotonic()
                    body = sync()
                    assert time.monotonic() - began < SECONDS + 1
                    assert (body["result"], body["unchanged"], body["retired"]) == ("partial", 1, 0)
                    assert [(f["host"], f["code"]) for f in body["failed"]] == [("bad", code)]
                    run = SyncRun.objects.filter(place="bad").first()
                    assert (run.state, run.failed) == ("failed", body["failed"])
                    assert TOKEN not in str((body, run.failed, Host.objects.get(name="bad").last_error))
            assert model("b:1").status == "available"

    def test_a_server_that_is_no_ollama_is_told_by_its_version(self):
        with NastyServer({"/api/version": nasty.json_reply({"hello": "world"})}) as server:
            only_host(server)
            (failed,) = sync()["failed"]
        assert (failed["code"], "does not answer like Ollama" in failed["message"]) == ("upstream_invalid", True)

    def test_an_empty_list_is_a_listing_and_retires(self):
        with OllamaServer(chat("a:1")) as server:
            only_host(server)
            sync()
            server.rows = []
            assert sync()["retired"] == 1


class NastyRowTests(TestCase):
    def listing_with(self, *wrong: Any) -> dict[str, Any]:
        """Sync a good model and one that will be missing; then a listing with wrong rows in its place."""
        with OllamaServer(chat("good:1"), chat("missing:1")) as server:
            only_host(server)
            sync()
            server.rows = [chat("good:1"), *wrong]
            return sync()

    def test_a_row_that_cannot_be_used_is_told_and_nothing_retires(self):
        wrong = [7, None, [], {}, chat("x" * 10_000), chat("a\0b"), chat("\ud800"), chat(":latest"), chat(""),
                 chat("no-digest:1", digest=None), chat("size:1", size=-1), row("caps:1", capabilities="tools"),
                 chat("details:1", details=[1]), {"name": 5}]  # fmt: skip
        body = self.listing_with(*wrong)
        assert (body["result"], body["unchanged"], body["retired"]) == ("partial", 1, 0)
        assert {f["code"] for f in body["failed"]} == {"invalid_row"}
        assert len(body["failed"]) == len(wrong)
        assert model("missing:1").status == "available"

    def test_of_very_many_wrong_rows_the_first_are_told(self):
        failed = self.listing_with(*range(5000))["failed"]
        assert len(failed) == 101
        assert failed[-1]["message"] == "4900 more rows that are not right"

    def test_odd_values_neither_reject_a_row_nor_break_the_database(self):
        odd = [
            chat("year-1:1", modified_at="0001-01-01T00:00:00Z"),
            chat("garbage-time:1", modified_at="yesterday"),
            chat("end-of-time:1", modified_at="9999-12-31T23:59:59-14:00"),
            chat("huge-lengths:1", details={"context_length": 2**70, "embedding_length": "x", "family": "\ud800a\0"}),
            chat("float:1", size=5.0),
            row("unknown-word:1", capabilities=["completion", "mind-reading", "\0", "x" * 900]),
            chat("deep:1", details={"parent_model": [[[[]]]], "families": {"a": 1}}),
        ]
        body = self.listing_with(*odd)
        assert (body["result"], body["created"], body["retired"]) == ("success", len(odd), 1)
        assert model("unknown-word:1").capabilities[0] == "mind_reading"
        assert model("float:1").size == 5

    def test_a_number_beyond_all_floats_is_no_size(self):
        with OllamaServer() as server:
            text = json.dumps({"models": [chat("a:1", size=0)]}).replace('"size": 0', '"size": 1e400')
            server.answers["/api/tags"] = nasty.reply(text.encode())
            only_host(server)
            assert sync()["failed"][0]["message"] == "a:1: size is not a number of bytes"

    def test_a_name_that_stands_twice_counts_once_whatever_the_order(self):
        twice = [chat("Twice:1", "x"), chat("twice:1", "y"), chat("same:1", "x"), chat("same:1", "y")]
        found = []
        for rows in (twice, twice[::-1]):
            UnifiedModel.objects.all().delete()
            body = self.listing_with(*rows)
            assert [f["message"].split(": ")[1] for f in body["failed"]] == ["the name stands twice in the listing"] * 2
            found.append(sorted(UnifiedModel.objects.values_list("name", "version")))
            assert body["created"] == 2
        assert found[0] == found[1]


@override_settings(UPSTREAM_TIMEOUT=SECONDS)
class NastyShowTests(TestCase):
    def test_a_show_that_fails_leaves_a_row_with_what_is_known(self):
        for name, answer, code in (
            ("an error", nasty.json_reply({"error": "cannot read"}, 500), "upstream_error"),
            ("HTML", nasty.html(200), "upstream_invalid"),
            ("a list", [1], "upstream_invalid"),
            ("a hang", nasty.hang, "upstream_timeout"),
        ):
            with self.subTest(name), OllamaServer(row("a:1"), row("b:1"), version="0.24.0") as server:
                UnifiedModel.objects.all().delete()
                server.shows["a:1"] = answer
                server.shows["b:1"] = show_of(["embedding"])
                only_host(server)
                body = sync()
                assert (body["result"], body["created"]) == ("partial", 2)
                assert [(f["code"], f["message"][:5]) for f in body["failed"]] == [(code, "a:1: ")]
                assert model("a:1").parameters["capabilities_guessed"] is True

    def test_a_show_that_failed_is_asked_again_and_one_that_answered_is_not(self):
        with OllamaServer(row("a:1"), row("b:1"), row("gone:1"), version="0.24.0") as server:
            server.shows["a:1"] = nasty.html(500)
            only_host(server)
            sync()
            server.rows.pop()
            server.shows["a:1"] = show_of(["completion", "tools"])
            body = sync()
            assert sorted(server.asked) == ["a:1", "a:1", "b:1", "gone:1"]
        # The row was kept, so the listing was whole: what is missing from it has vanished.
        assert (body["result"], body["updated"], body["retired"]) == ("success", 1, 1)
        assert model("a:1").category == "tools"

    def test_a_host_whose_shows_hang_is_left_after_a_few(self):
        with OllamaServer(*(row(f"m{i}:1") for i in range(40)), version="0.24.0") as server:
            server.answers["/api/show"] = nasty.hang
            only_host(server)
            began = time.monotonic()
            body = sync()
            assert time.monotonic() - began < 3 * SECONDS + 1
            assert len(server.paths("/api/show")) < 12
        assert (body["created"], len(body["failed"])) == (40, 40)

    def test_wrong_types_inside_a_show_count_as_not_told(self):
        wrong = {"model_info": [], "details": 5, "template": {}, "parameters": 7, "license": [None],
                 "capabilities": "x", "modelfile": None, "projector_info": 1}  # fmt: skip
        with OllamaServer(row("a:1"), version="0.24.0") as server:
            server.shows["a:1"] = wrong
            only_host(server)
            assert sync_host()["result"] == "success"

    def test_texts_that_no_database_can_hold_are_cleaned(self):
        with OllamaServer(row("a:1"), version="0.24.0") as server:
            server.shows["a:1"] = show_of(["completion"], license="a\0\ud800b", parameters='stop "\\x00\\ud800x"')
            only_host(server)
            sync()
        assert model("a:1").parameters["license"] == "ab"
        assert model("a:1").parameters["default_parameters"] == {"stop": ["x"]}
