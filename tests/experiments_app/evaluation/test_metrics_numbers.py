"""Correlations against scipy, chances of passing against counting all draws."""

from __future__ import annotations

from itertools import combinations
from math import inf, isnan, nan

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics.pairwise import cosine_similarity as reference_cosine

from experiments_app.evaluation.metrics import cosine_similarity, pass_at_k, pass_hat_k, pearson, spearman


def lists(count: int):
    """Yield pairs of lists, every second with many ties."""
    chance = np.random.default_rng(3)
    for number in range(count):
        n = int(chance.integers(5, 60))
        a = chance.normal(size=n)
        b = 0.5 * a + chance.normal(size=n)
        yield [one.round(number % 2 or 9).tolist() for one in (a, b)]


class TestCorrelations:
    def test_pearson_is_equal_to_scipy(self):
        for a, b in lists(200):
            assert pearson(a, b) == pytest.approx(stats.pearsonr(a, b).statistic, abs=1e-9)

    def test_spearman_is_equal_to_scipy_with_ties_too(self):
        for a, b in lists(200):
            assert spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-9)

    def test_big_numbers_close_together_keep_their_digits(self):
        a = [1e9 + one for one in (0, 1, 2, 4)]
        assert pearson(a, [0, 1, 2, 4]) == pytest.approx(1.0, abs=1e-9)

    @pytest.mark.parametrize("metric", [pearson, spearman])
    def test_a_constant_or_a_gap_has_no_correlation(self, metric):
        assert isnan(metric([1, 1, 1], [1, 2, 3]))
        assert isnan(metric([1, 2, 3], [0.1, 0.1, 0.1]))
        assert isnan(metric([1, 2, nan], [1, 2, 3]))
        assert isnan(metric([1, 2, inf], [1, 2, 3]))

    @pytest.mark.parametrize("metric", [pearson, spearman])
    def test_arguments_that_make_no_sense_are_named(self, metric):
        with pytest.raises(ValueError, match="one length, not 2 and 3"):
            metric([1, 2], [1, 2, 3])
        with pytest.raises(ValueError, match="two pairs"):
            metric([1], [1])


class TestCosine:
    def test_it_is_equal_to_scikit_learn(self):
        chance = np.random.default_rng(4)
        for n in (1, 2, 50, 768):
            a, b = chance.normal(size=(2, n))
            assert cosine_similarity(a.tolist(), b.tolist()) == pytest.approx(
                reference_cosine([a], [b])[0, 0], abs=1e-9
            )

    def test_it_stays_inside_its_range(self):
        assert cosine_similarity([0.1] * 3, [0.3] * 3) <= 1.0
        assert cosine_similarity([1e300, 1e300], [1e300, 1e300]) == pytest.approx(1.0)

    def test_without_a_direction_there_is_none(self):
        assert isnan(cosine_similarity([0, 0], [1, 2]))
        with pytest.raises(ValueError, match="of one length"):
            cosine_similarity([1], [1, 2])


class TestPassing:
    def test_both_are_equal_to_counting_all_draws(self):
        for n in range(1, 8):
            for c in range(n + 1):
                for k in range(1, n + 1):
                    draws = [[one < c for one in draw] for draw in combinations(range(n), k)]
                    assert pass_at_k(n, c, k) == pytest.approx(sum(map(any, draws)) / len(draws), abs=1e-9)
                    assert pass_hat_k(n, c, k) == pytest.approx(sum(map(all, draws)) / len(draws), abs=1e-9)

    def test_many_tries_do_not_overflow(self):
        expected = 1 - np.prod(1 - 100 / np.arange(2000 - 30 + 1, 2000 + 1))
        assert pass_at_k(2000, 30, 100) == pytest.approx(expected, abs=1e-9)

    @pytest.mark.parametrize("metric", [pass_at_k, pass_hat_k])
    def test_arguments_that_make_no_sense_are_named(self, metric):
        for n, c, k in ((3, 1, 4), (3, 1, 0)):
            with pytest.raises(ValueError, match="k must be between 1 and the number of tries"):
                metric(n, c, k)
        for n, c, k in ((3, 4, 1), (3, -1, 1)):
            with pytest.raises(ValueError, match="cannot have passed"):
                metric(n, c, k)
