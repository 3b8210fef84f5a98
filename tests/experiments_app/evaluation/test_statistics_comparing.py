"""What is said of two models: no more than the cases tell."""

from __future__ import annotations

from math import isnan, nan

import numpy as np
import pytest

from experiments_app.evaluation.statistics import (
    Paired,
    cases_needed,
    compare_paired,
    kind_of,
    mcnemar_exact,
    paired_proportion_interval,
    verdict,
    wilcoxon,
)


def told(a, b, kind="binary", **how) -> str:
    found = compare_paired(a, b, kind=kind)
    return verdict(found, found.p_value, **how)


def passes(n11: int, n10: int, n01: int, n00: int) -> tuple[list[int], list[int]]:
    return [1] * (n11 + n10) + [0] * (n01 + n00), [1] * n11 + [0] * n10 + [1] * n01 + [0] * n00


class TestChoosingTheTest:
    def test_passes_are_told_by_mcnemar_and_newcombe(self):
        found = compare_paired(*passes(20, 12, 3, 5), kind="binary")
        assert (found.test, found.effect, found.n) == ("mcnemar_exact", "cohens_g", 40)
        assert found.p_value == mcnemar_exact(12, 3)
        assert (found.low, found.high) == paired_proportion_interval(20, 12, 3, 5)
        assert (found.difference, found.effect_size) == (pytest.approx(9 / 40), pytest.approx(0.3))

    def test_few_scores_that_differ_are_told_by_their_ranks(self):
        a, b = [0.9, 0.8, 0.7, 0.9, 0.5, 0.5], [0.1, 0.3, 0.2, 0.6, 0.5, 0.4]
        found = compare_paired(a, b, kind="continuous")
        assert (found.test, found.effect, found.effect_size) == ("wilcoxon", "rank_biserial", 1.0)
        assert found.p_value == pytest.approx(wilcoxon([0.8, 0.5, 0.5, 0.3, 0, 0.1], [0] * 6))

    def test_many_scores_are_told_by_the_bootstrap(self):
        a, b = np.random.default_rng(1).random((2, 60))
        found = compare_paired(a.tolist(), b.tolist(), kind="continuous")
        assert (found.test, found.effect) == ("paired_bootstrap", "cohens_dz")
        assert found.effect_size == pytest.approx((a - b).mean() / (a - b).std(ddof=1))

    def test_what_one_of_the_two_is_undecided_on_is_dropped_and_counted(self):
        found = compare_paired([1, None, 1, nan, 0], [0, 1, None, 1, 0], kind="binary")
        assert (found.n, found.dropped, found.difference) == (2, 3, 0.5)

    def test_without_a_pair_nothing_is_told(self):
        found = compare_paired([None], [1], kind="continuous")
        assert (found.n, found.dropped, found.test, found.p_value) == (0, 1, "none", 1.0)
        assert isnan(found.difference) and isnan(found.low)
        assert (verdict(found, 1.0), cases_needed(found, 1.0)) == ("not enough cases", None)

    def test_the_kind_follows_from_the_scores(self):
        assert kind_of([1, 0, None, True, 0.0]) == "binary"
        assert kind_of([1, 0, 1 / 3]) == "continuous"

    def test_arguments_that_make_no_sense_are_refused(self):
        with pytest.raises(ValueError, match="must be 0 or 1"):
            compare_paired([0.5], [1], kind="binary")
        with pytest.raises(ValueError, match="same cases are needed, not 1 and 2"):
            compare_paired([1], [1, 0], kind="binary")


class TestVerdict:
    def test_the_better_one_is_named_whichever_comes_first(self):
        a, b = passes(20, 15, 2, 3)
        assert (told(a, b), told(b, a)) == ("a", "b")
        assert told(a, b, lower_is_better=True) == "b"

    def test_the_correction_for_many_models_counts(self):
        found = compare_paired(*passes(20, 15, 2, 3), kind="binary")
        assert verdict(found, 0.05) == "not enough cases"

    def test_equal_results_on_few_cases_are_not_called_the_same(self):
        for kind in ("binary", "continuous"):
            assert told([1] * 10, [1] * 10, kind) == "not enough cases"
            assert told([1] * 72, [1] * 72, kind) == "not enough cases"
            assert told([1] * 73, [1] * 73, kind) == "same"

    def test_few_scores_close_together_are_not_called_the_same(self):
        a = [0.5, 0.6, 0.7, 0.8, 0.9]
        assert told(a, [x + 0.001 * (x > 0.8) for x in a], "continuous") == "not enough cases"

    def test_a_difference_inside_the_margin_is_the_same(self):
        a, b = passes(480, 11, 9, 500)
        assert told(a, b) == "same"
        assert told(a, b, margin=0.005) == "not enough cases"

    def test_the_interval_is_never_contradicted(self):
        found = Paired(-0.1, -0.3, 0.1, 0.01, "wilcoxon", 0.9, "rank_biserial", 20, 0, 0.4)
        assert verdict(found, 0.01) == "not enough cases"

    def test_all_winning_by_the_same_is_no_certainty(self):
        found = compare_paired([1] * 8, [0.3] * 8, kind="continuous")
        assert 0.3 < found.low < found.difference < found.high == 1.0
        assert verdict(found, found.p_value) == "a"

    def test_what_computers_round_is_no_spread(self):
        found = compare_paired([0.3, 0.9, 0.7, 0.1], [0.2, 0.8, 0.6, 0.0], kind="continuous")
        assert (found.sd, found.difference) == (0.0, pytest.approx(0.1))
        assert found.high - found.low > 0.5


class TestCasesNeeded:
    @pytest.mark.parametrize("kind", ["binary", "continuous"])
    def test_it_is_more_than_there_are_and_settles_it_when_they_go_on_like_that(self, kind):
        a, b = passes(14, 5, 3, 3)
        found = compare_paired(a, b, kind=kind)
        needed = cases_needed(found, found.p_value)
        assert found.n < needed
        times = -(-needed // len(a))
        assert told(a * times, b * times, kind) == "a"

    def test_models_that_look_alike_need_cases_to_be_called_the_same(self):
        for kind in ("binary", "continuous"):
            a, b = passes(20, 2, 2, 16)
            found = compare_paired(a, b, kind=kind)
            needed = cases_needed(found, found.p_value)
            times = -(-needed // len(a))
            assert told(a * times, b * times, kind) == "same"

    def test_many_comparisons_need_more_cases(self):
        found = compare_paired(*passes(20, 12, 5, 23), kind="binary")
        assert cases_needed(found, min(1.0, 45 * found.p_value)) > cases_needed(found, found.p_value)

    def test_equal_results_need_as_many_as_show_that_unlike_ones_are_rare(self):
        found = compare_paired([0.5] * 10, [0.5] * 10, kind="continuous")
        assert cases_needed(found, 1.0) == 73

    def test_five_wins_of_five_need_one_more(self):
        assert cases_needed(compare_paired(*passes(0, 5, 0, 0), kind="binary"), 0.0625) == 6

    def test_where_the_forecast_says_that_there_are_enough_one_more_is_needed(self):
        found = Paired(0.2, -0.01, 0.4, 0.2, "wilcoxon", 0.2, "rank_biserial", 30, 0, 0.1)
        assert cases_needed(found, 0.2) == 31

    def test_one_case_tells_nothing_of_how_many(self):
        assert cases_needed(compare_paired([1], [0], kind="binary"), 1.0) is None
