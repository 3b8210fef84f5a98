from __future__ import annotations

from unittest import mock

import pytest
from django.test import TestCase

from ollama_app import serving
from ollama_app.models import DigestFacts, Host
from ollama_app.source import OllamaSource
from tests.nasty_server import hang, json_reply
from tests.ollama_app.ollama_server import chat, model, only_host, row, run_details, sync
from tests.ollama_app.serving_server import ServingServer
from unified_app.errors import RegistryError, UpstreamError, UpstreamTimeout
from unified_app.models import Placement
from unified_app.registry_manager import UnifiedRegistryManager
from unified_app.serving import health
from unified_app.serving_interface import ModelServingInterface
from unified_app.sources import Upstream

EMBEDDER = row("embed:1", capabilities=["embedding"])
CLOUD = chat("big:cloud", remote_host="https://ollama.com:443", remote_model="big")
TWINS = {"a:1": "one file", "a:latest": "one file"}


def placed(name: str) -> Placement:
    return Placement.objects.get(upstream_name=name)


class LoadTests(TestCase):
    def setUp(self):
        rows = (chat("a:1"), chat("a:latest", "another manifest"), chat("b:1"), EMBEDDER, CLOUD)
        self.server = self.enterContext(ServingServer(*rows, files=TWINS))
        self.host = only_host(self.server)
        sync()
        run_details()
        self.serving = ModelServingInterface(UnifiedRegistryManager(by="ann"))

    def test_a_chat_model_is_loaded_by_generate_without_a_prompt_to_stay(self):
        self.serving.serve_model("a:1")
        assert self.server.bodies == [("/api/generate", {"model": "a:1", "keep_alive": -1, "stream": False})]
        assert self.serving.get_serving_status("a:1")["placement"] == "gpu1/a:1"

    def test_an_embedding_model_is_loaded_by_embed_without_input(self):
        self.serving.serve_model("embed:1")
        assert self.server.bodies == [("/api/embed", {"model": "embed:1", "keep_alive": -1, "stream": False})]
        assert self.serving.stop_serving("embed:1")
        assert self.server.names == []

    def test_an_embedding_model_that_nobody_knows_for_one_is_loaded_all_the_same(self):
        placement = placed("embed:1")
        placement.facts["capabilities"] = None
        placement.save()
        self.serving.serve_model("embed:1")
        assert [path for path, _ in self.server.bodies] == ["/api/generate", "/api/embed"]

    def test_a_cloud_model_is_ready_and_its_host_is_not_asked(self):
        self.serving.serve_model("big:cloud")
        assert self.serving.get_serving_status("big:cloud")["state"] == "ready"
        assert self.serving.stop_serving("big:cloud")
        assert self.server.bodies == []

    def test_two_names_of_one_file_share_a_runner_and_the_last_one_unloads_it(self):
        for name in TWINS:
            self.serving.serve_model(name)
        assert self.server.names == ["a:1"]
        self.serving.stop_serving("a:1")
        assert self.server.names == ["a:1"]
        assert self.serving.health_check("a:latest")
        self.serving.stop_serving("a:latest")
        assert self.server.names == []
        assert self.server.sent() == [("a:1", -1), ("a:latest", -1), ("a:latest", 0)]

    def test_an_unload_by_somebody_else_is_seen_as_evicted(self):
        self.serving.serve_model("a:1")
        self.serving.serve_model("b:1")
        self.server.loaded.pop(self.server.files["a:1"])
        assert self.serving.health_check("a:1") is False
        assert self.serving.get_serving_status("a:1")["reason"] == "evicted by host"
        assert self.serving.health_check("b:1") is True

    def test_one_ps_is_asked_for_all_models_of_a_host(self):
        for name in ("a:1", "b:1", "embed:1"):
            self.serving.serve_model(name)
        before = len(self.server.paths("/api/ps"))
        health.look_at(health.ModelServingStatus.objects.told())
        assert len(self.server.paths("/api/ps")) == before + 1

    def test_a_model_deleted_on_its_host_while_loaded_is_unloaded_by_another_name_of_its_file(self):
        self.serving.serve_model("a:1")
        self.server.rows = [r for r in self.server.rows if r["name"] != "a:1"]
        self.serving.stop_serving("a:1")
        assert self.server.names == []
        assert self.server.sent()[-2:] == [("a:1", 0), ("a:latest", 0)]

    def test_a_runner_under_a_deleted_name_that_nobody_knew_is_known_by_what_its_file_holds(self):
        ghost = {**self.server.rows[0], "name": "ghost:1", "model": "ghost:1", "digest": "f" * 64}
        self.server.loaded[self.server.files["a:1"]] = ghost
        self.serving.serve_model("a:1")
        assert self.server.names == ["ghost:1"]
        assert self.serving.health_check("a:1") is True
        other = {**ghost, "details": {**ghost["details"], "family": "another"}}
        self.server.loaded[self.server.files["a:1"]] = other
        assert self.serving.health_check("a:1") is False

    def test_a_model_that_nobody_showed_yet_is_known_under_another_name_of_its_file(self):
        self.serving.serve_model("a:1")
        placement = placed("a:latest")
        placement.facts["parameters"].pop("weights_digest")
        placement.save()
        assert self.serving.serve_model("a:latest")
        assert self.server.names == ["a:1"]


