"""Intervals of means, and of means of paired differences, by drawing the cases again and again.

The interval is the expanded percentile one of Hesterberg, What Teachers Should Know about the Bootstrap, The American
Statistician 69(4), 2015: the percentiles are taken so far out that for evenly spread numbers the interval is as wide
as Student's t. Of percentile, BCa, bootstrap-t and this one, it covered best on differences of scores, most of which
are zero. Each end is the farther one of it and of Student's t, and a p-value the larger one: heavy tails, and the
chance in the resamples, then make no more false alarms than stated. numpy is imported when it is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import fsum, isfinite, sqrt
from typing import TYPE_CHECKING

from experiments_app.evaluation.formulas.distributions import (
    normal_quantile,
    normal_tail,
    student_quantile,
    student_tail,
)
from experiments_app.evaluation.formulas.signed_ranks import paired_differences

if TYPE_CHECKING:
    from numpy import float64, uint8
    from numpy.typing import NDArray

RESAMPLES = 4_000
# How many draws are made at once. Those of up to 1,000 cases are one block.
_CELLS = 4_000_000
# Blocks that are kept, so that they are drawn once for all pairs of models: those of 10,000 cases, in 40 MB.
_BLOCKS = 10
_CACHED = 200_000
# With fewer resamples beyond zero their share is chance: the tail of Student's t tells more.
_TELLING = 10


def bootstrap_ci(
    values: Sequence[float], seed: int = 0, *, confidence: float = 0.95, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """Return (low, high), the interval of the mean of the values' population; the same for the same seed.

    Equal values, or one alone, show no spread: both ends are that value. ValueError: no value, one that is not finite,
    or a confidence outside 0..1.
    """
    _check(values, confidence)
    if min(values) == max(values):
        return values[0], values[0]
    return _interval(values, _means(values, seed, resamples), confidence)


def paired_bootstrap(
    a: Sequence[float], b: Sequence[float], seed: int = 0, *, confidence: float = 0.95, resamples: int = RESAMPLES
) -> tuple[float, float, float, float]:
    """Return (difference, low, high, p): mean of a minus mean of b on the same cases, its interval, two-sided p-value.

    The cases are what is drawn, so repeats of a case are to be averaged first (Miller, Adding Error Bars to Evals,
    2024). The p-value is 1 minus the confidence at which the interval would just touch zero; where too few resamples
    lie beyond zero to tell, that of the paired t-test, so that many models can be compared without more resamples.
    Equal differences show no spread: both ends are that difference, and p is the exact sign test's, 2^(1 - n), or 1.0
    when they are zero. ValueError: the lengths differ, no pair, a value that is not finite, or a confidence outside
    0..1.
    """
    differences = paired_differences(a, b)
    _check(differences, confidence)
    mean = fsum(differences) / len(differences)
    if min(differences) == max(differences):
        return mean, mean, mean, 2.0 ** (1 - len(differences)) if mean else 1.0
    means = _means(differences, seed, resamples)
    low, high = _interval(differences, means, confidence)
    beyond = int((means <= 0).sum() if mean > 0 else (means >= 0).sum())
    return mean, low, high, _p_value(beyond, resamples, mean / standard_error(differences), len(differences))


def standard_error(values: Sequence[float]) -> float:
    """Return the standard error of the mean of two or more values."""
    return deviation(values) / sqrt(len(values))


def deviation(values: Sequence[float]) -> float:
    """Return the standard deviation of two or more values, as an estimate for all (n - 1)."""
    mean = fsum(values) / len(values)
    return sqrt(fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def _p_value(beyond: int, resamples: int, t: float, n: int) -> float:
    by_t = 2 * student_tail(t, n - 1)
    if beyond < _TELLING:
        return by_t
    # The same stretch as of the interval, backwards.
    z = normal_quantile(min(0.5, (beyond + 1) / (resamples + 1)))
    return max(by_t, 2 * student_tail(z * sqrt((n - 1) / n), n - 1))


def _interval(values: Sequence[float], means: NDArray[float64], confidence: float) -> tuple[float, float]:
    low, high = ends(means, len(values), confidence)
    mean = fsum(values) / len(values)
    half = student_quantile((1 - confidence) / 2, len(values) - 1) * standard_error(values)
    return min(low, mean - half), max(high, mean + half)


def ends(found: NDArray[float64], n: int, confidence: float) -> tuple[float, float]:
    """Return the interval's ends among what the resamples of n cases gave; (nan, nan) when none gave a number."""
    import numpy as np

    known = found[np.isfinite(found)]
    if not known.size:
        return float("nan"), float("nan")
    tail = _expanded_tail(n, confidence)
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)


def _expanded_tail(n: int, confidence: float) -> float:
    """Return which percentile is the low end, such as 0.0245 for 95 % of many cases."""
    if n < 2:
        return 0.0
    return normal_tail(sqrt(n / (n - 1)) * student_quantile((1 - confidence) / 2, n - 1))


def _means(values: Sequence[float], seed: int, resamples: int) -> NDArray[float64]:
    """Return the mean of each resample. Drawn in blocks of a fixed size, so that memory is bounded."""
    import numpy as np

    n = len(values)
    rows = min(resamples, max(1, _CELLS // n))
    blocks = (_counts(n, min(rows, resamples - start), seed, start) for start in range(0, resamples, rows))
    column = np.asarray(values, dtype=np.float64)
    # As floats a few rows at a time: what fits into a processor's cache is three times as fast.
    few = max(1, _CACHED // n)
    parts = (block[start : start + few] for block in blocks for start in range(0, len(block), few))
    return np.concatenate([part.astype(np.float64) @ column for part in parts]) / n


@lru_cache(maxsize=_BLOCKS)
def _counts(n: int, rows: int, seed: int, start: int) -> NDArray[uint8]:
    """Return how often each of n cases is drawn in each of the resamples from `start` on: shape (rows, n).

    More than 255 times is out of reach: by chance once in 1e500, for any n.
    """
    import numpy as np

    drawn = np.random.default_rng([seed, start]).integers(0, n, (rows, n))
    drawn += np.arange(rows)[:, None] * n
    return np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n).astype(np.uint8)


def _check(values: Sequence[float], confidence: float) -> None:
    if not values:
        raise ValueError("There is no value.")
    if not all(map(isfinite, values)):
        raise ValueError("A value is not a finite number.")
    if not 0 < confidence < 1:
        raise ValueError(f"The confidence must be between 0 and 1, not {confidence}.")
