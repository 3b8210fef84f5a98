"""Upstreams that fail: before the first byte another one is asked, afterwards the stream ends with an error."""

from __future__ import annotations

import json
import time

from tests.nasty_server import hang, html, json_reply, raw, raw_and_close, redirect, reply
from tests.servers import free_port
from tests.unified_app.gateway.gateway_case import GatewayCase
from tests.unified_app.gateway.upstreams import (
    CHAT,
    LINES,
    OLLAMA,
    OPENAI,
    by_turns,
    killed,
    ollama_lines,
    openai_events,
    slowly,
    streamed,
)
from unified_app.gateway.load import BREAK_AFTER
from unified_app.models import Alias, ModelServingConfig

# What an upstream does -> the status and code that the caller gets.
EARLY = {
    "an error of its own": (json_reply({"error": {"message": "boom"}}, 500), 502, "upstream_error"),
    "overloaded": (json_reply({"error": "later"}, 503, "Retry-After: 7"), 503, "upstream_error"),
    "a page": (html(200), 502, "upstream_invalid"),
    "a page as an error": (html(500), 502, "upstream_error"),
    "a redirect": (redirect("http://example.invalid/"), 502, "upstream_refused"),
    "no HTTP": (raw_and_close(b"\x00\x01garbage\r\n\r\n"), 502, "upstream_invalid"),
    "half an object": (reply(b'{"choices": [{"mess'), 502, "upstream_invalid"),
    "a list": (reply(b"[1]"), 502, "upstream_invalid"),
    "less than it said": (
        raw_and_close(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"a": 1}'),
        502,
        "upstream_invalid",
    ),
    "compressed": (reply(b"\x1f\x8b\x08", 200, "application/json", "Content-Encoding: gzip"), 502, "upstream_invalid"),
    "nothing": (raw_and_close(b""), 503, "upstream_unreachable"),
    "wrong credentials": (json_reply({"error": "key sk-abcdefghijklmnop is wrong"}, 401), 502, "upstream_error"),
    "its own limit": (json_reply({"error": "slow down"}, 429, "Retry-After: 3"), 429, "rate_limit_exceeded"),
    "no such model": (json_reply({"error": "not found"}, 404), 404, "model_not_found"),
    "a bad request": (json_reply({"error": {"message": "n is too big"}}, 400), 400, "upstream_error"),
}
BROKEN = {
    ("openai", "openai"): (CHAT, openai_events("a", "b")[:2], "text/event-stream"),
    ("openai", "ollama"): ("/api/chat", ollama_lines("a", "b")[:2], LINES),
    ("ollama", "openai"): (CHAT, openai_events("a", "b")[:2], "text/event-stream"),
    ("ollama", "ollama"): ("/api/chat", ollama_lines("a", "b")[:2], LINES),
}


class EarlyFailureTests(GatewayCase):
    def test_each_failure_has_its_status_code_and_words(self):
        server = self.upstream({})
        self.model("m", server)
        for what, (answer, status, code) in EARLY.items():
            server.answers[CHAT] = answer
            for more in ({}, {"stream": True}):
                with self.subTest(what, **more):
                    told = self.chat("m", **more)
                    error = told.json()["error"]
                    assert (told.status_code, error["code"]) == (status, code), error
                    assert error["message"] and "sk-abc" not in told.text and "<" not in error["message"]
        self.idle()

    def test_a_retry_after_of_the_upstream_is_handed_on(self):
        self.model("m", self.upstream({CHAT: EARLY["its own limit"][0]}))
        assert self.chat("m").headers["retry-after"] == "3"

    def test_a_host_that_is_not_there_is_unreachable(self):
        self.model("m", f"http://127.0.0.1:{free_port()}")
        told = self.ollama("m", stream=False)
        assert told.status_code == 503 and isinstance(told.json()["error"], str)

    def test_a_silent_upstream_is_given_up_after_the_models_timeout(self):
        model = self.model("m", self.upstream({CHAT: hang}))
        ModelServingConfig.objects.create(model=model, timeout=1)
        self.told()
        for more in ({}, {"stream": True}):
            began = time.monotonic()
            told = self.chat("m", **more)
            assert (told.status_code, told.json()["error"]["code"]) == (504, "upstream_timeout")
            assert 0.9 < time.monotonic() - began < 3
        self.idle()

    def test_a_model_without_a_placement_is_503(self):
        self.model("m")
        told = self.chat("m")
        assert (told.status_code, told.json()["error"]["code"]) == (503, "no_placement")
        assert int(told.headers["retry-after"]) >= 1

    def test_an_error_as_the_first_piece_of_a_stream_is_a_status(self):
        events = self.upstream({CHAT: streamed([b'data: {"error": {"message": "out of memory"}}\n\n'])})
        lines = self.upstream({"/api/chat": streamed([b'{"error":"out of memory"}\n'], LINES)})
        self.model("e", events)
        self.model("l", lines, protocol="ollama")
        for called in (self.chat("e", stream=True), self.chat("l", stream=True), self.ollama("l"), self.ollama("e")):
            assert called.status_code == 502 and "out of memory" in called.text


