"""Calling any model through the API: OpenAI's object comes back, errors have the API's shape."""

from __future__ import annotations

import json
import threading
import time
from typing import Any
from unittest import mock

from django.core.cache import cache
from django.test import override_settings
from rest_framework.test import APIClient
from rest_framework.throttling import ScopedRateThrottle

from tests.nasty_server import hang, html, json_reply
from tests.unified_app.gateway.gateway_case import HELLO, GatewayCase
from tests.unified_app.gateway.paced_source import PACED, PacedSource, RecordingPace
from tests.unified_app.gateway.upstreams import CHAT, OLLAMA, OPENAI, held, openai_chat
from tests.unified_app.gateway.wire_source import LOCAL, StartedSource
from unified_app.gateway import inside
from unified_app.gateway.app import Gateway
from unified_app.keys import create_key
from unified_app.models import Alias, ModelServingConfig

CHAT_BODY = {"messages": HELLO}


class InferenceCase(GatewayCase):
    def setUp(self):
        super().setUp()
        cache.clear()
        self.api = APIClient()
        self.api.credentials(HTTP_AUTHORIZATION=f"Bearer {self.key}")

    def infer(self, model: str, body: Any = CHAT_BODY, **headers: str) -> Any:
        return self.api.post(f"/api/models/{model}/inference", body, format="json", headers=headers)

    def error(self, answer: Any, status: int) -> dict[str, Any]:
        assert answer.status_code == status, answer.content
        assert list(answer.json()) == ["error"]
        return answer.json()["error"]


class AnswerTests(InferenceCase):
    def test_a_chat_is_answered_with_openais_object_and_our_headers(self):
        server = self.upstream({CHAT: OPENAI})
        self.model("acme/m:1", server)
        told = self.infer("acme/m:1", {**CHAT_BODY, "temperature": 0.5, "stream": False}, **{"X-Request-ID": "mine-1"})
        assert (told.status_code, told.json()) == (200, openai_chat())
        assert told["content-type"] == "application/json"
        assert (told["x-request-id"], told["x-registry-model"]) == ("mine-1", "acme_m_1_base")
        assert told["x-registry-placement"] == "host1/up-acme/m:1"
        assert server.paths(CHAT)[0].json() == {
            "messages": HELLO,
            "temperature": 0.5,
            "stream": False,
            "model": "up-acme/m:1",
        }

    def test_an_id_an_alias_and_a_name_are_called_alike(self):
        self.model("m", self.upstream({CHAT: OPENAI}))
        Alias.objects.create(name="best", targets=["m_base"])
        self.told()
        assert [self.infer(called).status_code for called in ("m_base", "best", "M")] == [200, 200, 200]

    def test_embeddings_and_completions_have_their_own_field(self):
        reply = json_reply({"object": "list", "data": []})
        server = self.upstream({"/embeddings": reply, "/completions": reply})
        self.model("m", server)
        for body, path in (({"input": ["a"]}, "/embeddings"), ({"prompt": "a"}, "/completions")):
            assert self.infer("m", body).json() == {"object": "list", "data": []}
            assert server.paths(path)

    def test_a_native_model_answers_in_openais_shape(self):
        self.model("m", self.upstream({"/api/chat": OLLAMA}), protocol="ollama")
        told = self.infer("m", {**CHAT_BODY, "num_ctx": 64}).json()
        assert (told["object"], told["choices"][0]["message"]["content"]) == ("chat.completion", "Hi there")

    def test_a_model_that_was_made_just_now_is_known(self):
        holder = self.gateway.holder
        holder.stop()
        with mock.patch.object(holder, "refresh"):
            self.model("m", self.upstream({CHAT: OPENAI}))
        assert not holder.current.find("m") and self.infer("m").status_code == 200

    def test_it_is_counted_and_leaves_no_counter_behind(self):
        self.model("m", self.upstream({CHAT: html(500)}))
        self.infer("m")
        assert (self.gateway.load.requests["m_base"], self.gateway.load.errors["m_base"]) == (1, 1)
        self.idle()


