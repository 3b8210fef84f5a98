"""What the gateway lists, what it counts, and who waits in line."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import requests
from django.test import override_settings

from tests.servers import wait_until
from tests.unified_app.gateway.gateway_case import GatewayCase
from tests.unified_app.gateway.upstreams import CHAT, LINES, OLLAMA, OPENAI, held, ollama_lines, streamed
from tests.unified_app.gateway.wire_source import LOCAL, StartedSource
from unified_app.errors import UpstreamUnreachable
from unified_app.gateway.reporter import Reporter
from unified_app.models import Alias, ModelServingConfig, ModelServingStatus, UnifiedModel


class ListTests(GatewayCase):
    def get(self, path: str) -> dict:
        return self.session.get(self.url + path, timeout=10).json()

    def setUp(self):
        super().setUp()
        self.model("acme/m:1", self.upstream({}), context_length=4096, capabilities=["text_generation", "vision"])
        self.model("hidden", self.upstream({}), hidden=True)
        self.model("old", self.upstream({}), status="retired")
        self.model("nowhere")
        Alias.objects.create(name="best", targets=["old_base", "nowhere_base", "acme_m_1_base"])
        Alias.objects.create(name="broken", targets=["no-such"])
        self.told()

    def test_openais_list_tells_more_than_openai(self):
        model, alias = self.get("/v1/models")["data"]
        assert (model["id"], model["object"], model["registry_id"]) == ("acme/m:1", "model", "acme_m_1_base")
        assert (model["context_length"], model["capabilities"]) == (4096, ["text_generation", "vision"])
        assert (model["state"], model["pricing"]) == ("ready", None)
        assert (alias["id"], alias["owned_by"], alias["registry_id"]) == ("best", "alias", "acme_m_1_base")

    def test_one_model_is_told_by_any_of_its_names(self):
        for called in ("acme/m:1", "acme%2Fm:1", "acme_m_1_base", "ACME/M:1"):
            assert self.get(f"/v1/models/{called}")["id"] == "acme/m:1"
        assert self.get("/v1/models/best")["id"] == "best"

    def test_ollamas_lists_have_its_shape(self):
        row = self.get("/ollama/api/tags")["models"][0]
        assert {"name", "model", "modified_at", "size", "digest", "details"} <= row.keys()
        assert (row["name"], row["capabilities"]) == ("acme/m:1", ["completion", "vision"])
        assert self.get("/ollama/api/ps") == {"models": []}
        assert self.get("/ollama/api/version")["version"]


class QueueTests(GatewayCase):
    def setUp(self):
        super().setUp()
        self.released = threading.Event()
        self.addCleanup(self.released.set)
        self.server = self.upstream({CHAT: held(self.released, OPENAI)})
        row = self.model("m", self.server)
        ModelServingConfig.objects.create(model=row, max_concurrent_requests=2, max_queue=2)
        self.told()
        self.pool = ThreadPoolExecutor(8)

    def call(self) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.key}"}
        body = {"model": "m", "messages": []}
        return requests.post(self.url + "/v1/chat/completions", json=body, headers=headers, timeout=20)

    def test_beyond_the_queue_is_429_and_everybody_else_is_served(self):
        calls = [self.pool.submit(self.call) for _ in range(4)]
        wait_until(lambda: self.gateway.load.queued("m_base") == 2, 5, "two wait")
        refused = self.call()
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limit_exceeded")
        assert refused.headers["retry-after"] == "1"
        self.released.set()
        assert [call.result().status_code for call in calls] == [200] * 4
        assert self.server.most_at_once == 2
        self.idle()

    def test_a_model_with_all_places_taken_is_busy_meanwhile(self):
        status = lambda: UnifiedModel.objects.get().status  # noqa: E731
        calls = [self.pool.submit(self.call) for _ in range(3)]
        wait_until(lambda: status() == "busy", 4, "the model is busy")
        assert ModelServingStatus.objects.get().concurrent_requests == 2
        self.released.set()
        wait_until(lambda: status() == "available", 4, "the model is available")
        wait_until(lambda: ModelServingStatus.objects.get().total_requests == 3, 4, "the calls are counted")
        assert ModelServingStatus.objects.get().concurrent_requests == 0
        assert all(call.result().ok for call in calls)

    def test_the_least_busy_placement_is_asked_first(self):
        second = self.upstream({CHAT: held(self.released, OPENAI)})
        self.model("pair", self.server, second)
        calls = [self.pool.submit(self.chat, "pair") for _ in range(6)]
        wait_until(lambda: len(self.server.requests) + len(second.requests) == 6, 5, "all have arrived")
        assert len(self.server.requests) == len(second.requests) == 3
        self.released.set()
        assert {call.result().headers["x-registry-route"] for call in calls} == {"least-busy"}

    def test_counts_are_told_once_however_often_they_are_reported(self):
        self.released.set()
        self.chat("m")
        reporter = Reporter(self.gateway.load)
        self.addCleanup(lambda: ModelServingStatus.objects.all().delete())
        wait_until(lambda: ModelServingStatus.objects.filter(total_requests=1).exists(), 4, "it is counted")
        reporter._told_requests = +self.gateway.load.requests
        reporter.report()
        assert ModelServingStatus.objects.get().total_requests == 1


@override_settings(MODEL_SOURCES=LOCAL)
class StartTests(GatewayCase):
    def setUp(self):
        super().setUp()
        StartedSource.starts.clear()
        self.server = self.upstream({"/api/chat": OLLAMA, "/api/generate": streamed(ollama_lines("a"), LINES)})
        self.model("m", self.server, protocol="ollama")

    def test_the_first_calls_start_a_model_once_and_wait_for_it(self):
        with ThreadPoolExecutor(6) as pool:
            told = list(pool.map(lambda _: self.ollama("m", stream=False).status_code, range(6)))
        assert (told, StartedSource.starts) == ([200] * 6, ["host1"])
        wait_until(lambda: self.gateway.holder.current.models["m_base"].state == "ready", 2, "it is known as ready")
        assert self.ollama("m", stream=False, keep_alive=0).status_code == 200
        assert self.server.paths("/api/chat")[-1].json()["keep_alive"] == -1
        assert StartedSource.starts == ["host1"]

    def test_unloading_a_served_model_is_said_but_not_done(self):
        self.ollama("m", stream=False)
        told = self.post("/ollama/api/generate", {"model": "m", "keep_alive": 0}).json()
        assert (told["done"], told["done_reason"]) == (True, "unload")
        assert self.server.paths("/api/generate") == []

    @override_settings(AUTOSTART=False)
    def test_without_autostart_a_stopped_model_is_409_and_says_how_to_start_it(self):
        for told in (self.chat("m", num_ctx=9), self.ollama("m", stream=False)):
            assert told.status_code == 409 and "/api/models/m_base/serve" in told.text
        assert StartedSource.starts == []

    def test_what_keeps_it_from_starting_is_told(self):
        def refuse(placement: object, *, timeout: float = 0) -> None:
            raise UpstreamUnreachable("no route")

        original = StartedSource.start
        StartedSource.start = refuse
        try:
            told = self.chat("m")
        finally:
            StartedSource.start = original
        assert (told.status_code, told.json()["error"]["code"]) == (503, "upstream_unreachable")
        self.idle()

    def test_show_does_not_start_a_model(self):
        self.server.answers["/api/show"] = OLLAMA
        assert self.post("/ollama/api/show", {"model": "m"}).status_code == 200
        assert StartedSource.starts == []
