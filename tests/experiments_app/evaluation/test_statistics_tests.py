"""Tests and intervals of shares and ranks, against scipy and against published examples."""

from __future__ import annotations

import random
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from experiments_app.evaluation.formulas.distributions import normal_quantile, student_quantile, student_tail
from experiments_app.evaluation.statistics import (
    holm,
    mcnemar_exact,
    paired_proportion_interval,
    rank_biserial,
    wilcoxon,
    wilson,
)


class TestWilson:
    def test_it_is_equal_to_scipy(self):
        for n in (1, 2, 7, 50, 1000):
            for successes in {0, 1, n // 3, n // 2, n - 1, n}:
                for confidence in (0.8, 0.95, 0.99):
                    expected = stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
                    found = wilson(successes, n, confidence)
                    assert found == pytest.approx((expected.low, expected.high), abs=1e-9)
                    assert 0 <= found[0] <= successes / n <= found[1] <= 1

    @pytest.mark.parametrize("arguments", [(0, 0), (3, 2), (-1, 2), (1, 2, 1.0), (1, 2, 0)])
    def test_arguments_that_make_no_sense_are_refused(self, arguments):
        with pytest.raises(ValueError, match="no such share|confidence must be between"):
            wilson(*arguments)


class TestMcNemar:
    def test_it_is_the_binomial_test_of_the_cases_that_differ(self):
        chance = random.Random(5)
        for b, c in [(chance.randint(0, 60), chance.randint(0, 60)) for _ in range(200)] + [(5, 0), (900, 1000)]:
            if b + c:
                assert mcnemar_exact(b, c) == pytest.approx(stats.binomtest(b, b + c, 0.5).pvalue, abs=1e-9)

    def test_thousands_of_cases_are_counted(self):
        assert mcnemar_exact(5100, 4900) == pytest.approx(stats.binomtest(5100, 10_000).pvalue, abs=1e-9)

    def test_without_a_case_that_differs_nothing_is_told(self):
        assert mcnemar_exact(0, 0) == 1.0
        with pytest.raises(ValueError, match="negative"):
            mcnemar_exact(-1, 2)


class TestPairedProportions:
    def test_a_published_example(self):
        # Altman et al., Statistics with Confidence, 2nd ed. 2000, p. 52: 0.122, 0.011 to 0.226.
        low, high = paired_proportion_interval(14, 5, 0, 22)
        assert (round(low, 3), round(high, 3)) == (0.011, 0.226)

    def test_the_other_way_round_it_is_mirrored(self):
        low, high = paired_proportion_interval(30, 12, 5, 20)
        assert paired_proportion_interval(30, 5, 12, 20) == pytest.approx((-high, -low), abs=1e-12)

    def test_it_stays_inside_its_range_and_holds_the_difference(self):
        for counts in [(0, 5, 0, 0), (0, 0, 5, 0), (1, 0, 0, 0), (0, 1, 1, 0), (9, 0, 0, 9), (0, 9, 9, 0)]:
            low, high = paired_proportion_interval(*counts)
            assert -1 <= low <= (counts[1] - counts[2]) / sum(counts) <= high <= 1

    def test_equal_results_are_not_taken_for_certainty(self):
        low, high = paired_proportion_interval(10, 0, 0, 0)
        assert low == pytest.approx(-high) and high == pytest.approx(1 - wilson(10, 10)[0])

    def test_arguments_that_make_no_sense_are_refused(self):
        with pytest.raises(ValueError, match="negative"):
            paired_proportion_interval(1, -1, 1, 1)
        with pytest.raises(ValueError, match="no such share"):
            paired_proportion_interval(0, 0, 0, 0)


class TestHolm:
    def test_an_example_by_hand(self):
        # 4 * 0.005, 3 * 0.01, 2 * 0.03, and 1 * 0.04 that may not be below the one before.
        assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02], abs=1e-12)

    def test_it_is_what_its_definition_says(self):
        chance = random.Random(6)
        for _ in range(100):
            given = [chance.choice([0.001, 0.01, 0.02, 0.2, 0.7]) for _ in range(chance.randint(1, 9))]
            ordered = sorted(given)
            steps = [min(1.0, p * (len(given) - i)) for i, p in enumerate(ordered)]
            by_value = {p: max(steps[: len(ordered) - ordered[::-1].index(p)]) for p in given}
            assert holm(given) == pytest.approx([by_value[p] for p in given], abs=1e-12)

    def test_edges(self):
        assert holm([]) == []
        assert holm([0.2]) == [0.2]
        with pytest.raises(ValueError, match="between 0 and 1"):
            holm([0.5, float("nan")])


class TestWilcoxon:
    @pytest.mark.parametrize("digits", [9, 1, 0])
    def test_it_is_equal_to_scipy_with_few_and_many_pairs_ties_and_zeros(self, digits):
        chance = np.random.default_rng(digits)
        for n in (3, 5, 8, 12, 13, 14, 20, 35, 49, 50, 51, 60, 90, 300):
            a, b = chance.normal(size=(2, n)).round(digits)
            assert wilcoxon(a.tolist(), b.tolist()) == pytest.approx(stats.wilcoxon(a, b).pvalue, abs=1e-9)

    def test_without_a_difference_nothing_is_told(self):
        assert wilcoxon([1, 2, 3], [1, 2, 3]) == 1.0
        assert rank_biserial([1, 2, 3], [1, 2, 3]) == 0.0

    def test_the_effect_size_is_the_share_of_ranks_for_less_against(self):
        assert rank_biserial([1, 0, 3], [0, 2, 0]) == pytest.approx((1 - 2 + 3) / 6)

    def test_arguments_that_make_no_sense_are_refused(self):
        for a, b in (([1], [1, 2]), ([], [])):
            with pytest.raises(ValueError, match="on the same cases"):
                wilcoxon(a, b)
        with pytest.raises(ValueError, match="not a finite number"):
            wilcoxon([float("nan")], [1])


class TestDistributions:
    def test_they_are_equal_to_scipy(self):
        for df in (1, 2, 5, 30, 999, 20_000):
            for t in (0, 1e-6, 0.3, 1.0, 1.96, 4.5, 30.0):
                assert student_tail(t, df) == pytest.approx(stats.t.sf(t, df), rel=1e-9)
            for tail in (0.5, 0.2, 0.025, 1e-5):
                assert student_quantile(tail, df) == pytest.approx(stats.t.isf(tail, df), rel=1e-9, abs=1e-9)
        assert normal_quantile(0.975) == pytest.approx(stats.norm.ppf(0.975), abs=1e-12)


def test_neither_scipy_nor_django_is_imported():
    code = (
        "import sys; from experiments_app.evaluation import metrics, statistics as s; s.wilcoxon([1, 2], [2, 4]);"
        "s.compare_paired([1, 0], [0, 1], kind='binary'); s.paired_bootstrap([1, 2, 4], [0, 3, 1]);"
        "metrics.rouge_l('a', 'a'); print([m for m in ('scipy', 'django', 'pandas') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
