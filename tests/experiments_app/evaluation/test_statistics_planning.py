"""How many cases are needed, how big a difference is, ranks and the Pareto front."""

from __future__ import annotations

from math import isnan, nan

import numpy as np
import pytest

from experiments_app.evaluation.statistics import (
    cases_needed_mcnemar,
    cases_needed_paired,
    cohens_dz,
    cohens_g,
    mcnemar_exact,
    pareto_front,
    rank_with_ties,
)


class TestCasesNeeded:
    def test_with_as_many_mcnemar_sees_the_difference_four_times_in_five(self):
        n = cases_needed_mcnemar(0.3, 0.1)
        chance = np.random.default_rng(1)
        drawn = chance.multinomial(n, [0.2, 0.1, 0.7], 500)
        seen = np.mean([mcnemar_exact(int(b), int(c)) < 0.05 for b, c, _ in drawn])
        # The exact test asks for a little more than the formula's.
        assert seen == pytest.approx(0.8, abs=0.06)

    def test_with_as_many_the_mean_is_seen_four_times_in_five(self):
        n = cases_needed_paired(0.4, 0.05)
        means = np.random.default_rng(2).normal(0.05, 0.4, (2000, n))
        seen = np.mean(np.abs(means.mean(1)) / (means.std(1, ddof=1) / n**0.5) > 1.96)
        assert seen == pytest.approx(0.8, abs=0.03)

    def test_numbers_by_hand(self):
        # (1.959964 + 0.841621)^2 = 7.848880
        assert cases_needed_paired(1, 0.5) == 32
        assert cases_needed_paired(0, 0.5) == 2
        # (1.959964 * sqrt(0.3) + 0.841621 * sqrt(0.29))^2 / 0.01 = 233.2
        assert cases_needed_mcnemar(0.3, -0.1) == 234
        assert cases_needed_mcnemar(0.3, 0.1, alpha=0.01) > cases_needed_mcnemar(0.3, 0.1)

    def test_arguments_that_make_no_sense_are_refused(self):
        for p, difference in ((0.1, 0.2), (0.1, 0), (1.2, 0.2)):
            with pytest.raises(ValueError, match="not possible"):
                cases_needed_mcnemar(p, difference)
        with pytest.raises(ValueError, match="No number of cases"):
            cases_needed_paired(1, 0)
        with pytest.raises(ValueError, match="alpha and power"):
            cases_needed_paired(1, 1, power=1)


class TestEffectSizes:
    def test_of_passes(self):
        assert (cohens_g(15, 5), cohens_g(5, 15), cohens_g(0, 0)) == (0.25, -0.25, 0.0)

    def test_of_scores(self):
        assert cohens_dz([1, 2, 3]) == pytest.approx(2.0)
        assert cohens_dz([0, 0]) == 0.0
        assert isnan(cohens_dz([1, 1])) and isnan(cohens_dz([1]))


class TestRanks:
    def test_models_that_cannot_be_told_apart_share_a_rank(self):
        better = {("a", "c"), ("a", "d"), ("b", "d")}
        ranks = rank_with_ties(["a", "b", "c", "d"], lambda x, y: (x, y) in better)
        assert ranks == {"a": 1, "b": 1, "c": 2, "d": 3}

    def test_the_order_given_stays(self):
        assert list(rank_with_ties(["z", "a"], lambda x, y: False).items()) == [("z", 1), ("a", 1)]
        assert rank_with_ties([], lambda x, y: False) == {}


def point(quality, latency, cost) -> dict:
    return {"quality": quality, "latency": latency, "cost": cost}


class TestParetoFront:
    def test_what_is_beaten_in_everything_is_not_in_front(self):
        points = [point(0.9, 5, 3), point(0.7, 1, 1), point(0.7, 2, 1), point(0.6, 9, 9), point(0.5, 0.5, 2)]
        assert pareto_front(points) == {0, 1, 4}

    def test_equal_points_are_both_in_front(self):
        assert pareto_front([point(0.9, 1, 1), point(0.9, 1, 1)]) == {0, 1}

    def test_an_unknown_cost_is_compared_to_unknown_only(self):
        assert pareto_front([point(0.9, 1, None), point(0.8, 2, 1.0)]) == {0, 1}
        assert pareto_front([point(0.9, 1, None), point(0.8, 2, None)]) == {0}
        assert pareto_front([point(0.9, 1, 5.0), point(0.8, 2, nan)]) == {0, 1}
        assert pareto_front([{"quality": 0.9, "latency": 1}, {"quality": 0.8, "latency": 1}]) == {0}

    def test_unknown_quality_is_never_in_front(self):
        assert pareto_front([point(None, 1, 1), point(0.1, 9, 9)]) == {1}
        assert pareto_front([]) == set()
