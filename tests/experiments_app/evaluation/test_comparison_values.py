"""Comparisons as plain data: values with intervals, undecided results, repeats, correlations, ranks, slices."""

from __future__ import annotations

from math import isnan

import pytest

from experiments_app.evaluation.comparing import Field, compare
from experiments_app.evaluation.estimates import estimate, sample_of, scale_of
from experiments_app.evaluation.formulas.proportions import wilson
from experiments_app.evaluation.measures import Row, UnknownMetric, main_metric, metric_named, names_in
from experiments_app.evaluation.metrics import pass_at_k, pass_hat_k, spearman


def passes(*verdicts, **more):
    """A row for each case; a list has a verdict for each repeat."""
    return [
        Row(case, repeat, False, verdict, **more)
        for case, each in enumerate(verdicts)
        for repeat, verdict in enumerate(each if isinstance(each, list) else [each])
    ]


def scores(*values, name="like", gold=None):
    told = [{"gold": gold[case]} if gold else {} for case in range(len(values))]
    return [
        Row(case, 0, False, True, [{"name": name, "score": value, "passed": None, "values": told[case]}])
        for case, value in enumerate(values)
    ]


def compared(metric, repeats=1, evaluators=("like",), tags=None, **models):
    return compare(Field(metric_named(metric, evaluators, repeats), models, repeats, tags or {}))


def row_of(document, model):
    return next(row for row in document["models"] if row["model"] == model)


class TestValues:
    def test_passes_have_wilsons_interval(self):
        row = row_of(compared("pass", a=passes(*[True] * 30, *[False] * 10)), "a")
        assert (row["value"], row["low"], row["high"]) == (0.75, *wilson(30, 40))
        assert (row["n"], row["interval"], row["rank"]) == (40, "wilson", 1)

    def test_undecided_and_failed_results_are_counted_and_in_no_value(self):
        rows = [*passes(True, None, False), Row(3, 0, True, None)]
        row = row_of(compared("pass", a=rows), "a")
        assert (row["value"], row["n"], row["undecided"], row["failed"], row["results"]) == (0.5, 2, 1, 1, 4)

    def test_pairs_are_of_cases_that_both_have(self):
        [pair] = compared("pass", a=passes(True, None, True, True), b=passes(False, True, True, None))["pairs"]
        assert (pair["difference"], pair["n"], pair["dropped"], pair["test"]) == (0.5, 2, 2, "mcnemar_exact")

    def test_repeats_of_a_case_count_as_one_case(self):
        rows = passes(*[[True, False]] * 20, *[[True, True]] * 20)
        document = compared("pass", repeats=2, a=rows, b=passes(*[[False, False]] * 40))
        row = row_of(document, "a")
        assert (row["value"], row["n"], row["interval"]) == (0.75, 40, "bootstrap")
        assert document["pairs"][0]["test"] == "paired_bootstrap"

    def test_values_that_are_all_equal_are_not_taken_for_certain(self):
        row = row_of(compared("like", a=scores(0.5, 0.5, 0.5)), "a")
        assert row["low"] < 0.5 < row["high"]

    def test_a_model_without_a_value_comes_last_without_a_rank(self):
        document = compared("pass", a=passes(None, None), b=passes(False, False))
        assert [row["model"] for row in document["models"]] == ["b", "a"]
        assert row_of(document, "a")["rank"] is None and row_of(document, "a")["value"] is None
        assert document["pairs"][0]["verdict"] == "not enough cases"

    def test_little_is_good_of_a_time(self):
        slow = passes(*[True] * 40, latency=3.0)
        quick = [row._replace(latency=1.0 + row.case / 100) for row in slow]
        document = compared("latency", slow=slow, quick=quick)
        assert [row["model"] for row in document["models"]] == ["quick", "slow"]
        assert document["pairs"][0]["verdict"] == "b" and not document["higher_is_better"]

    def test_little_is_good_of_an_error(self):
        near, far = (scores(*[0.0] * 40) for _ in "ab")
        for rows, off_by in ((near, 1.0), (far, 5.0)):
            for row in rows:
                row.scores[0]["values"] = {"off_by": off_by + row.case / 100, "position_bias": off_by / 5}
        for metric in ("like.off_by", "like.position_bias"):
            document = compared(metric, far=far, near=near)
            assert document["pairs"][0]["verdict"] == "b" and not document["higher_is_better"]
            assert [row["rank"] for row in document["models"]] == [1, 2]

    def test_an_answer_with_a_number_beyond_all_bounds_ends_no_comparison(self):
        wild, mild = scores(0.1, 0.2, 0.3), scores(0.1, 0.2, 0.3)
        for row, off_by in zip((*wild, *mild), (1e308, 1e308, 1.0, 2.0, 2.0, 3.0), strict=True):
            row.scores[0]["values"] = {"off_by": off_by}
        document = compared("like.off_by", wild=wild, mild=mild)
        assert [row["model"] for row in document["models"]] == ["mild", "wild"]
        assert row_of(document, "wild")["value"] == pytest.approx(2e100 / 3)

    def test_models_that_cost_nothing_cost_the_same(self):
        rows = passes(*[True] * 10, cost=0.0)
        assert compared("cost", a=rows, b=rows)["pairs"][0]["verdict"] == "same"


