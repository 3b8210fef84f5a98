"""Wilcoxon's signed-rank test of two models' scores on the same cases."""

from __future__ import annotations

from collections.abc import Sequence
from math import copysign, isfinite, sqrt

from experiments_app.evaluation.formulas.correlations import ranks
from experiments_app.evaluation.formulas.distributions import normal_tail

# From where on the normal approximation is good enough: as scipy, so that both tell the same.
_EXACT_UP_TO = 50
_EXACT_WITH_TIES_UP_TO = 13


def wilcoxon(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the two-sided p-value of the hypothesis that the paired differences a - b lie evenly about 0.

    Zero differences are left out; 1.0 when all are zero. Exact up to 50 pairs (13 when there are ties or zeros), else
    by the normal approximation with a correction for ties, which is what scipy does by default. Source:
    Wilcoxon, Individual comparisons by ranking methods, Biometrics Bulletin 1, 1945; Pratt & Gibbons, Concepts of
    Nonparametric Theory, 1981. ValueError: the lengths differ, no pair, or a value that is not finite.
    """
    differences = paired_differences(a, b)
    left = [d for d in differences if d]
    if not left:
        return 1.0
    sizes = ranks([abs(d) for d in left])
    plus = sum(rank for rank, d in zip(sizes, left, strict=True) if d > 0)
    even = len(left) == len(differences) and len(set(sizes)) == len(sizes)
    if len(differences) <= (_EXACT_UP_TO if even else _EXACT_WITH_TIES_UP_TO):
        return _exact(sizes, plus)
    return _approximate(sizes, plus)


def rank_biserial(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the matched-pairs rank-biserial correlation of a - b, -1..1, the effect size of `wilcoxon`.

    The share of the ranks that speak for a minus the share that speak for b; 0.0 when all differences are zero.
    Source: Kerby, The simple difference formula, Comprehensive Psychology 3, 2014. ValueError: as `wilcoxon`.
    """
    left = [d for d in paired_differences(a, b) if d]
    sizes = ranks([abs(d) for d in left])
    signed = sum(copysign(rank, d) for rank, d in zip(sizes, left, strict=True))
    return signed / sum(sizes) if left else 0.0


def paired_differences(a: Sequence[float], b: Sequence[float]) -> list[float]:
    """Return a - b, pair by pair. ValueError: the lengths differ, no pair, or a value that is not finite."""
    if len(a) != len(b) or not a:
        raise ValueError(f"Scores on the same cases are needed, not {len(a)} and {len(b)} scores.")
    if not all(map(isfinite, (*a, *b))):
        raise ValueError("A score is not a finite number.")
    return [x - y for x, y in zip(a, b, strict=True)]


def _exact(sizes: Sequence[float], plus: float) -> float:
    """Return the p-value over all ways to give the ranks a sign; doubled, the ranks of ties are whole numbers too."""
    doubled = [round(2 * size) for size in sizes]
    ways = [1] + [0] * sum(doubled)
    for size in doubled:
        for total in range(len(ways) - 1, size - 1, -1):
            ways[total] += ways[total - size]
    seen = round(2 * plus)
    return min(1.0, 2 * min(sum(ways[: seen + 1]), sum(ways[seen:])) / (1 << len(sizes)))


def _approximate(sizes: Sequence[float], plus: float) -> float:
    n = len(sizes)
    counts: dict[float, int] = {}
    for size in sizes:
        counts[size] = counts.get(size, 0) + 1
    ties = sum(count**3 - count for count in counts.values())
    error = sqrt((n * (n + 1) * (2 * n + 1) - ties / 2) / 24)
    return min(1.0, 2 * normal_tail((plus - n * (n + 1) / 4) / error))