class RefusalTests(InferenceCase):
    def test_what_is_wrong_with_a_body_names_the_field(self):
        server = self.upstream({CHAT: OPENAI})
        self.model("m", server)
        for body, field in (
            ({**CHAT_BODY, "stream": True}, "stream"),
            ({**CHAT_BODY, "model": "other"}, "model"),
            ({**CHAT_BODY, "input": "x"}, "input"),
            ({}, "messages"),
        ):
            error = self.error(self.infer("m", body), 400)
            assert (error["code"], list(error["details"])) == ("invalid", [field])
        assert self.error(self.infer("m", [1]), 400)["code"] == "invalid"
        assert server.requests == []

    def test_a_field_that_the_server_cannot_be_told_is_named(self):
        self.model("m", self.upstream({}), protocol="ollama")
        error = self.error(self.infer("m", {**CHAT_BODY, "options": {"num_ctx": "many"}}), 400)
        assert list(error["details"]) == ["options.num_ctx"]

    def test_failures_have_the_apis_shape_status_and_code(self):
        server = self.upstream({})
        self.model("m", server)
        for answer, status, code in (
            (html(500), 502, "upstream_error"),
            (json_reply({"error": {"message": "n is odd", "param": "n"}}, 400), 400, "upstream_error"),
            (json_reply({"error": "slow down"}, 429, "Retry-After: 3"), 429, "rate_limited"),
        ):
            server.answers[CHAT] = answer
            told = self.infer("m")
            assert self.error(told, status)["code"] == code
            assert len(told["x-request-id"]) == 32
        assert told["retry-after"] == "3"
        assert self.error(self.infer("nothing"), 404)["code"] == "not_found"

    def test_the_models_timeout_bounds_the_answer(self):
        model = self.model("m", self.upstream({CHAT: hang}))
        ModelServingConfig.objects.create(model=model, timeout=1)
        self.told()
        assert self.error(self.infer("m"), 504)["code"] == "upstream_timeout"

    def test_it_needs_the_scope_call(self):
        self.model("m", self.upstream({CHAT: OPENAI}))
        reader = create_key(user=self.user, name="reader", scopes=["read"])[1]
        for credentials, status in (({"HTTP_AUTHORIZATION": f"Bearer {reader}"}, 403), ({}, 401)):
            self.api.credentials(**credentials)
            self.error(self.infer("m"), status)

    def test_calls_are_throttled_once(self):
        self.model("m", self.upstream({CHAT: OPENAI}))
        with mock.patch.object(ScopedRateThrottle, "THROTTLE_RATES", {"work": "2/min"}):
            statuses = [self.infer("m") for _ in range(3)]
        assert [answer.status_code for answer in statuses] == [200, 200, 429]
        assert statuses[2].json()["error"]["code"] == "rate_limited" and int(statuses[2]["retry-after"]) >= 1
        assert self.gateway.limiter.taken == {}


@override_settings(MODEL_SOURCES=PACED)
class SameWayTests(InferenceCase):
    def test_pacing_and_adaptation_hold_here_too(self):
        PacedSource.reset()
        PacedSource.more["host1"] = {"pace": RecordingPace(0.0, 9.5), "refuses": frozenset({"max_tokens"})}
        self.model("m", self.upstream({CHAT: OPENAI}))
        told = self.infer("m", {**CHAT_BODY, "max_tokens": 5})
        assert (told.status_code, told["x-registry-adapted"]) == (200, "max_tokens=max_completion_tokens")
        told = self.infer("m")
        assert (self.error(told, 429)["code"], told["retry-after"]) == ("rate_limited", "10")


@override_settings(MODEL_SOURCES=LOCAL)
class StartingTests(InferenceCase):
    def test_a_stopped_model_is_started(self):
        StartedSource.starts.clear()
        self.model("m", self.upstream({CHAT: OPENAI}))
        assert self.infer("m").status_code == 200
        assert StartedSource.starts == ["host1"]


class InsideTests(GatewayCase):
    def test_other_code_gets_status_headers_and_the_object(self):
        self.model("m", self.upstream({CHAT: OPENAI}))
        status, headers, body = inside.complete("m", CHAT_BODY, request_id="mine")
        assert (status, headers["x-request-id"], body) == (200, "mine", openai_chat())
        status, _, body = inside.complete("nothing", CHAT_BODY)
        assert (status, body["error"]["code"]) == (404, "model_not_found")

    def test_a_timeout_of_ones_own_ends_the_call_at_the_upstream(self):
        let_go = threading.Event()
        self.addCleanup(let_go.set)
        server = self.upstream({CHAT: held(let_go, OPENAI)})
        self.model("m", server)
        began = time.monotonic()
        status, _, body = inside.complete("m", CHAT_BODY, timeout=0.5)
        assert (status, body["error"]["code"]) == (504, "upstream_timeout") and time.monotonic() - began < 2
        self.idle()

    def test_without_a_gateway_in_this_process_a_private_one_is_started(self):
        self.model("m", self.upstream({CHAT: OPENAI}))
        self.served.stop()
        assert Gateway.running is None
        self.addCleanup(inside.stop)
        told = [inside.complete("m", CHAT_BODY)[0] for _ in range(3)]
        threads = [thread.name for thread in threading.enumerate()]
        assert (told, threads.count("gateway-inside")) == ([200] * 3, 1)
        inside.stop()
        assert "gateway-inside" not in [thread.name for thread in threading.enumerate()]
        assert Gateway.running is None

    def test_nobody_outside_can_say_that_they_are_admitted(self):
        self.model("m", self.upstream({CHAT: OPENAI}))
        self.session.headers.clear()
        for name in ("registry.admitted", "X-Registry-Admitted"):
            assert self.chat("m", headers={name: "1"}).status_code == 401

    def test_a_body_that_is_too_deep_is_refused(self):
        self.model("m", self.upstream({CHAT: OPENAI}))
        deep: list[Any] = []
        for _ in range(100_000):
            deep = [deep]
        with self.assertRaisesMessage(Exception, "nested too deeply"):
            inside.complete("m", {**CHAT_BODY, "x": deep})
        assert json.dumps(inside.complete("m", CHAT_BODY)[2])
