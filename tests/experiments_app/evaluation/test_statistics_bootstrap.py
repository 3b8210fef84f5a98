"""Intervals by drawing again: against scipy's, what they cover, and their edges."""

from __future__ import annotations

from math import nan

import numpy as np
import pytest
from scipy import stats

from experiments_app.evaluation.formulas import bootstrap, correlation_resamples
from experiments_app.evaluation.metrics import spearman
from experiments_app.evaluation.statistics import bootstrap_ci, paired_bootstrap


def scores(seed: int, n: int) -> list[float]:
    return np.random.default_rng(seed).beta(2, 1, n).tolist()


class TestMeans:
    def test_with_many_values_it_is_scipys_interval(self):
        values = scores(1, 400)
        expected = stats.bootstrap((values,), np.mean, n_resamples=4000, rng=np.random.default_rng(1))
        width = expected.confidence_interval.high - expected.confidence_interval.low
        assert bootstrap_ci(values) == pytest.approx(tuple(expected.confidence_interval), abs=0.1 * width)

    def test_the_same_seed_gives_the_same_numbers(self):
        values = scores(2, 30)
        first = bootstrap_ci(values)
        bootstrap_ci(scores(3, 31))
        assert bootstrap_ci(values) == first != bootstrap_ci(values, seed=1)

    def test_more_confidence_is_a_wider_interval(self):
        values = scores(4, 30)
        (low, high), (lower, higher) = bootstrap_ci(values), bootstrap_ci(values, confidence=0.99)
        assert lower < low < sum(values) / 30 < high < higher

    def test_more_draws_than_fit_at_once_are_drawn_in_blocks(self):
        values = scores(5, 5_000)
        low, high = bootstrap_ci(values)
        half = 1.96 * np.std(values) / 5_000**0.5
        assert (high - low) / 2 == pytest.approx(half, rel=0.1)

    def test_the_draws_are_made_once_for_all_models_of_a_large_suite(self):
        bootstrap._counts.cache_clear()
        for seed in range(3):
            bootstrap_ci(scores(seed, 3_000))
        told = bootstrap._counts.cache_info()
        assert (told.misses, told.hits) == (4, 8)

    @pytest.mark.parametrize(("sample", "mean"), [("normal", 0.0), ("rare", 0.05)])
    def test_it_covers_what_it_says(self, sample, mean):
        chance = np.random.default_rng(6)
        hits = 0
        for _ in range(400):
            drawn = chance.normal(size=40)
            values = drawn if sample == "normal" else np.where(chance.random(40) < 0.5, 0, drawn) + mean
            low, high = bootstrap_ci(values.tolist(), resamples=1000)
            hits += low <= mean <= high
        # Two standard errors of 400 trials.
        assert hits / 400 > 0.95 - 0.022

    def test_it_is_never_narrower_than_students(self):
        for seed, n in enumerate([5, 20, 20, 60, 60, 200]):
            values = np.random.default_rng(seed).lognormal(0, 1, n)
            low, high = stats.t.interval(0.95, n - 1, values.mean(), stats.sem(values))
            found = bootstrap_ci(values.tolist())
            assert found[0] <= low + 1e-9 and found[1] >= high - 1e-9

    def test_values_without_spread_are_their_own_interval(self):
        assert bootstrap_ci([0.5, 0.5]) == bootstrap_ci([0.5]) == (0.5, 0.5)

    @pytest.mark.parametrize("values", [[], [1.0, nan]])
    def test_values_that_make_no_sense_are_refused(self, values):
        with pytest.raises(ValueError, match="no value|not a finite"):
            bootstrap_ci(values)


class TestPairs:
    def test_it_tells_a_difference_that_is_there(self):
        a, b = scores(7, 100), scores(8, 100)
        difference, low, high, p = paired_bootstrap([x + 0.3 for x in a], b)
        assert difference == pytest.approx(np.mean(a) + 0.3 - np.mean(b))
        assert 0 < low < difference < high and p < 0.001

    def test_a_p_value_can_be_smaller_than_one_resample(self):
        # With hundreds of pairs of models Holm needs it.
        a = scores(9, 200)
        chance = np.random.default_rng(1)
        b = [x - 0.1 + 0.05 * chance.normal() for x in a]
        assert paired_bootstrap(a, b)[3] == pytest.approx(stats.ttest_rel(a, b).pvalue, rel=1e-6)

    def test_p_value_and_interval_agree(self):
        for seed in range(100):
            chance = np.random.default_rng(seed)
            a, b = chance.normal(size=(2, 40))
            _, low, high, p = paired_bootstrap((a + 0.45).tolist(), b.tolist())
            if abs(p - 0.05) > 0.002:
                assert (p < 0.05) == (low > 0 or high < 0), seed

    def test_the_other_way_round_the_difference_is_the_opposite(self):
        a, b = scores(10, 50), scores(11, 50)
        difference, low, high, p = paired_bootstrap(a, b)
        other, lower, higher, q = paired_bootstrap(b, a)
        assert (other, lower, higher, q) == pytest.approx((-difference, -high, -low, p), abs=1e-3)

    def test_differences_without_spread(self):
        assert paired_bootstrap([1, 2, 3], [1, 2, 3]) == (0, 0, 0, 1)
        assert paired_bootstrap([2, 3, 4], [1, 2, 3]) == (1, 1, 1, 0.25)
        assert paired_bootstrap([2], [1]) == (1, 1, 1, 1)

    def test_other_lengths_are_refused(self):
        with pytest.raises(ValueError, match="on the same cases"):
            paired_bootstrap([1], [1, 2])


class TestCorrelations:
    @pytest.mark.parametrize(("how", "correlate"), [("spearman", stats.spearmanr), ("pearson", stats.pearsonr)])
    def test_each_resample_has_scipys_correlation_of_the_cases_in_it(self, how, correlate):
        chance = np.random.default_rng(12)
        a = chance.integers(0, 6, 40).astype(float)
        b = np.round(a + chance.normal(size=40))
        pairs = tuple(zip(a.tolist(), b.tolist(), strict=True))
        [weights] = correlation_resamples._weights(40, 3, 50)
        drawn = [np.repeat(np.arange(40), each.astype(int)) for each in weights]
        wanted = [correlate(a[cases], b[cases]).statistic for cases in drawn]
        assert correlation_resamples._drawn(pairs, how, 3, 50) == pytest.approx(wanted, abs=1e-9)

    def test_the_interval_is_close_to_fishers(self):
        chance = np.random.default_rng(12)
        a = chance.normal(size=100)
        pairs = list(zip(a.tolist(), (a + chance.normal(size=100)).tolist(), strict=True))
        low, high = correlation_resamples.correlation_interval(pairs, "spearman")
        middle, half = np.arctanh(spearman(*zip(*pairs, strict=True))), 1.96 / 97**0.5
        assert (low, high) == pytest.approx((np.tanh(middle - half), np.tanh(middle + half)), abs=0.06)
