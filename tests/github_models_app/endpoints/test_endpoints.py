from __future__ import annotations

import pytest
from django.test import TestCase, override_settings

from github_models_app.endpoints import endpoints
from github_models_app.endpoints.addresses import api_base, key_variable, root
from github_models_app.endpoints.models import Endpoint
from tests.github_models_app.endpoints.endpoint_server import MARK, EndpointServer, endpoint, model, models, sync
from unified_app.errors import Conflict, InvalidInput
from unified_app.models import HistoryEntry, Placement, RegistryEpoch


class AddressTests(TestCase):
    def test_the_base_of_the_api_is_found_with_and_without_its_version(self):
        for typed, base, before in (
            ("http://gpu1:8000", "http://gpu1:8000/v1", "http://gpu1:8000"),
            ("http://gpu1:8000/v1", "http://gpu1:8000/v1", "http://gpu1:8000"),
            ("https://x.example/proxy", "https://x.example/proxy/v1", "https://x.example/proxy"),
            ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1", "https://openrouter.ai/api"),
            ("https://a.example/openai/v1", "https://a.example/openai/v1", "https://a.example/openai"),
            ("https://g.example/v1beta/openai", "https://g.example/v1beta/openai", "https://g.example"),
            ("http://v1:8000", "http://v1:8000/v1", "http://v1:8000"),
            ("https://x.example/v1-models", "https://x.example/v1-models/v1", "https://x.example/v1-models"),
        ):
            with self.subTest(typed):
                assert (api_base(typed), root(api_base(typed))) == (base, before)

    def test_the_variable_of_a_key_has_capitals_and_underscores(self):
        assert key_variable("my-gpu.2") == "OPENAI_ENDPOINT_MY_GPU_2_KEY"


class SavingTests(TestCase):
    def test_what_is_wrong_is_told_by_the_words_of_the_api(self):
        for fields, wrong in (
            ({"name": "a b"}, "name"),
            ({"name": "a/b"}, "name"),
            ({"url": "ftp://x"}, "base_url"),
            ({"url": "http://169.254.169.254/v1"}, "base_url"),
            ({"url": "http://metadata.google.internal"}, "base_url"),
            ({"timeout": 0}, "timeout"),
            ({"rate_limit_per_minute": 0}, "rate_limit_per_minute"),
            ({"token": "two words"}, "key"),
            ({"headers": {"a": "b\r\nc: d"}}, "headers"),
        ):
            with self.subTest(fields), pytest.raises(InvalidInput) as caught:
                endpoint(**{"url": "http://x", **fields})
            assert list(caught.value.details) == [wrong]

    def test_headers_that_belong_to_the_call_or_to_no_header_are_refused_and_values_never_repeated(self):
        for name, value in (
            ("Host", MARK), ("content-LENGTH", MARK), ("Transfer-Encoding", MARK), ("Connection", MARK),
            ("a b", MARK), ("", MARK), ("x:y", MARK), ("x", f"{MARK}\n"), ("x", f"{MARK}\0"), ("x", f"ü{MARK}"),
            ("x", MARK * 1000), ("x", 5),
        ):  # fmt: skip
            with self.subTest(name), pytest.raises(InvalidInput) as caught:
                endpoint("http://x", headers={name: value})
            assert MARK not in f"{caught.value.details}{caught.value.message}"
        endpoint("http://x", headers={"Authorization": "Basic abc", "api-key": MARK})

    def test_one_address_with_two_keys_is_two_endpoints_and_with_one_key_it_is_a_twin(self):
        endpoint("http://gpu1:8000", "one", token="a")
        endpoint("http://gpu1:8000/v1", "two", token="b")
        endpoint("http://GPU1:8000", "three", headers={"api-key": "a"})
        with pytest.raises(InvalidInput) as caught:
            endpoint("http://gpu1:8000/v1", "four", token="a")
        assert "'one' has this address with the same key already" in caught.value.message
        endpoint("http://gpu1:8000/v1", "off", token="a", enabled=False)

    def test_another_server_is_not_sent_what_was_entered_for_the_first(self):
        row = endpoint("http://gpu1:8000", token=MARK, headers={"api-key": MARK})
        row.url = "http://gpu1:8000/v1"
        assert endpoints.save_endpoint(row, by="ada").has_token
        row.url = "http://evil.example"
        endpoints.save_endpoint(row, by="ada")
        row.refresh_from_db()
        assert (row.has_token, row.has_headers) == (False, False)

    def test_secrets_are_kept_set_again_and_cleared_and_the_history_says_only_that(self):
        row = endpoint("http://x", token=MARK, headers={"api-key": MARK})
        endpoints.save_endpoint(row, by="ada", token="other", headers={})
        endpoints.save_endpoint(row, by="ada", token="")
        told = HistoryEntry.objects.filter(field__in=["key", "headers"]).values_list("field", "old", "new")
        assert sorted(told) == [
            ("headers", "not set", "set"),
            ("headers", "set", "not set"),
            ("key", "not set", "set"),
            ("key", "set", "not set"),
            ("key", "set", "set again"),
        ]
        assert MARK not in str(list(HistoryEntry.objects.values()))

    def test_secrets_of_another_secret_key_are_an_error_that_says_so_and_do_not_stop_others(self):
        with EndpointServer("a") as server:
            row = endpoint(server.url, token=MARK, headers={"api-key": MARK})
            with override_settings(SECRET_KEY="another"):
                outcome = endpoints.test_connection(Endpoint.objects.get())
                assert (outcome.code, row.header_names) == ("conflict", [])
                assert sync()["failed"][0]["code"] == "conflict"
                endpoint(server.url, "second")
                assert sync("second")["result"] == "success"


