"""Metrics of rankings, against trec_eval's own code and scikit-learn on seeded random rankings."""

from __future__ import annotations

import random

import numpy as np
import pytest
import pytrec_eval
from sklearn.metrics import average_precision_score, ndcg_score

from experiments_app.evaluation.metrics import average_precision, mrr, ndcg_at_k, recall_at_k

CUTS = (1, 3, 5, 10, 100)
MEASURES = {f"{name}.{','.join(map(str, CUTS))}" for name in ("ndcg_cut", "recall", "P", "map_cut")}


def query(seed: int) -> tuple[list[str], dict[str, int]]:
    """Return a ranking and grades, some of them of documents that were not ranked, some below zero."""
    chance = random.Random(seed)
    ids = [f"d{number}" for number in range(chance.randint(1, 40))]
    ranked = chance.sample(ids, chance.randint(1, len(ids)))
    grades = {one: chance.choice([-1, 0, 0, 0, 1, 2, 3]) for one in chance.sample(ids, chance.randint(1, len(ids)))}
    return ranked, grades


QUERIES = {f"q{seed}": query(seed) for seed in range(300)}


@pytest.fixture(scope="module")
def told() -> dict[str, dict[str, float]]:
    """Return what trec_eval says of each query."""
    judged = {name: grades for name, (_, grades) in QUERIES.items()}
    runs = {name: {one: -float(rank) for rank, one in enumerate(ranked)} for name, (ranked, _) in QUERIES.items()}
    return pytrec_eval.RelevanceEvaluator(judged, MEASURES | {"map", "recip_rank"}).evaluate(runs)


class TestAgainstTrecEval:
    @pytest.mark.parametrize(
        ("measure", "metric"),
        [("ndcg_cut", ndcg_at_k), ("recall", recall_at_k), ("map_cut", average_precision)],
    )
    def test_what_is_cut_is_equal(self, told, measure, metric):
        for name, (ranked, grades) in QUERIES.items():
            for k in CUTS:
                assert metric(ranked, grades, k) == pytest.approx(told[name][f"{measure}_{k}"], abs=1e-9), (name, k)

    @pytest.mark.parametrize(("measure", "metric"), [("map", average_precision), ("recip_rank", mrr)])
    def test_what_is_not_cut_is_equal(self, told, measure, metric):
        for name, (ranked, grades) in QUERIES.items():
            assert metric(ranked, grades) == pytest.approx(told[name][measure], abs=1e-9), name


class TestAgainstScikitLearn:
    def test_ndcg_of_complete_rankings_is_equal(self):
        chance = np.random.default_rng(1)
        for _ in range(50):
            grades = chance.integers(0, 4, 12)
            scores = chance.permutation(12)
            ranked = [int(one) for one in np.argsort(-scores)]
            for k in (1, 5, 12):
                expected = ndcg_score([grades], [scores], k=k)
                assert ndcg_at_k(ranked, dict(enumerate(grades.tolist())), k) == pytest.approx(expected, abs=1e-9)

    def test_average_precision_of_complete_rankings_is_equal(self):
        chance = np.random.default_rng(2)
        for _ in range(50):
            relevant = chance.integers(0, 2, 15)
            relevant[0] = 1
            scores = chance.permutation(15)
            ranked = [int(one) for one in np.argsort(-scores)]
            expected = average_precision_score(relevant, scores)
            assert average_precision(ranked, dict(enumerate(relevant.tolist()))) == pytest.approx(expected, abs=1e-9)


class TestEdges:
    def test_the_reciprocal_rank_may_be_cut(self):
        assert mrr(["a", "b", "c"], {"c": 1}, 3) == 1 / 3
        assert mrr(["a", "b", "c"], {"c": 1}, 2) == 0.0

    @pytest.mark.parametrize("metric", [ndcg_at_k, recall_at_k, mrr, average_precision])
    def test_without_a_hit_all_are_zero(self, metric):
        assert metric(["a", "b"], {"c": 1}, 2) == 0.0
        assert metric(["a", "b"], {}, 2) == 0.0
        assert metric([], {"a": 1}, 2) == 0.0

    @pytest.mark.parametrize("metric", [ndcg_at_k, recall_at_k, mrr, average_precision])
    def test_arguments_that_make_no_sense_are_named(self, metric):
        with pytest.raises(ValueError, match="k must be 1 or more"):
            metric(["a"], {"a": 1}, 0)
        with pytest.raises(ValueError, match="ranked twice"):
            metric(["a", "a"], {"a": 1}, 1)
