from __future__ import annotations

import pytest
from django.test import TestCase

from github_models_app.endpoints import endpoints
from github_models_app.endpoints.models import Endpoint
from tests import nasty_server as nasty
from tests.github_models_app.endpoints.endpoint_server import EndpointServer, RecordedServer, endpoint, models, sync
from unified_app.errors import InvalidInput


class TypedModelTests(TestCase):
    def test_exactly_the_typed_models_are_registered_with_what_the_listing_tells_of_them(self):
        with RecordedServer("open_router") as server:
            endpoint(server.base, models=["google/gemini-2.5-pro", "not-listed"])
            assert sync()["result"] == "success"
        found = models()
        assert set(found) == {"google/gemini-2.5-pro", "not-listed"}
        assert found["google/gemini-2.5-pro"].context_length == 1048576
        assert (found["not-listed"].category, found["not-listed"].parameters) == ("external", {})

    def test_a_server_without_a_listing_needs_none(self):
        for status in (404, 405, 501):
            with self.subTest(status), EndpointServer() as server:
                Endpoint.objects.all().delete()
                server.answers["/v1/models"] = nasty.reply(b"", status)
                row = endpoint(server.url, models=["a"])
                assert (sync()["result"], set(models())) == ("success", {"a"})
                assert endpoints.test_connection(row).models == 1

    def test_a_server_that_is_away_or_broken_is_an_error_all_the_same(self):
        endpoint("http://127.0.0.1:9", models=["a"])
        assert sync()["failed"][0]["code"] == "upstream_unreachable"
        with EndpointServer() as server:
            server.answers["/v1/models"] = nasty.html(200)
            endpoint(server.url, "other", models=["a"])
            assert sync("other")["failed"][0]["code"] == "upstream_invalid"

    def test_rows_that_are_not_right_are_no_news_then(self):
        with EndpointServer() as server:
            server.answers["/v1/models"] = nasty.json_reply({"data": [{"id": 5}, {"id": "a"}]})
            endpoint(server.url, models=["a"])
            assert (sync()["result"], set(models())) == ("success", {"a"})

    def test_a_listing_that_is_too_long_is_refused_unless_names_are_typed_in(self):
        rows = [{"id": f"m{number}"} for number in range(10_001)]
        with EndpointServer() as server:
            server.answers["/v1/models"] = nasty.json_reply({"data": rows})
            row = endpoint(server.url)
            assert sync()["failed"][0]["code"] == "upstream_invalid"
            assert "more than 10,000 models" in endpoints.test_connection(row).message
            row.models = ["m10000"]
            endpoints.save_endpoint(row, by="ada")
            assert (sync()["result"], set(models())) == ("success", {"m10000"})

    def test_a_name_that_is_taken_out_is_retired(self):
        with EndpointServer("a", "b") as server:
            row = endpoint(server.url, models=["a", "b"])
            sync()
            row.models = ["a"]
            endpoints.save_endpoint(row, by="ada")
            assert sync()["retired"] == 1

    def test_a_test_names_what_the_server_does_not_list(self):
        with EndpointServer("a") as server:
            outcome = endpoints.test_connection(endpoint(server.url, models=["A", "typo"]))
        assert (
            outcome.message == "The server answers; 2 models are typed in, of which it does not list 1, such as 'typo'."
        )

    def test_names_that_no_call_can_carry_are_refused(self):
        for wrong in (
            "a",
            [5],
            ["a", "A"],
            ["a", "a:latest"],
            [" a"],
            [""],
            ["a\nb"],
            ["x" * 401],
            [str(n) for n in range(1001)],
        ):
            with self.subTest(str(wrong)[:20]), pytest.raises(InvalidInput) as caught:
                endpoint("http://x", models=wrong)
            assert list(caught.value.details) == ["models"]
