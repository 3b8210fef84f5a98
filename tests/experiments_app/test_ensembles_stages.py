"""cascade and fan_out, whole and streamed."""

from __future__ import annotations

import math

import pytest
from django.test import SimpleTestCase

from experiments_app.ensembles import program
from tests.experiments_app.ensemble_case import Members, calling, chat, run, text_of
from unified_app.errors import InvalidInput, UpstreamTimeout

TWO = {"small": 1.0, "big": 1.0}


def said(chunks: list[dict]) -> str:
    return "".join(c["delta"].get("content") or "" for chunk in chunks for c in chunk["choices"])


class CascadeTests(SimpleTestCase):
    def test_a_sure_answer_asks_nobody_else(self):
        call = Members({"small": chat("Paris", logprobs=[-0.01, -0.02])})
        reply = run("cascade", TWO, call, threshold=0.9)
        assert text_of(reply) == "Paris" and [name for name, _ in call.asked] == ["small"]
        assert "logprobs" not in reply["choices"][0] and call.asked[0][1]["logprobs"] is True

    def test_an_unsure_one_asks_the_next(self):
        call = Members({"small": chat("Lyon", logprobs=[math.log(0.9), math.log(0.3)]), "big": "Paris"})
        reply = run("cascade", TWO, call, threshold=0.7)
        assert text_of(reply) == "Paris" and reply["registry"]["chosen"] == "big"
        assert reply["registry"]["confidence"] == [{"model": "small", "value": 0.6}]
        assert "logprobs" not in call.asked[1][1]

    def test_without_probabilities_it_must_say_the_same_twice(self):
        assert text_of(run("cascade", TWO, Members({"small": ["Paris", "paris."]}))) == "Paris"
        assert text_of(run("cascade", TWO, Members({"small": ["Lyon", "Nice"], "big": "Paris"}))) == "Paris"

    def test_a_judge_says_how_sure_it_is(self):
        for verdict, answer in (("95", "Lyon"), ("10%", "Paris")):
            call = Members({"small": "Lyon", "big": "Paris", "judge": verdict})
            assert text_of(run("cascade", TWO, call, judge="judge")) == answer

    def test_a_stage_that_fails_asks_the_next_and_a_last_one_that_fails_leaves_what_is_there(self):
        failed = UpstreamTimeout("slow")
        assert text_of(run("cascade", TWO, Members({"small": failed, "big": "Paris"}))) == "Paris"
        assert text_of(run("cascade", TWO, Members({"small": ["Lyon", "Nice"], "big": failed}))) == "Lyon"
        with pytest.raises(UpstreamTimeout, match="first"):
            run("cascade", TWO, Members({"small": UpstreamTimeout("first"), "big": failed}))

    def test_an_upstream_that_knows_no_logprobs_is_asked_without(self):
        call = Members({"small": [InvalidInput("logprobs?"), "Paris"]})
        assert text_of(run("cascade", TWO, call)) == "Paris"
        assert [("logprobs" in body) for _, body in call.asked] == [True, False, False]

    def test_the_last_stage_is_streamed_and_an_earlier_one_comes_whole(self):
        last = run("cascade", TWO, Members({"small": ["Lyon", "Nice"], "big": "Paris"}), {"stream": True})
        assert said(last) == "Paris" and len(last) == 7
        assert last[-2]["registry"]["chosen"] == "big" and last[-1]["usage"]["total_tokens"] == 9
        first = run("cascade", TWO, Members({"small": ["Paris", "Paris"]}), {"stream": True})
        assert text_of(first) == "Paris"


class FanOutTests(SimpleTestCase):
    def test_the_judge_makes_one_answer_of_all(self):
        call = Members({"small": "It is Paris", "big": "Paris!", "judge": "Paris."})
        reply = run("fan_out", TWO, call, {"tools": [1], "max_tokens": 9}, judge="judge")
        name, body = call.asked[-1]
        assert (text_of(reply), name, reply["registry"]["chosen"]) == ("Paris.", "judge", "judge")
        assert body.keys() == {"messages", "max_tokens"} and "It is Paris" in body["messages"][1]["content"]

    def test_without_a_judge_the_first_that_answered_does(self):
        call = Members({"small": UpstreamTimeout("x"), "mid": ["a", "both"], "big": "b"})
        reply = run("fan_out", {"small": 1.0, "mid": 1.0, "big": 1.0}, call)
        assert (text_of(reply), call.asked[-1][0]) == ("both", "mid")

    def test_one_answer_that_is_left_is_the_answer(self):
        call = Members({"small": UpstreamTimeout("x"), "big": "Paris"})
        assert text_of(run("fan_out", TWO, call)) == "Paris" and len(call.asked) == 2

    def test_when_the_judge_fails_the_heaviest_answer_is_taken(self):
        reply = run("fan_out", {"small": 1.0, "big": 2.0}, Members({"small": "a", "big": "b"}), judge="judge")
        assert text_of(reply) == "b" and reply["registry"]["judge_error"]

    def test_calls_of_tools_are_put_to_the_vote(self):
        call = Members({"a": calling("f", '{"x":1}'), "b": calling("g", "{}"), "c": calling("f", '{"x": 1}')})
        reply = run("fan_out", {"b": 1.0, "a": 1.0, "c": 1.0}, call)
        assert reply["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "f"

    def test_it_is_streamed(self):
        chunks = run(
            "fan_out", TWO, Members({"small": "a", "big": "b", "judge": "Paris"}), {"stream": True}, judge="judge"
        )
        assert said(chunks) == "Paris" and [m["tokens"] for m in chunks[-2]["registry"]["members"]] == [3, 3, 3]


class BuildTests(SimpleTestCase):
    def test_only_ensembles_that_are_known_are_built(self):
        for recipe in ({}, {"kind": "overlay"}, {"kind": "ensemble", "strategy": "magic", "members": [{"model": "a"}]}):
            assert program.build(recipe) is None
