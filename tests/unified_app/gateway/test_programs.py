"""Ensembles at the gateway: called like any model by callers of both protocols; circles are refused."""

from __future__ import annotations

import json
import socket
import threading

from django.test import override_settings

from tests.nasty_server import json_reply
from tests.servers import wait_until
from tests.unified_app.gateway.gateway_case import HELLO
from tests.unified_app.gateway.program_source import PROGRAMS, ProgramCase
from tests.unified_app.gateway.upstreams import CHAT, openai_chat, openai_events, streamed
from unified_app.models import Alias, ModelServingConfig


def text_of(answer) -> str:
    events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
    return "".join(c["delta"].get("content") or "" for event in events for c in event.get("choices", ()))


@override_settings(MODEL_SOURCES=PROGRAMS)
class AnswerTests(ProgramCase):
    def setUp(self):
        super().setUp()
        for name, text in (("a", "Paris."), ("b", "paris"), ("c", "Rome")):
            self.member(name, text)
        self.ensemble("vote", "majority_vote", "c_base", "a_base", "b_base")
        self.ensemble("fan", "fan_out", "a_base", "b_base", judge="c_base")

    def test_a_whole_answer_has_the_usage_of_all_and_tells_who_was_asked(self):
        answer = self.chat("vote")
        told = answer.json()
        assert told["choices"][0]["message"]["content"] == "Paris." and told["model"] == "vote"
        assert told["usage"] == {"prompt_tokens": 9, "completion_tokens": 6, "total_tokens": 15}
        registry = told["registry"]
        assert (registry["strategy"], registry["chosen"]) == ("majority_vote", "a_base")
        assert [(m["model"], m["tokens"]) for m in registry["members"]] == [("c_base", 5), ("a_base", 5), ("b_base", 5)]
        assert all(m["seconds"] >= 0 for m in registry["members"])
        assert answer.headers["x-registry-model"] == "vote_base"

    def test_an_ollama_caller_gets_its_own_shape_whole_and_streamed(self):
        told = self.ollama("vote", stream=False).json()
        assert (told["message"]["content"], told["done"], told["eval_count"]) == ("Paris.", True, 6)
        assert told["registry"]["chosen"] == "a_base"
        for name, text in (("vote", "Paris."), ("fan", "Rome")):
            lines = [json.loads(line) for line in self.ollama(name).text.splitlines()]
            assert "".join(line["message"]["content"] for line in lines) == text
            assert [line["done"] for line in lines][-2:] == [False, True]
            assert lines[-1]["registry"]["strategy"] and lines[-1]["eval_count"] >= 4
        generated = self.post("/ollama/api/generate", {"model": "vote", "prompt": "Capital?", "stream": False}).json()
        assert generated["response"] == "Paris."

    def test_a_vote_is_streamed_in_one_piece_and_a_synthesis_as_it_comes(self):
        for name, text, pieces in (("vote", "Paris.", 1), ("fan", "Rome", 4)):
            answer = self.chat(name, stream=True, stream_options={"include_usage": True})
            events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
            assert text_of(answer) == text and answer.text.endswith("data: [DONE]\n\n")
            assert sum(bool(c["delta"].get("content")) for e in events for c in e["choices"]) == pieces
            assert events[-1]["choices"] == [] and events[-1]["usage"]["total_tokens"] >= 10
            assert events[-2]["choices"][0]["finish_reason"] == "stop" and events[-2]["registry"]["members"]
            assert {e["model"] for e in events} == {name}

    def test_usage_is_not_streamed_unasked(self):
        assert '"usage"' not in self.chat("fan", stream=True).text

    def test_a_completion_is_a_chat_of_its_prompt(self):
        told = self.post("/v1/completions", {"model": "vote", "prompt": "Capital?"}).json()
        assert (told["object"], told["choices"][0]["text"]) == ("text_completion", "Paris.")

    def test_embeddings_are_refused(self):
        assert self.post("/v1/embeddings", {"model": "vote", "input": "x"}).status_code == 501

    def test_it_is_listed_and_shown(self):
        row = self.session.get(f"{self.url}/v1/models/vote").json()
        assert (row["registry_id"], row["state"]) == ("vote_base", "ready")
        assert self.post("/ollama/api/show", {"model": "vote"}).status_code == 200

    def test_an_overlay_on_it_reaches_the_members(self):
        server = self.member("d", "x")
        self.ensemble("one", "majority_vote", "d_base")
        self.model("one+cold", recipe={"kind": "overlay", "base": "one_base", "parameters": {"temperature": 0.1}})
        assert self.chat("one+cold").headers["x-registry-model"] == "one+cold_base"
        assert server.paths(CHAT)[0].json()["temperature"] == 0.1