class TestTries:
    def test_pass_at_k_and_pass_hat_k_are_means_over_the_cases(self):
        rows = passes([True, False, False], [True, True, False])
        at, hat = (row_of(compared(name, repeats=3, a=rows), "a") for name in ("pass@2", "pass^2"))
        assert at["value"] == pytest.approx((pass_at_k(3, 1, 2) + pass_at_k(3, 2, 2)) / 2)
        assert hat["value"] == pytest.approx((pass_hat_k(3, 1, 2) + pass_hat_k(3, 2, 2)) / 2)

    def test_a_case_with_too_few_decided_tries_has_none(self):
        assert row_of(compared("pass@2", repeats=2, a=passes([True, None], [True, False])), "a")["n"] == 1

    def test_more_tries_than_repeats_are_no_metric(self):
        with pytest.raises(UnknownMetric, match="needs 3 repeats"):
            metric_named("pass@3", (), 2)

    def test_k_is_the_number_of_repeats(self):
        assert metric_named("pass^k", (), 4).k == 4


class TestCorrelations:
    gold = [float(i % 7) for i in range(60)]

    def test_the_value_is_of_all_cases_together(self):
        told = [gold + (i * 37 % 11) / 3 for i, gold in enumerate(self.gold)]
        row = row_of(compared("like.spearman", a=scores(*told, gold=self.gold)), "a")
        assert row["value"] == pytest.approx(spearman(told, self.gold))
        assert row["low"] < row["value"] < row["high"] <= 1

    def test_a_better_one_is_found_better(self):
        noise = [(i * 7919 % 101) / 10 for i in range(60)]
        good, bad = ([gold + share * n for gold, n in zip(self.gold, noise, strict=True)] for share in (0.05, 2))
        document = compared("like.pearson", a=scores(*good, gold=self.gold), b=scores(*bad, gold=self.gold))
        [pair] = document["pairs"]
        assert pair["verdict"] == "a" and pair["effect"] == "cohens_q" and pair["low"] > 0
        assert [row["rank"] for row in document["models"]] == [1, 2]

    def test_a_constant_one_has_none(self):
        row = row_of(compared("like.spearman", a=scores(*[1.0] * 60, gold=self.gold)), "a")
        assert row["value"] is None and row["rank"] is None

    def test_a_constant_one_is_compared_with_others_without_a_number(self):
        told, same = scores(*self.gold, gold=self.gold), scores(*[1.0] * 60, gold=self.gold)
        [pair] = compared("like.spearman", a=told, b=same)["pairs"]
        assert (pair["difference"], pair["p_value"], pair["cases_needed"]) == (None, 1.0, None)
        assert pair["verdict"] == "not enough cases"

    def test_a_few_cases_do_not_tell_even_of_opposites(self):
        for n in (2, 3, 4, 5):
            gold = self.gold[:n]
            document = compared("like.spearman", a=scores(*gold, gold=gold), b=scores(*[-g for g in gold], gold=gold))
            [pair], row = document["pairs"], row_of(document, "a")
            assert (pair["verdict"], pair["p_value"]) == ("not enough cases", 2.0 ** (1 - n))
            assert row["low"] < 0.5 and row["high"] == 1.0

    def test_two_that_say_the_same_are_the_same_when_enough_cases_were_seen(self):
        for times, verdict in ((1, "not enough cases"), (3, "same")):
            rows = scores(*[g * g for g in self.gold * times], gold=self.gold * times)
            [pair] = compared("like.pearson", a=rows, b=rows)["pairs"]
            assert (pair["difference"], pair["verdict"]) == (0.0, verdict)
            assert pair["low"] < 0 < pair["high"]


