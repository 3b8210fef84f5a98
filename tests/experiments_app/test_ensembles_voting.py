"""majority_vote and best_of_n."""

from __future__ import annotations

import pytest
from django.test import SimpleTestCase

from experiments_app.ensembles.answers import vote_of
from experiments_app.ensembles.judging import number_in
from tests.experiments_app.ensemble_case import Members, calling, chat, run, text_of
from unified_app.errors import RecipeCycle, UpstreamTimeout

EVEN = {"a": 1.0, "b": 1.0, "c": 1.0}


class VoteTests(SimpleTestCase):
    def test_what_most_say_wins_whatever_its_case_and_marks(self):
        reply = run("majority_vote", EVEN, Members({"a": "Rome", "b": "**Paris**.", "c": " paris"}))
        assert text_of(reply) == "**Paris**." and reply["registry"]["chosen"] == "b"

    def test_weights_count_more_than_heads(self):
        members = {"a": 2.5, "b": 1.0, "c": 1.0}
        assert text_of(run("majority_vote", members, Members({"a": "Rome", "b": "Paris", "c": "Paris"}))) == "Rome"

    def test_of_equal_votes_the_heaviest_member_wins_then_the_first(self):
        answers = {"a": "x", "b": "x", "c": "y"}
        assert text_of(run("majority_vote", {"a": 1.0, "b": 1.0, "c": 2.0}, Members(answers))) == "y"
        assert text_of(run("majority_vote", {"c": 1.0, "a": 1.0}, Members(answers))) == "y"
        assert text_of(run("majority_vote", {"a": 1.0, "c": 1.0}, Members(answers))) == "x"

    def test_weights_that_floats_cannot_add_exactly_are_equal(self):
        members = {"c": 0.3, "a": 0.1, "b": 0.2}
        assert text_of(run("majority_vote", members, Members({"a": "x", "b": "x", "c": "y"}))) == "y"

    def test_json_and_tool_calls_are_compared_as_data(self):
        assert vote_of(chat('{"a": 1, "b": [2]}')) == vote_of(chat('```json\n{"b":[2],"a":1}\n```'))
        assert vote_of(chat('{"a": 1}')) != vote_of(chat('{"a": 2}'))
        assert vote_of(calling("f", '{"x": 1, "y": 2}')) == vote_of(calling("f", '{"y":2,"x":1}'))
        assert vote_of(calling("f", "{}")) != vote_of(calling("g", "{}"))

    def test_thoughts_are_not_compared(self):
        assert vote_of(chat("<think>hm</think>Paris")) == vote_of(chat("paris."))

    def test_a_failure_is_survived_unless_all_fail(self):
        reply = run("majority_vote", EVEN, Members({"a": UpstreamTimeout("slow"), "b": "x"}))
        assert [member.get("error") for member in reply["registry"]["members"]][0] == "slow"
        assert reply["usage"]["total_tokens"] == 3
        with pytest.raises(UpstreamTimeout):
            run("majority_vote", EVEN, Members({"a": UpstreamTimeout("slow")}))

    def test_a_circle_is_never_survived(self):
        with pytest.raises(RecipeCycle):
            run("majority_vote", EVEN, Members({"a": "x", "b": RecipeCycle("circle"), "c": "x"}))

    def test_members_get_the_callers_body_without_what_is_ours(self):
        call = Members({"a": "x", "b": "x", "c": "x"})
        run("majority_vote", EVEN, call, {"temperature": 0.2, "n": 3, "tools": [1]})
        assert all(body.keys() == {"messages", "temperature", "tools"} for _, body in call.asked)


class BestOfTests(SimpleTestCase):
    def test_the_judge_picks_by_number(self):
        call = Members({"a": ["one", "two"], "judge": "2"})
        reply = run("best_of_n", {"a": 1.0}, call, {"seed": 5}, judge="judge", n=2)
        assert (text_of(reply), reply["registry"]["picked"]) == ("two", 2)
        assert [body.get("seed") for _, body in call.asked] == [5, 6, None]
        shown = call.asked[-1][1]["messages"][1]["content"]
        assert "capital of France" in shown and "Answer 1:\none" in shown and "Answer 2:\ntwo" in shown
        assert reply["usage"]["total_tokens"] == 9

    def test_a_judge_that_says_no_number_or_fails_leaves_it_to_weight(self):
        for said in ("Both are good, 2 maybe", "7", "0", "", UpstreamTimeout("slow")):
            call = Members({"a": "light", "b": "heavy", "judge": [said]})
            reply = run("best_of_n", {"a": 1.0, "b": 3.0}, call, judge="judge")
            assert text_of(reply) == "heavy" and reply["registry"]["judge_error"]

    def test_one_answer_that_is_left_needs_no_judge(self):
        call = Members({"a": "x", "b": UpstreamTimeout("slow")})
        assert text_of(run("best_of_n", {"a": 1.0, "b": 1.0}, call, judge="judge")) == "x"

    def test_a_number_is_read_strictly(self):
        assert [number_in(t, 3) for t in ("2", " **3**.", "(1)", "#2", "[2]")] == [2, 3, 1, 2, 2]
        assert [number_in(t, 3) for t in ("4", "0", "2 or 3", "two", "-1", "1.5", "Answer: 2", "")] == [None] * 8