@override_settings(MODEL_SOURCES=PROGRAMS)
class FailureTests(ProgramCase):
    def test_one_members_failure_is_survived_and_told(self):
        self.member("a", "yes")
        self.member("dead")
        self.ensemble("v", "majority_vote", "dead_base", "a_base")
        told = self.chat("v").json()
        assert told["choices"][0]["message"]["content"] == "yes"
        assert told["registry"]["members"][0]["error"] and "error" not in told["registry"]["members"][1]

    def test_when_all_fail_the_first_error_is_the_answer(self):
        self.member("dead")
        self.ensemble("v", "fan_out", "dead_base", "gone")
        answer = self.chat("v", stream=True)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "upstream_unreachable")
        self.idle()

    def test_a_synthesis_that_breaks_off_ends_the_stream_with_an_error(self):
        self.member("a", "x")
        breaks = streamed(openai_events("half")[:1], breaks_off=True)
        whole = json_reply(openai_chat("whole"))
        both = lambda connection, request: (breaks if request.json().get("stream") else whole)(connection, request)  # noqa: E731
        self.model("b", self.upstream({CHAT: both}))
        self.ensemble("f", "fan_out", "a_base", "b_base", judge="b_base")
        answer = self.chat("f", stream=True)
        assert answer.status_code == 200 and '{"error":' in answer.text and "[DONE]" not in answer.text
        self.idle()


@override_settings(MODEL_SOURCES=PROGRAMS)
class CircleTests(ProgramCase):
    def refused(self, name: str) -> str:
        answer = self.chat(name)
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["code"] == "recipe_cycle"
        self.idle()
        return answer.json()["error"]["message"]

    def test_an_ensemble_of_itself(self):
        self.member("a", "x")
        self.ensemble("v", "majority_vote", "a_base", "w_base")
        self.ensemble("w", "majority_vote", "a_base", "v_base")
        assert "v_base > w_base > v_base" in self.refused("v")

    def test_over_an_alias_and_an_overlay(self):
        self.model("v+x", recipe={"kind": "overlay", "base": "v_base", "parameters": {"seed": 1}})
        Alias.objects.create(name="loop", targets=["v+x_base"])
        self.ensemble("v", "cascade", "loop", "loop")
        assert "is made of itself" in self.refused("loop")

    def test_three_recipes_deep_is_called_and_four_is_not(self):
        self.member("a", "deep")
        self.ensemble("one", "majority_vote", "a_base")
        self.ensemble("two", "majority_vote", "one_base")
        self.ensemble("three", "majority_vote", "two_base")
        self.ensemble("four", "majority_vote", "three_base")
        assert self.chat("three").json()["choices"][0]["message"]["content"] == "deep"
        assert "3 recipes deep" in self.refused("four")


@override_settings(MODEL_SOURCES=PROGRAMS)
class QueueTests(ProgramCase):
    def test_many_calls_of_an_ensemble_whose_members_take_one_at_a_time_all_end(self):
        for name in ("a", "b"):
            self.member(name, "x")
            ModelServingConfig.objects.create(model_id=f"{name}_base", max_concurrent_requests=1)
        inner = self.ensemble("in", "majority_vote", "a_base", "b_base")
        row = self.ensemble("out", "fan_out", "in_base", "a_base", judge="b_base")
        for model in (inner, row):
            ModelServingConfig.objects.create(model=model, max_concurrent_requests=2)
        self.told()
        found: list[int] = []
        calls = [threading.Thread(target=lambda: found.append(self.chat("out").status_code)) for _ in range(12)]
        for call in calls:
            call.start()
        for call in calls:
            call.join(30)
        assert found == [200] * 12 and self.gateway.load.requests["out_base"] == 12
        self.idle()

    def test_a_caller_that_leaves_ends_the_members_calls(self):
        slow = self.upstream({CHAT: lambda connection, request: request.stopped.wait(20)})
        self.model("slow", slow)
        self.member("a", "x")
        self.ensemble("v", "majority_vote", "slow_base", "a_base")
        body = json.dumps({"model": "v", "messages": HELLO}).encode()
        host, _, port = self.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as connection:
            head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.key}\r\n"
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            wait_until(lambda: self.gateway.load.placements, 5, "the member is called")
        self.idle()