class RenamingTests(TestCase):
    def setUp(self):
        self.server = self.enterContext(EndpointServer("a", "team/b"))
        self.endpoint = endpoint(self.server.url)
        sync()

    def rename(self, name: str) -> None:
        self.endpoint.name = name
        endpoints.save_endpoint(self.endpoint, by="ada")

    def test_models_and_placements_follow_and_ids_stay(self):
        ids = {row.pk for row in models().values()}
        epoch = RegistryEpoch.current()
        self.rename("Near")
        assert {row.name: row.name_key for row in models().values()} == {
            "Near/a": "near/a",
            "Near/team/b": "near/team/b",
        }
        assert {row.pk for row in models().values()} == ids
        assert set(Placement.objects.values_list("place", flat=True)) == {"Near"}
        assert RegistryEpoch.current() > epoch
        body = sync("Near")
        assert (body["created"], body["retired"], body["unchanged"]) == (0, 0, 2)
        assert HistoryEntry.objects.filter(kind="model", field="name", old="far/a", new="Near/a").exists()

    def test_a_model_that_had_vanished_follows_too_and_comes_back_under_the_new_name(self):
        del self.server.answers["/v1/models"]
        self.server.answers["/v1/models"] = EndpointServer("a").answers["/v1/models"]
        sync()
        gone = model("far/team/b").pk
        self.rename("near")
        self.server.answers["/v1/models"] = EndpointServer("a", "team/b").answers["/v1/models"]
        assert sync("near")["created"] == 0
        assert model("near/team/b").pk == gone

    def test_a_name_under_which_a_model_was_known_before_is_refused(self):
        with EndpointServer("a") as other:
            before = endpoint(other.url, "near")
            sync("near")
        endpoints.delete_endpoint(before, by="ada")
        with pytest.raises(InvalidInput) as caught:
            self.rename("near")
        assert "near/a" in caught.value.details["name"][0]
        assert Endpoint.objects.get().name == "far"
        assert model("far/a").placements.get().place == "far"

    def test_an_endpoint_renamed_while_it_is_read_is_not_written_under_its_old_name(self):
        from github_models_app.endpoints.source import EndpointSource

        source = EndpointSource("far")
        self.rename("near")
        with pytest.raises(Conflict):
            source.record_reading()


class EndTests(TestCase):
    def test_disabling_and_deleting_retire_its_models(self):
        with EndpointServer("a") as server:
            row = endpoint(server.url)
            sync()
            row.enabled = False
            endpoints.save_endpoint(row, by="ada")
            assert model("far/a").retired_reason == "endpoint far is disabled"
            row.enabled = True
            endpoints.save_endpoint(row, by="ada")
            sync()
            assert model("far/a").status == "available"
            endpoints.delete_endpoint(row, by="ada")
        assert model("far/a").retired_reason == "endpoint far was deleted by ada"