class RetryTests(GatewayCase):
    def test_another_placement_is_asked_when_one_fails_before_its_first_byte(self):
        for what, (answer, status, _) in EARLY.items():
            if status == 400:
                continue
            with self.subTest(what):
                bad, good = self.upstream({CHAT: answer}), self.upstream({CHAT: OPENAI})
                self.model(what, bad, good)
                told = self.chat(what)
                assert (told.status_code, told.headers["x-registry-route"]) == (200, "retry")
                assert told.headers["x-registry-placement"].startswith("host2/")
                assert told.headers["x-registry-version"] == "v2"
                assert bad.paths(CHAT)

    def test_a_callers_mistake_is_not_tried_elsewhere(self):
        bad, other = self.upstream({CHAT: EARLY["a bad request"][0]}), self.upstream({CHAT: OPENAI})
        self.model("m", bad, other)
        told = self.chat("m")
        assert (told.status_code, told.json()["error"]["message"]) == (400, "n is too big")
        assert other.requests == []

    def test_after_the_first_byte_nothing_is_tried_again(self):
        path, pieces, kind = BROKEN["openai", "openai"]
        bad, other = self.upstream({path: streamed(pieces, kind, breaks_off=True)}), self.upstream({CHAT: OPENAI})
        self.model("m", bad, other)
        assert self.chat("m", stream=True).text.count('"error"') == 1
        assert len(bad.paths(CHAT)) == 1 and other.requests == []

    def test_a_pooled_connection_that_was_closed_is_replaced(self):
        server = self.upstream({CHAT: by_turns(OPENAI, raw_and_close(b""), OPENAI)})
        self.model("m", server)
        assert [self.chat("m").status_code for _ in range(2)] == [200, 200]

    def test_an_alias_falls_back_down_its_list(self):
        for name, server in {
            "dead": f"http://127.0.0.1:{free_port()}",
            "ill": self.upstream({CHAT: html(500)}),
            "well": self.upstream({CHAT: OPENAI}),
        }.items():
            self.model(name, server)
        self.model("gone")
        Alias.objects.create(name="best", targets=["gone_base", "dead_base", "ill_base", "well_base"])
        self.told()
        told = self.chat("best")
        assert (told.headers["x-registry-model"], told.headers["x-registry-route"]) == ("well_base", "fallback")
        assert self.gateway.load.errors == {"dead_base": 1, "ill_base": 1}

    def test_the_preferred_models_failure_is_told_when_none_of_an_alias_can_answer(self):
        self.model("ill", self.upstream({CHAT: html(500)}))
        self.model("gone")
        Alias.objects.create(name="best", targets=["ill_base", "gone_base"])
        self.told()
        assert self.chat("best").json()["error"]["code"] == "upstream_error"


class BreakerTests(GatewayCase):
    def test_a_placement_that_keeps_failing_is_left_alone_and_taken_back(self):
        bad, good = self.upstream({CHAT: html(502)}), self.upstream({CHAT: OPENAI})
        self.model("m", bad, good)
        for _ in range(BREAK_AFTER + 5):
            assert self.chat("m").status_code == 200
        assert len(bad.paths(CHAT)) == BREAK_AFTER
        bad.answers[CHAT] = OPENAI
        self.gateway.breakers._clock = lambda: time.monotonic() + 11
        assert self.chat("m").headers["x-registry-placement"].startswith("host1/")
        assert self.gateway.breakers._failures == {}

    def test_a_page_in_place_of_an_answer_counts_as_a_failure(self):
        bad, good = self.upstream({CHAT: html(200)}), self.upstream({CHAT: OPENAI})
        self.model("m", bad, good)
        for _ in range(BREAK_AFTER + 2):
            self.chat("m")
        assert len(bad.paths(CHAT)) == BREAK_AFTER


