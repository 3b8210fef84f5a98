"""Upstreams with a quota: asked only when there is some left, and learnt from when they refuse."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.test import override_settings

from tests.nasty_server import NastyServer, json_reply, reply
from tests.servers import free_port
from tests.unified_app.gateway.gateway_case import GatewayCase
from tests.unified_app.gateway.paced_source import PACED, PacedSource, RecordingPace
from tests.unified_app.gateway.upstreams import CHAT, OPENAI, held
from unified_app.models import Alias, ModelServingConfig


@override_settings(MODEL_SOURCES=PACED)
class PacedCase(GatewayCase):
    def setUp(self):
        PacedSource.reset()
        super().setUp()

    def paced(self, *paces: RecordingPace, answer: Any = OPENAI, **more: Any) -> list[NastyServer]:
        """A model `m` with one server for each pace."""
        for number, pace in enumerate(paces, 1):
            PacedSource.more[f"host{number}"] = {"pace": pace, **more}
        servers = [self.upstream({CHAT: answer}) for _ in paces]
        self.model("m", *servers)
        return servers


class QuotaTests(PacedCase):
    def test_a_used_up_quota_is_429_and_the_upstream_is_not_asked(self):
        (server,) = self.paced(RecordingPace(7.2))
        told = self.chat("m")
        assert (told.status_code, told.json()["error"]["code"]) == (429, "rate_limit_exceeded")
        assert told.json()["error"]["type"] == "rate_limit_error"
        assert told.headers["retry-after"] == "8"
        assert server.requests == []
        native = self.ollama("m", stream=False)
        assert native.status_code == 429 and native.headers["retry-after"] == "8" and server.requests == []
        self.idle()

    def test_each_call_takes_one(self):
        pace = RecordingPace(0.0, 0.0, 60.0)
        (server,) = self.paced(pace)
        assert [self.chat("m").status_code for _ in range(3)] == [200, 200, 429]
        assert (pace.asked, len(server.paths(CHAT)), pace.learnt) == (3, 2, [])

    def test_another_placement_with_quota_is_asked(self):
        first, second = self.paced(RecordingPace(60.0), RecordingPace(0.0))
        told = self.chat("m")
        assert (told.status_code, told.headers["x-registry-placement"]) == (200, "host2/up-m")
        assert first.requests == [] and len(second.requests) == 1

    def test_of_two_used_up_quotas_the_sooner_one_is_told(self):
        self.paced(RecordingPace(20.0), RecordingPace(60.0))
        assert self.chat("m").headers["retry-after"] == "20"

    def test_the_next_model_of_an_alias_is_asked(self):
        self.paced(RecordingPace(60.0))
        PacedSource.more = {"host1": {"pace": None}}
        self.model("other", self.upstream({CHAT: OPENAI}))
        Alias.objects.create(name="best", targets=["m_base", "other_base"])
        PacedSource.more = {"host1": {"pace": RecordingPace(60.0, 0.0)}}
        self.told()
        assert self.chat("best").headers["x-registry-model"] == "other_base"

    def test_a_used_up_quota_breaks_no_placement(self):
        (server,) = self.paced(RecordingPace(*[60.0] * 5, 0.0))
        assert [self.chat("m").status_code for _ in range(6)] == [429] * 5 + [200]
        assert self.gateway.breakers._failures == {} and self.gateway.load.errors == {}


class LearningTests(PacedCase):
    @pytest.fixture(autouse=True)
    def _logs(self, caplog: pytest.LogCaptureFixture) -> None:
        self.caplog = caplog

    def test_an_error_is_learnt_from_as_it_came(self):
        text = b"Too many requests. For more on scraping, see our terms."
        refusal = reply(text, 429, "application/json", "Retry-After: 44", "X-RateLimit-Type: UserByModelByMinute")
        pace = RecordingPace()
        self.paced(pace, answer=refusal)
        told = self.chat("m")
        assert (told.status_code, told.headers["retry-after"]) == (429, "44")
        ((status, headers, learnt),) = pace.learnt
        assert (status, learnt) == (429, text.decode())
        assert headers["x-ratelimit-type"] == "UserByModelByMinute"

    def test_a_service_that_is_gone_is_learnt_and_told(self):
        pace = RecordingPace()
        self.paced(pace, answer=json_reply({"error": {"message": "Retired."}}, 410))
        told = self.chat("m", stream=True)
        error = told.json()["error"]
        assert (told.status_code, error["code"]) == (410, "upstream_retired")
        assert "for good" in error["message"]
        assert [status for status, _, _ in pace.learnt] == [410]

    def test_nothing_is_learnt_from_what_is_no_answer(self):
        pace = RecordingPace()
        PacedSource.more = {"host1": {"pace": pace}}
        self.model("m", f"http://127.0.0.1:{free_port()}")
        assert self.chat("m").status_code == 503
        assert pace.learnt == []

    def test_a_pace_that_stumbles_hides_no_answer(self):
        pace = RecordingPace()
        pace.learn = lambda *_: 1 / 0  # type: ignore[method-assign, assignment]
        self.paced(pace, answer=json_reply({"error": "slow down"}, 429))
        assert self.chat("m").status_code == 429
        assert "nothing was learnt from a status 429: ZeroDivisionError" in self.caplog.text

    def test_a_slow_pace_keeps_no_other_call_waiting(self):
        let_go = threading.Event()
        pace = RecordingPace()
        pace.acquire = lambda: 0.0 * let_go.wait(10)  # type: ignore[method-assign]
        PacedSource.more["host1"] = {"pace": pace}
        self.paced(pace)
        PacedSource.more["host1"] = {}
        waiting = [threading.Thread(target=self.chat, args=["m"]) for _ in range(6)]
        for thread in waiting:
            thread.start()
        began = time.monotonic()
        assert self.session.get(f"{self.url}/v1/models", timeout=5).status_code == 200
        assert time.monotonic() - began < 2
        let_go.set()
        for thread in waiting:
            thread.join(10)
        self.idle()


class ConcurrencyTests(PacedCase):
    def at_once(self, concurrent: int | None, configured: int) -> int:
        PacedSource.more["host1"] = {"concurrent": concurrent}
        ModelServingConfig.objects.update_or_create(model_id="m_base", defaults={"max_concurrent_requests": configured})
        self.told()
        return self.gateway.holder.current.models["m_base"].max_concurrent

    def test_the_smaller_number_holds(self):
        self.paced(RecordingPace())
        assert [self.at_once(2, 8), self.at_once(5, 3), self.at_once(None, 3), self.at_once(0, 3)] == [2, 3, 3, 1]

    def test_calls_beyond_it_wait_in_line(self):
        let_go = threading.Event()
        (server,) = self.paced(RecordingPace(), answer=held(let_go, OPENAI), concurrent=2)
        calls = [threading.Thread(target=self.chat, args=["m"]) for _ in range(5)]
        for call in calls:
            call.start()
        time.sleep(0.5)
        let_go.set()
        for call in calls:
            call.join(15)
        assert (server.most_at_once, len(server.requests)) == (2, 5)


class AwayTests(PacedCase):
    def test_a_reason_that_waiting_does_not_mend_is_told_without_retry_after(self):
        PacedSource.away = {"host1": "The service was retired on 2026-07-30."}
        for name in ("m", "n"):
            self.model(name, self.upstream({CHAT: OPENAI}))
        PacedSource.asked = []
        self.told()
        told = self.chat("m")
        assert (told.status_code, told.json()["error"]["code"]) == (503, "no_placement")
        assert told.json()["error"]["message"].endswith("The service was retired on 2026-07-30.")
        assert "retry-after" not in told.headers
        assert PacedSource.asked == ["host1"]

    def test_nobody_is_asked_why_while_models_can_be_called(self):
        self.model("m", self.upstream({CHAT: OPENAI}))
        assert PacedSource.asked == []
        assert self.gateway.holder.current.models["m_base"].away == ""

    def test_another_place_that_answers_counts(self):
        PacedSource.away = {"host1": "The service was retired."}
        self.model("m", self.upstream({}), self.upstream({CHAT: OPENAI}))
        assert self.chat("m").status_code == 200 and PacedSource.asked == []
