"""How well a ranking finds what is relevant, as trec_eval and MTEB count it.

All take the ids in the order in which they were ranked, best first, and `{id: grade}`: what a human judged, where a
grade above 0 means relevant and an id that is missing means 0. Without any relevant id all are 0.0, as in trec_eval.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from math import log2


def ndcg_at_k(ranked_ids: Sequence[Hashable], grades: Mapping[Hashable, float], k: int) -> float:
    """Return the normalised discounted cumulative gain of the first k, 0..1.

    Gains are linear and the discount is log2(rank + 1); the ideal ranking is that of all judged ids, ranked or not.
    Source: Järvelin & Kekäläinen, Cumulated gain-based evaluation of IR techniques, ACM TOIS 20(4), 2002, in the form
    of trec_eval's `ndcg_cut`. ValueError: k < 1, or an id is ranked twice.
    """
    best = _gain(sorted(grades.values(), reverse=True)[: _checked(ranked_ids, k)])
    return _gain([grades.get(one, 0) for one in ranked_ids[:k]]) / best if best else 0.0


def recall_at_k(ranked_ids: Sequence[Hashable], grades: Mapping[Hashable, float], k: int) -> float:
    """Return the share of the relevant ids that are among the first k (trec_eval's `recall`), 0..1.

    ValueError: k < 1, or an id is ranked twice.
    """
    relevant = _relevant(grades)
    hits = relevant.intersection(ranked_ids[: _checked(ranked_ids, k)])
    return len(hits) / len(relevant) if relevant else 0.0


def mrr(ranked_ids: Sequence[Hashable], grades: Mapping[Hashable, float], k: int | None = None) -> float:
    """Return 1 / the rank of the first relevant id (trec_eval's `recip_rank`), 0.0 when none is among the first k.

    The mean over a suite's queries is the MRR. Source: Voorhees, The TREC-8 question answering track report, 1999.
    ValueError: k < 1, or an id is ranked twice.
    """
    relevant = _relevant(grades)
    top = ranked_ids[: _checked(ranked_ids, k)]
    return next((1 / rank for rank, one in enumerate(top, start=1) if one in relevant), 0.0)


def average_precision(ranked_ids: Sequence[Hashable], grades: Mapping[Hashable, float], k: int | None = None) -> float:
    """Return the mean, over all relevant ids, of the precision at each one's rank; those not in the first k count 0.

    trec_eval's `map`, with k its `map_cut`. Source: Buckley & Voorhees, Retrieval System Evaluation, in TREC:
    Experiment and Evaluation in Information Retrieval, MIT Press 2005. ValueError: k < 1, or an id is ranked twice.
    """
    relevant = _relevant(grades)
    hits, total = 0, 0.0
    for rank, one in enumerate(ranked_ids[: _checked(ranked_ids, k)], start=1):
        if one in relevant:
            hits += 1
            total += hits / rank
    return total / len(relevant) if relevant else 0.0


def _relevant(grades: Mapping[Hashable, float]) -> set[Hashable]:
    return {one for one, grade in grades.items() if grade > 0}


def _gain(grades: Sequence[float]) -> float:
    return sum(max(grade, 0) / log2(rank + 1) for rank, grade in enumerate(grades, start=1))


def _checked(ranked_ids: Sequence[Hashable], k: int | None) -> int | None:
    if k is not None and k < 1:
        raise ValueError(f"k must be 1 or more, not {k}.")
    if len(set(ranked_ids)) != len(ranked_ids):
        raise ValueError("An id is ranked twice.")
    return k