class TestStandings:
    def test_models_that_cannot_be_told_apart_share_a_rank(self):
        good, same, bad = (passes(*[i % 10 < share for i in range(100)]) for share in (9, 9, 3))
        document = compared("pass", good=good, same=same, bad=bad)
        assert [(row["model"], row["rank"]) for row in document["models"]] == [("good", 1), ("same", 1), ("bad", 3)]

    def test_the_front_is_of_quality_latency_and_cost(self):
        best = passes(*[True] * 20, latency=9.0, cost=0.0)
        quick = passes(*[True] * 10, *[False] * 10, latency=1.0, cost=0.0)
        beaten = passes(*[True] * 10, *[False] * 10, latency=9.0, cost=0.0)
        document = compared("pass", best=best, quick=quick, beaten=beaten)
        assert set(document["pareto"]) == {"best", "quick"}

    def test_slices_are_by_tag(self):
        document = compared("pass", tags={0: ["x"], 1: ["x", "y"], 2: []}, a=passes(True, False, True))
        told = {each["tag"]: (each["cases"], each["models"]["a"]["value"]) for each in document["tags"]}
        assert told == {"x": (2, 0.5), "y": (1, 0.0)}

    def test_p_values_are_corrected_for_all_pairs(self):
        rows = {name: passes(*[i < share for i in range(20)]) for name, share in (("a", 18), ("b", 8), ("c", 7))}
        pairs = compared("pass", **rows)["pairs"]
        assert all(pair["p_adjusted"] >= pair["p_value"] for pair in pairs)
        assert min(pair["p_adjusted"] for pair in pairs) == pytest.approx(3 * min(pair["p_value"] for pair in pairs))


class TestNames:
    def test_an_evaluators_value_is_found_behind_its_name(self):
        metric = metric_named("my.eval.ndcg@10", ("my", "my.eval"))
        assert (metric.evaluator, metric.key) == ("my.eval", "ndcg@10")

    def test_what_results_have_is_listed(self):
        rows = scores(0.1, 0.2, gold=[1.0, 2.0])
        assert names_in(rows, ["like"]) == ["pass", "like", "like.spearman", "like.pearson"]

    def test_where_nothing_gives_verdicts_the_suite_is_about_what_is_measured(self):
        assert main_metric(scores(0.1), ["like"]) == "like"
        assert main_metric(scores(0.1, gold=[1.0]), ["like"]) == "like.spearman"
        rows = [Row(0, 0, False, True, [{"name": "like", "score": 1.0, "passed": True}])]
        assert main_metric(rows, ["like"]) == "pass"

    def test_nothing_has_no_value(self):
        metric = metric_named("pass", ())
        sample = sample_of("a", metric, [])
        assert isnan(estimate(metric, sample, scale_of(metric, [sample], 1)).value)
