"""All metrics of evaluations, by the names that the documentation gives. Pure: numbers and texts in, a number out.

A metric that is not defined for what it was given is nan; arguments that make no sense are a ValueError that says so.
"""

from __future__ import annotations

from math import comb

from experiments_app.evaluation.formulas.correlations import cosine_similarity, pearson, spearman
from experiments_app.evaluation.formulas.ranking_metrics import average_precision, mrr, ndcg_at_k, recall_at_k
from experiments_app.evaluation.formulas.text_metrics import anls, edit_similarity, normalised_answer, rouge_l

__all__ = [
    "anls",
    "average_precision",
    "cosine_similarity",
    "edit_similarity",
    "mrr",
    "ndcg_at_k",
    "normalised_answer",
    "pass_at_k",
    "pass_hat_k",
    "pearson",
    "recall_at_k",
    "rouge_l",
    "spearman",
]


def pass_at_k(n: int, c: int, k: int) -> float:
    """Return the chance that at least one of k tries passes, of n tries of which c passed.

    Unbiased: 1 - C(n - c, k) / C(n, k). Source: Chen et al., Evaluating Large Language Models Trained on Code, 2021,
    equation 1. ValueError: not 1 <= k <= n, or not 0 <= c <= n.
    """
    _check_tries(n, c, k)
    return 1.0 - comb(n - c, k) / comb(n, k)


def pass_hat_k(n: int, c: int, k: int) -> float:
    """Return the chance that all of k tries pass (pass^k), of n tries of which c passed.

    Unbiased: C(c, k) / C(n, k). Source: Yao et al., tau-bench, 2024. ValueError: not 1 <= k <= n, or not
    0 <= c <= n.
    """
    _check_tries(n, c, k)
    return comb(c, k) / comb(n, k)


def _check_tries(n: int, c: int, k: int) -> None:
    if not 1 <= k <= n:
        raise ValueError(f"k must be between 1 and the number of tries, {n}, not {k}.")
    if not 0 <= c <= n:
        raise ValueError(f"Of {n} tries {c} cannot have passed.")
