from __future__ import annotations

import json
import time
from typing import Any

from django.test import SimpleTestCase, TestCase, override_settings

from github_models_app.endpoints.listings.reading import read_listing
from github_models_app.endpoints.model_loader import to_unified
from github_models_app.endpoints.models import Endpoint
from tests import nasty_server as nasty
from tests.github_models_app.endpoints.endpoint_server import (
    MARK,
    EndpointServer,
    RecordedServer,
    endpoint,
    listing,
    model,
    models,
    sync,
)
from unified_app.models import SyncRun

SECONDS = 0.7
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LISTINGS: dict[str, tuple[nasty.Answer, str]] = {
    "garbage": (nasty.raw_and_close(b"\x00\xff\xfe" * 50 + b"\r\n\r\n"), "upstream_invalid"),
    "HTML with 200": (nasty.html(200), "upstream_invalid"),
    "HTML with 500": (nasty.html(500), "upstream_error"),
    "JSON with 500": (nasty.json_reply({"error": {"message": f"no store, {MARK}"}}, 500), "upstream_error"),
    "401": (nasty.json_reply({"error": {"message": f"Incorrect API key provided: {MARK}"}}, 401), "upstream_error"),
    "403 and nothing": (nasty.reply(b"", 403), "upstream_error"),
    "404": (nasty.not_found, "upstream_error"),
    "a redirect to the metadata": (nasty.redirect("http://169.254.169.254/latest/meta-data"), "upstream_refused"),
    "a redirect to itself": (nasty.redirect("/v1/models"), "upstream_refused"),
    "hangs": (nasty.hang, "upstream_timeout"),
    "one byte at a time": (nasty.drip(b" ", at_once=HEAD + b"\r\n"), "upstream_timeout"),
    "closes early": (nasty.raw_and_close(HEAD + b'Content-Length: 99\r\n\r\n{"data": []}'), "upstream_invalid"),
    "closes at once": (nasty.raw_and_close(b""), "upstream_unreachable"),
    "a gigabyte by its header": (nasty.raw(HEAD + b"Content-Length: 1073741824\r\n\r\n"), "upstream_invalid"),
    "8 MB": (nasty.huge(8, with_length=False), "upstream_invalid"),
    "a gzip bomb": (nasty.gzip_bomb(16), "upstream_invalid"),
    "text": (nasty.json_reply("models"), "upstream_invalid"),
    "no data": (nasty.json_reply({"models": []}), "upstream_invalid"),
    "data an object": (nasty.json_reply({"object": "list", "data": {"id": "a"}}), "upstream_invalid"),
    "NaN": (nasty.reply(b'{"data": [{"id": NaN}]}'), "upstream_invalid"),
    "deep": (nasty.reply(b'{"data": ' + b"[" * 100_000), "upstream_invalid"),
}

# All that any reader looks at in a row.
FIELDS = [
    "architecture", "canonical_slug", "capabilities", "context_length", "created", "created_at", "deprecation",
    "description", "digest", "lifecycle_status", "max_model_len", "meta", "name", "parent", "pricing", "registry_id",
    "root", "state", "status", "supported_parameters", "top_provider", "version",
]  # fmt: skip


@override_settings(UPSTREAM_TIMEOUT=SECONDS, UPSTREAM_MAX_MB=4)
class NastyListingTests(TestCase):
    def test_a_listing_that_cannot_be_read_is_a_typed_error_in_time_and_retires_nothing(self):
        with EndpointServer("a") as server:
            endpoint(server.url, token=MARK)
            sync()
            for name, (answer, code) in LISTINGS.items():
                with self.subTest(name), self.assertNoLogs():
                    server.answers["/v1/models"] = answer
                    began = time.monotonic()
                    body = sync()
                    assert time.monotonic() - began < SECONDS + 1
                    assert (body["result"], body["retired"]) == ("failed", 0)
                    assert [(f["source"], f["host"], f["code"]) for f in body["failed"]] == [("external", "far", code)]
                    found = Endpoint.objects.get()
                    assert found.state == "down"
                    assert MARK not in str((body, SyncRun.objects.first().failed, found.last_error))
            assert model("far/a").status == "available"

    def test_a_wrong_key_is_told_as_such(self):
        with EndpointServer() as server:
            server.answers["/v1/models"] = nasty.json_reply({"error": {"message": "nope"}}, 401)
            endpoint(server.url)
            assert sync()["failed"][0]["message"] == "It answered 401: the key is missing or wrong."

    def test_a_server_without_a_listing_says_what_to_do(self):
        with EndpointServer() as server:
            server.answers["/v1/models"] = nasty.not_found
            endpoint(server.url)
            assert "type the names of the models in" in sync()["failed"][0]["message"]

    def test_what_a_kind_of_server_is_asked_beside_may_be_as_nasty(self):
        for name, (answer, _) in LISTINGS.items():
            with self.subTest(name), RecordedServer("lm_studio") as server:
                Endpoint.objects.all().delete()
                server.answers["/api/v0/models"] = answer
                endpoint(server.base)
                assert sync()["result"] == "success"