class FailureTests(TestCase):
    def setUp(self):
        self.server = self.enterContext(ServingServer(chat("a:1")))
        self.host = only_host(self.server)
        sync()
        self.placement = placed("a:1")

    def test_the_server_s_own_words_are_told(self):
        self.server.answers["/api/generate"] = json_reply({"error": "llama runner process has terminated"}, 500)
        with pytest.raises(RegistryError, match="upstream_error at gpu1: It answered 500: llama runner process"):
            ModelServingInterface(UnifiedRegistryManager()).serve_model("a:1")

    def test_a_load_that_takes_longer_than_its_time_out_is_an_error(self):
        self.server.answers["/api/generate"] = hang
        with pytest.raises(UpstreamTimeout):
            OllamaSource.start(self.placement, timeout=0.3)

    def test_a_load_that_ps_does_not_confirm_is_an_error(self):
        self.server.answers["/api/ps"] = json_reply({"models": []})
        with pytest.raises(UpstreamError, match="does not list it as loaded"):
            OllamaSource.start(self.placement)

    def test_a_dead_disabled_or_odd_host_is_failed_with_its_code(self):
        for break_it, code in (
            (lambda: self.server.answers.update({"/api/ps": json_reply([])}), "upstream_invalid"),
            (lambda: Host.objects.update(url="http://127.0.0.1:9"), "upstream_unreachable"),
            (lambda: Host.objects.update(enabled=False), "no_placement"),
        ):
            break_it()
            seen = OllamaSource.health(self.placement)
            assert (seen.state, seen.code) == ("failed", code)
            assert seen.reason.startswith(f"{code} at gpu1: ")

    def test_a_model_that_is_busy_is_stopped_for_us_and_unloads_later(self):
        OllamaSource.start(self.placement)
        loaded = dict(self.server.loaded)
        self.server.answers["/api/ps"] = json_reply({"models": list(loaded.values())})
        with mock.patch.object(serving, "UNLOAD_SECONDS", 0.2):
            assert OllamaSource.stop(self.placement).reason == "its host unloads it when the last open call ends"

    def test_a_row_of_ps_that_is_none_harms_no_other(self):
        rows = [None, 7, {"name": 5, "digest": []}, {"name": "A:1", "digest": "?"}]
        self.server.answers["/api/ps"] = json_reply({"models": rows})
        assert OllamaSource.health(self.placement).state == "ready"


class RouteTests(TestCase):
    def setUp(self):
        self.server = self.enterContext(ServingServer(chat("a:1"), chat("b:1")))
        self.host = only_host(self.server, token="s3cret")
        sync()

    def routes(self) -> dict[int, Upstream]:
        return OllamaSource.routes(list(Placement.objects.all()))

    def test_every_placement_has_the_address_name_and_token_of_its_host(self):
        headers = {"Authorization": "Bearer s3cret"}
        assert self.routes()[placed("b:1").pk] == Upstream(self.server.url, headers, "ollama", "b:1")

    def test_it_takes_one_query_however_many_hosts_there_are(self):
        Host.objects.create(name="two", url="http://127.0.0.1:9")
        Placement.objects.create(
            **{
                **{f: getattr(placed("a:1"), f) for f in ("source", "base_url", "protocol", "first_seen", "last_seen")},
                "model": model("a:1"),
                "place": "two",
                "upstream_name": "a:1",
            }
        )
        placements = list(Placement.objects.all())
        with self.assertNumQueries(1):
            assert len(OllamaSource.routes(placements)) == 3

    def test_a_host_that_is_disabled_or_whose_token_cannot_be_read_is_left_out(self):
        Host.objects.update(enabled=False)
        assert self.routes() == {}
        Host.objects.update(enabled=True, sealed_token="nonsense")
        assert self.routes() == {}

    def test_the_runner_is_the_file_and_until_it_is_known_the_digest(self):
        assert OllamaSource.runner_of(placed("a:1")) == placed("a:1").digest
        run_details()
        assert DigestFacts.objects.get(digest=placed("a:1").digest).facts["weights"] == self.server.files["a:1"]
        assert OllamaSource.runner_of(placed("a:1")) == self.server.files["a:1"]