class LateFailureTests(GatewayCase):
    def broken(self, caller: str, upstream: str, breaks_off: bool) -> list[bytes]:
        path, pieces, kind = BROKEN[caller, upstream]
        name = f"{caller}-{upstream}-{breaks_off}"
        self.model(name, self.upstream({path: streamed(pieces, kind, breaks_off=breaks_off)}), protocol=upstream)
        # num_ctx sends an OpenAI caller to the native route.
        native = {"num_ctx": 64} if upstream == "ollama" else {}
        answer = self.chat(name, stream=True, **native) if caller == "openai" else self.ollama(name)
        assert answer.status_code == 200
        return [line for line in answer.content.splitlines() if line]

    def test_openai_callers_read_an_error_event_and_no_done(self):
        for upstream in ("openai", "ollama"):
            for breaks_off in (True, False):
                with self.subTest(upstream=upstream, breaks_off=breaks_off):
                    *before, last = self.broken("openai", upstream, breaks_off)
                    error = json.loads(last.removeprefix(b"data: "))["error"]
                    assert error["code"] == "upstream_invalid" and error["type"] == "api_error"
                    assert len(before) >= 2 and not any(b"[DONE]" in line for line in before)
        self.idle()

    def test_native_callers_read_an_error_line_and_no_done(self):
        for upstream in ("openai", "ollama"):
            for breaks_off in (True, False):
                with self.subTest(upstream=upstream, breaks_off=breaks_off):
                    lines = [json.loads(line) for line in self.broken("ollama", upstream, breaks_off)]
                    assert list(lines[-1]) == ["error"] and isinstance(lines[-1]["error"], str)
                    assert len(lines) >= 3 and not any(line.get("done") for line in lines)
        self.idle()

    def test_a_half_line_is_ended_before_the_error(self):
        cut = [ollama_lines("a")[0], b'{"model":"x","mess']
        self.model("m", self.upstream({"/api/chat": streamed(cut, LINES, breaks_off=True)}), protocol="ollama")
        assert list(json.loads(self.ollama("m").text.splitlines()[-1])) == ["error"]

    def test_garbage_in_mid_stream_is_an_error_event(self):
        lines = slowly(ollama_lines("a")[0], b"{{{\n")
        self.model("m", self.upstream({"/api/chat": streamed(lines, LINES)}), protocol="ollama")
        assert '"error"' in self.chat("m", stream=True, num_ctx=64).text.splitlines()[-2]

    def test_an_upstream_that_is_killed_in_mid_stream_is_an_error_in_each_shape(self):
        for (caller, upstream), (path, pieces, kind) in BROKEN.items():
            with self.subTest(caller=caller, upstream=upstream):
                name = f"{caller}-{upstream}"
                self.model(name, self.upstream({path: killed(slowly(*pieces), kind)}), protocol=upstream)
                native = {"num_ctx": 64} if upstream == "ollama" else {}
                told = self.chat(name, stream=True, **native) if caller == "openai" else self.ollama(name)
                last = [line for line in told.text.splitlines() if line][-1]
                assert "error" in json.loads(last.removeprefix("data: "))
        self.idle()

    def test_an_upstreams_own_error_is_not_told_twice(self):
        events = [*openai_events("a")[:1], b'data: {"error":{"message":"boom"}}\n\n']
        self.model("m", self.upstream({CHAT: streamed(events)}))
        assert self.chat("m", stream=True).content == b"".join(events)
        assert self.gateway.load.errors["m_base"] == 1

    def test_a_stream_that_falls_silent_is_ended(self):
        model = self.model(
            "m",
            self.upstream(
                {
                    CHAT: raw(
                        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                        b"%x\r\n%s\r\n" % (len(openai_events("a")[0]), openai_events("a")[0])
                    )
                }
            ),
        )
        ModelServingConfig.objects.create(model=model, timeout=1)
        self.told()
        last = [line for line in self.chat("m", stream=True).text.splitlines() if line][-1]
        assert json.loads(last[6:])["error"]["code"] == "upstream_timeout"

    def test_native_upstreams_answer_openai_callers_whole(self):
        self.model("m", self.upstream({"/api/chat": OLLAMA}), protocol="ollama")
        assert self.chat("m", num_ctx=5).json()["usage"]["total_tokens"] == 5
