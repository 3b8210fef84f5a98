"""Shares of cases that passed: their intervals, the test of two shares on the same cases, and many tests at once."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from experiments_app.evaluation.formulas.distributions import two_sided_z


def wilson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return (low, high), the score interval of a share of successes among n cases, inside 0..1.

    Source: Wilson, Probable inference, the law of succession, and statistical inference, JASA 22, 1927, without
    continuity correction. ValueError: n < 1, successes outside 0..n, or a confidence outside 0..1.
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"{successes} successes among {n} cases: there is no such share.")
    z = two_sided_z(confidence)
    share, weight = successes / n, z * z / n
    middle = (share + weight / 2) / (1 + weight)
    half = z * sqrt(share * (1 - share) / n + weight / (4 * n)) / (1 + weight)
    # The ends are exact there, and rounding would miss them.
    return (middle - half if successes else 0.0), (middle + half if successes < n else 1.0)


def mcnemar_exact(b: int, c: int) -> float:
    """Return the two-sided p-value of the hypothesis that two models pass equally often on the same cases.

    b: cases that only the first passed; c: that only the second passed. Exact: a binomial test of b among b + c with
    1/2; 1.0 when there is none. Source: McNemar, Psychometrika 12, 1947; the exact form as in Fagerland, Lydersen &
    Laake, BMC Medical Research Methodology 13:91, 2013. ValueError: a negative count.
    """
    _check_counts(b, c)
    return min(1.0, 2 * _sum_of_choices(b + c, min(b, c)) / (1 << (b + c)))


def paired_proportion_interval(n11: int, n10: int, n01: int, n00: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return (low, high), the interval of share one minus share two of two models on the same cases, inside -1..1.

    n11: cases that both passed, n10: only the first, n01: only the second, n00: neither. The hybrid score interval of
    Newcombe, Improved confidence intervals for the difference between binomial proportions based on paired data,
    Statistics in Medicine 17:2635, 1998, method 10. ValueError: a negative count, no case, a confidence outside 0..1.
    """
    _check_counts(n11, n10, n01, n00)
    n, one, two = n11 + n10 + n01 + n00, n11 + n10, n11 + n01
    (low_1, high_1), (low_2, high_2) = wilson(one, n, confidence), wilson(two, n, confidence)
    share_1, share_2 = one / n, two / n
    phi = _phi(n11, n10, n01, n00)
    below = _hybrid(share_1 - low_1, high_2 - share_2, phi)
    above = _hybrid(share_2 - low_2, high_1 - share_1, phi)
    difference = (n10 - n01) / n
    return max(-1.0, difference - below), min(1.0, difference + above)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values adjusted for being many, in their order: the chance of any false alarm stays below alpha.

    Source: Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6, 1979.
    ValueError: a p-value outside 0..1.
    """
    if any(not 0 <= p <= 1 for p in p_values):
        raise ValueError("A p-value must be between 0 and 1.")
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for done, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - done) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def _sum_of_choices(n: int, k: int) -> int:
    """Return the sum of C(n, 0..k), each from the one before."""
    total = term = 1
    for i in range(k):
        term = term * (n - i) // (i + 1)
        total += term
    return total


def _hybrid(own: float, other: float, phi: float) -> float:
    return sqrt(max(0.0, own * own - 2 * phi * own * other + other * other))


def _phi(n11: int, n10: int, n01: int, n00: int) -> float:
    """Return how much the two go together, -1..1, with Newcombe's correction towards 0; 0 where not defined."""
    margins = (n11 + n10) * (n01 + n00) * (n11 + n01) * (n10 + n00)
    together, half = n11 * n00 - n10 * n01, (n11 + n10 + n01 + n00) / 2
    corrected = max(together - half, 0.0) if together > 0 else together
    return corrected / sqrt(margins) if margins else 0.0


def _check_counts(*counts: int) -> None:
    if min(counts) < 0:
        raise ValueError("A count of cases cannot be negative.")