class NastyRowTests(TestCase):
    def rows(self, *rows: Any) -> dict[str, Any]:
        with EndpointServer() as server:
            server.answers["/v1/models"] = nasty.json_reply({"object": "list", "data": list(rows)})
            endpoint(server.url)
            return sync()

    def test_rows_that_are_not_right_are_told_and_the_others_are_kept(self):
        wrong = [None, 7, "a", [], {}, {"id": None}, {"id": 5}, {"id": ""}, {"id": " a"}, {"id": "x" * 401}]
        wrong += [{"id": "a\nb"}, {"id": "a\0b"}, {"id": "\ud800"}, {"id": ":latest"}]
        body = self.rows(*wrong, {"id": "good"})
        assert (body["result"], body["created"]) == ("partial", 1)
        assert {failure["code"] for failure in body["failed"]} == {"invalid_row"}
        assert len(body["failed"]) == len(wrong)

    def test_an_id_that_stands_twice_is_taken_once_and_the_listing_still_counts_as_whole(self):
        with EndpointServer("a", "b", "A", "a:latest") as server:
            endpoint(server.url)
            body = sync()
            assert (body["created"], len(body["failed"])) == (2, 2)
            server.answers["/v1/models"] = nasty.json_reply(listing("a", "a"))
            assert sync()["retired"] == 1

    def test_a_row_that_is_not_right_may_hide_a_model_so_nothing_is_retired(self):
        with EndpointServer("a", "b") as server:
            endpoint(server.url)
            sync()
            server.answers["/v1/models"] = nasty.json_reply({"data": [{"id": "a"}, {"id": 5}]})
            assert sync()["retired"] == 0

    def test_long_texts_are_cut_and_what_no_database_holds_is_left_out(self):
        self.rows({"id": "a", "description": "d\0\ud800" * 100_000, "capabilities": {"vision": True}})
        found = models()["a"]
        assert (len(found.description), "\0" in found.description) == (4_000, False)


class WrongTypeTests(SimpleTestCase):
    def test_wrong_types_in_a_row_count_as_not_told(self):
        wrongs = (None, 5, -1, 1e400, True, "x", [], {}, [[]], {"a": None}, "-1", "1e-999999", "9" * 50)
        kinds = ({}, {"architecture": {}, "top_provider": None}, {"registry_id": "x"}, {"capabilities": {}})
        for wrong in wrongs:
            for owner in ("vllm", "llamacpp", "organization_owner", "system", wrong):
                for kind in kinds:
                    with self.subTest(wrong=wrong, owner=owner, kind=kind):
                        row = {**dict.fromkeys(FIELDS, wrong), "owned_by": owner, **kind, "id": "gpt-1"}
                        told = read_listing({"data": [row]}, Repeating(wrong))
                        found = to_unified("a", told.models["gpt-1"], endpoint="far", base="http://x/v1", credential="")
                        json.dumps(found.to_dict(), allow_nan=False)
                        assert found.context_length is None or found.context_length > 0


class Repeating:
    """A server that answers everything beside the listing with the same."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def told_beside(self, path: str) -> Any:
        return {"data": [{"id": "gpt-1", "model_name": "gpt-1", "type": self.answer, "model_info": self.answer}]}

    told_in_api = told_beside
