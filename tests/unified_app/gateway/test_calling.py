"""What reaches an upstream, what comes back, and which upstream it is."""

from __future__ import annotations

import json

from tests.nasty_server import json_reply, reply
from tests.unified_app.gateway.gateway_case import HELLO, GatewayCase
from tests.unified_app.gateway.upstreams import (
    CHAT,
    LINES,
    OLLAMA,
    OPENAI,
    ollama_chat,
    ollama_lines,
    openai_chat,
    openai_events,
    streamed,
)


class PassingOnTests(GatewayCase):
    def test_what_the_gateway_does_not_know_reaches_the_upstream(self):
        server = self.upstream({CHAT: OPENAI})
        self.model("m", server)
        self.chat("m", temperature=0.5, new_field={"deep": [1, None]}, metadata={"a": "b"})
        sent = server.paths(CHAT)[0].json()
        assert sent == {
            "model": "up-m",
            "messages": HELLO,
            "temperature": 0.5,
            "new_field": {"deep": [1, None]},
            "metadata": {"a": "b"},
        }

    def test_unknown_fields_reach_a_native_upstream_too(self):
        server = self.upstream({"/api/chat": OLLAMA})
        self.model("m", server, protocol="ollama")
        self.ollama("m", stream=False, new_field=[1], options={"num_ctx": 10})
        sent = server.paths("/api/chat")[0].json()
        assert (sent["new_field"], sent["options"], sent["model"]) == ([1], {"num_ctx": 10}, "up-m")

    def test_an_answer_in_the_callers_protocol_is_byte_for_byte_the_upstreams(self):
        odd = json.dumps(openai_chat("ü \u2028", extra={"x": 1e400 > 1}), indent=3).encode()
        self.model("m", self.upstream({CHAT: reply(odd)}))
        answer = self.chat("m")
        assert (answer.content, answer.headers["content-type"]) == (odd, "application/json")

    def test_a_stream_in_the_callers_protocol_is_byte_for_byte_the_upstreams(self):
        events = [b": ping\n\n", *openai_events("a", "b")]
        self.model("m", self.upstream({CHAT: streamed(events)}))
        answer = self.chat("m", stream=True)
        assert answer.content == b"".join(events)
        assert answer.headers["content-type"].startswith("text/event-stream")

    def test_native_lines_are_byte_for_byte_the_upstreams(self):
        lines = ollama_lines("a", "b")
        self.model("m", self.upstream({"/api/chat": streamed(lines, LINES)}), protocol="ollama")
        assert self.ollama("m").content == b"".join(lines)

    def test_neither_the_callers_key_nor_cookies_reach_the_upstream(self):
        server = self.upstream({CHAT: OPENAI})
        self.model("m", server)
        self.chat("m", headers={"Cookie": "sessionid=1"})
        sent = server.paths(CHAT)[0]
        assert sent.headers["authorization"] == "Bearer upstream-secret"
        assert "cookie" not in sent.headers and self.key not in str(sent)

    def test_a_twin_of_model_does_not_get_past_routing(self):
        openai, ollama = self.upstream({CHAT: OPENAI}), self.upstream({"/api/chat": OLLAMA})
        self.model("a", openai)
        self.model("b", ollama, protocol="ollama")
        for body in ({"model": "a", "Model": "c"}, {"MODEL": "c", "model": "a"}):
            self.post("/v1/chat/completions", {**body, "messages": HELLO})
        self.post("/ollama/api/chat", {"model": "b", "Model": "c", "mOdel": "c", "messages": HELLO, "stream": False})
        sent = [*openai.paths(CHAT), *ollama.paths("/api/chat")]
        assert len(sent) == 3
        for request in sent:
            assert [v for k, v in request.json().items() if k.lower() == "model"] == [f"up-{'ab'[request is sent[2]]}"]


class HeaderTests(GatewayCase):
    def test_the_answer_tells_who_gave_it(self):
        self.model("acme/m:1", self.upstream({CHAT: OPENAI}))
        told = self.chat("acme/m:1", headers={"X-Request-ID": "mine-1"}).headers
        assert told["x-request-id"] == "mine-1"
        assert told["x-registry-model"] == "acme_m_1_base"
        assert told["x-registry-placement"] == "host1/up-acme/m:1"
        assert (told["x-registry-version"], told["x-registry-route"]) == ("v1", "only")
        assert told["x-ratelimit-limit-requests"] == "600"
        assert told["x-ratelimit-remaining-requests"] == "599"
        assert int(told["x-ratelimit-reset-requests"]) >= 1

    def test_a_request_id_that_is_too_long_or_odd_is_replaced(self):
        self.model("m", self.upstream({CHAT: OPENAI}))
        for given in ("x" * 129, "with space", "ü".encode().decode("latin-1")):
            told = self.chat("m", headers={"X-Request-ID": given}).headers["x-request-id"]
            assert told != given and 0 < len(told) <= 128

    def test_a_model_is_called_by_id_alias_or_name_in_any_case(self):
        self.model("Acme/m:latest", self.upstream({CHAT: OPENAI}))
        for called in ("Acme_m_latest_base", "acme/M", "ACME/m:LATEST"):
            assert self.chat(called).status_code == 200


class TranslatedTests(GatewayCase):
    def test_an_openai_caller_reads_a_native_stream(self):
        self.model("m", self.upstream({"/api/chat": streamed(ollama_lines("a", "b"), LINES)}), protocol="ollama")
        answer = self.chat("m", stream=True, num_ctx=100)
        events = [line[6:] for line in answer.text.splitlines() if line]
        assert events[-1] == "[DONE]"
        assert "".join(json.loads(e)["choices"][0]["delta"].get("content") or "" for e in events[:-1]) == "ab"

    def test_a_native_caller_reads_an_openai_stream(self):
        self.model("m", self.upstream({CHAT: streamed(openai_events("a", "b"))}))
        lines = [json.loads(line) for line in self.ollama("m").text.splitlines()]
        assert "".join(line["message"]["content"] for line in lines) == "ab"
        assert [line["done"] for line in lines] == [False, False, True]
        assert {line["model"] for line in lines} == {"m"}

    def test_whole_answers_are_translated_both_ways(self):
        self.model("n", self.upstream({"/api/chat": json_reply(ollama_chat("yes"))}), protocol="ollama")
        self.model("o", self.upstream({CHAT: json_reply(openai_chat("no"))}))
        assert self.chat("n", num_ctx=9).json()["choices"][0]["message"]["content"] == "yes"
        told = self.ollama("o", stream=False).json()
        assert (told["message"]["content"], told["done"], told["eval_count"]) == ("no", True, 2)

    def test_show_tells_what_is_known_of_a_model_of_the_other_protocol(self):
        server = self.upstream({})
        self.model("o", server, context_length=4096, capabilities=["text_generation", "vision"])
        told = self.post("/ollama/api/show", {"model": "o"}).json()
        assert told["capabilities"] == ["completion", "vision"]
        assert told["model_info"]["unknown.context_length"] == 4096
        assert server.requests == []

    def test_a_native_call_without_a_prompt_is_answered_for_any_model(self):
        server = self.upstream({})
        self.model("o", server)
        for path, more in (("generate", {}), ("chat", {"messages": []}), ("generate", {"keep_alive": 0})):
            told = self.post(f"/ollama/api/{path}", {"model": "o", **more}).json()
            assert told["done"] is True
            assert told["done_reason"] == ("unload" if "keep_alive" in more else "load")
        assert server.requests == []
