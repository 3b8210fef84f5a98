"""Rules of a gate: the arithmetic, and files of rules."""

from __future__ import annotations

import pytest

from experiments_app.evaluation.rules import Measured, Rule, check, p95, read_rules
from unified_app.errors import InvalidInput


def passes(count: int, of: int = 100) -> Measured:
    return Measured("m", [1.0] * count + [0.0] * (of - count))


class TestDrops:
    def test_a_drop_of_exactly_the_allowed_points_holds_and_more_does_not(self):
        rule = Rule(compare_to="b", max_drop_points=2)
        assert check(rule, passes(88), passes(90)).state == "passed"
        broken = check(rule, passes(87), passes(90))
        assert (broken.state, broken.drop, broken.cases) == ("failed", pytest.approx(3), 100)
        assert broken.low < 3 < broken.high
        assert "fell by 3.00 points" in broken.reasons[0]

    def test_a_rise_is_no_drop(self):
        assert check(Rule(max_drop_points=0), passes(95), passes(90)).drop == pytest.approx(-5)
        assert check(Rule(max_drop_points=0), passes(95), passes(90)).holds

    def test_means_of_scores_count_too(self):
        verdict = check(Rule(max_drop_points=1), Measured("a", [0.5, 0.7]), Measured("b", [0.6, 0.7]))
        assert (verdict.state, verdict.drop) == ("failed", pytest.approx(5))

    def test_undecided_cases_are_left_out_in_pairs_and_told(self):
        a, b = Measured("a", [1.0, None, 1.0, 0.0]), Measured("b", [1.0, 1.0, None, 0.0])
        verdict = check(Rule(max_drop_points=0), a, b)
        assert (verdict.state, verdict.cases) == ("passed", 2)
        assert "2 failed or undecided left out" in verdict.reasons[0]

    def test_cases_that_the_metric_is_not_for_do_not_count(self):
        values = [1.0, 0.0, None, None, None]
        verdict = check(Rule(max_drop_points=0), Measured("a", values), Measured("b", values))
        assert (verdict.state, verdict.cases) == ("passed", 2) and "left out" not in verdict.reasons[0]

    def test_a_model_that_answers_few_cases_does_not_pass_by_those(self):
        verdict = check(Rule(max_drop_points=0), Measured("a", [1.0] + [None] * 99), passes(90))
        assert (verdict.state, verdict.holds, verdict.cases) == ("unknown", False, 0)
        assert verdict.reasons[0].startswith("Only 1 of 100 cases have a value of pass for both models;")

    def test_nothing_to_decide_on_is_unknown_and_does_not_hold(self):
        rule = Rule(max_drop_points=1)
        for a, b in ((passes(1), None), (Measured("a", [None]), Measured("b", [1.0])), (passes(1), passes(1, of=7))):
            assert check(rule, a, b).state == "unknown"
            assert not check(rule, a, b).holds


class TestTimes:
    def test_the_percentile_is_of_the_nearest_rank(self):
        assert p95([float(n) for n in range(1, 101)]) == 95
        assert p95([float(n) for n in range(1, 21)]) == 19
        assert (p95([3.0, 1.0]), p95([])) == (3.0, None)

    def test_both_limits_must_hold(self):
        rule = Rule(max_drop_points=0, p95_seconds=1)
        assert check(rule, Measured("a", [1.0], [2.0]), Measured("b", [1.0])).state == "failed"
        assert check(rule, Measured("a", [1.0], [1.0]), Measured("b", [1.0])).state == "passed"
        assert check(rule, Measured("a", [1.0], []), Measured("b", [1.0])).state == "unknown"
        assert check(rule, Measured("a", [0.0], []), Measured("b", [1.0])).state == "failed"


class TestFiles:
    def test_rules_are_read(self):
        (rule,) = read_rules([{"suite": "s", "compare_to": "champion", "max_drop_points": 2, "p95_seconds": 3}])
        assert rule == Rule("s", "pass", "champion", 2, 3)
        assert str(rule) == "pass not more than 2 points below champion, p95 at most 3 s"

    @pytest.mark.parametrize(
        ("document", "path"),
        [
            ([], "gate"),
            ({}, "gate"),
            (["x"], "gate[0]"),
            ([{}], "gate[0]"),
            ([{"max_drop": 2}], "gate[0].max_drop"),
            ([{"max_drop_points": 2}], "gate[0].compare_to"),
            ([{"max_drop_points": -1, "compare_to": "b"}], "gate[0].max_drop_points"),
            ([{"p95_seconds": "3"}], "gate[0].p95_seconds"),
            ([{"metric": "latency", "max_drop_points": 1, "compare_to": "b"}], "gate[0].metric"),
        ],
    )
    def test_a_rule_that_nobody_would_check_is_refused(self, document, path):
        with pytest.raises(InvalidInput) as error:
            read_rules(document)
        assert list(error.value.details) == [path]
