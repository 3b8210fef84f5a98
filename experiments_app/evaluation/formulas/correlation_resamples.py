"""Intervals of correlations, and of the difference of two models' on the same cases, by drawing the cases again.

All resamples at once: how often a case was drawn is its weight, and from the weights follow the ranks of each resample
(the mean rank of ties, as `spearman` has it). numpy is imported when it is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import atanh, isfinite, nan, sqrt
from typing import TYPE_CHECKING

from experiments_app.evaluation.formulas.bootstrap import ends
from experiments_app.evaluation.formulas.correlations import pearson, spearman
from experiments_app.evaluation.formulas.distributions import normal_tail, two_sided_z
from experiments_app.evaluation.formulas.paired import NONE, Paired, unseen

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

Pair = tuple[float, float]

RESAMPLES = 2_000
TEST = "bootstrap_of_correlations"
_CELLS = 1_000_000
# With fewer resamples beyond zero their share is chance: the tail of the normal distribution tells more.
_TELLING = 10
# Correlations that differ by less differ by rounding.
_NO_WIDTH = 1e-9


def correlation_interval(
    pairs: Sequence[Pair], how: str, confidence: float = 0.95, *, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """Return (low, high) of the correlation of measured and true values; how: spearman or pearson.

    When all resamples give the same, such as 1.0 for two cases, it still allows for unlike cases not seen yet.
    """
    found = ends(_drawn(tuple(pairs), how, seed, resamples), len(pairs), confidence)
    return _inside(_with_unseen(found, len(pairs), confidence), 1.0)


def compare_correlations(
    a: Sequence[Pair], b: Sequence[Pair], how: str, *, dropped: int = 0, confidence: float = 0.95, seed: int = 0
) -> Paired:
    """Compare two models' correlations with the same true values, on the same cases in the same order.

    The p-value is twice the share of resamples in which the difference has the other sign, or where these are too few
    to tell, that of a normal distribution as wide as the resamples; and never less than the sign test's of n cases
    that all speak for one, 2^(1 - n): resamples of a few cases are all alike. The effect size is Cohen's q, the
    difference of Fisher's z (Cohen, Statistical Power Analysis for the Behavioral Sciences, 1988, chapter 4).
    """
    n, correlate = len(a), spearman if how == "spearman" else pearson
    one, other = (correlate(*map(list, zip(*pairs, strict=True))) if n > 1 else nan for pairs in (a, b))
    difference = one - other
    if not isfinite(difference):
        return Paired(nan, nan, nan, 1.0, NONE, nan, "", n, dropped, nan, 2.0, confidence)
    found = _drawn(tuple(a), how, seed, RESAMPLES) - _drawn(tuple(b), how, seed, RESAMPLES)
    low, high = ends(found, n, confidence)
    p_value = max(_p_value(found, difference), 2.0 ** (1 - n))
    # What the interval says of one case's share in it.
    spread = (high - low) / 2 / two_sided_z(confidence) * sqrt(n)
    low, high = _inside(_with_unseen((low, high), n, confidence), 2.0)
    return Paired(difference, low, high, p_value, TEST, _q(one, other), "cohens_q", n, dropped, spread, 2.0, confidence)


def _p_value(found: NDArray[float64], difference: float) -> float:
    import numpy as np

    known = found[np.isfinite(found)]
    if not difference or not known.size:
        return 1.0
    beyond = int((known <= 0).sum() if difference > 0 else (known >= 0).sum())
    if beyond < _TELLING and (spread := float(known.std())):
        return min(1.0, 2 * normal_tail(difference / spread))
    return min(1.0, 2 * (beyond + 1) / (known.size + 1))


def _q(one: float, other: float) -> float:
    most = 1 - 1e-12
    return atanh(max(-most, min(most, one))) - atanh(max(-most, min(most, other)))


def _with_unseen(found: tuple[float, float], n: int, confidence: float) -> tuple[float, float]:
    """Return the interval, or of one without a width what unlike cases may yet make of it."""
    low, high = found
    slack = 2 * unseen(n, confidence) if high - low < _NO_WIDTH else 0.0
    return low - slack, high + slack


def _inside(found: tuple[float, float], most: float) -> tuple[float, float]:
    return max(found[0], -most), min(found[1], most)


# Each model is compared with all others, mostly on the same cases.
@lru_cache(maxsize=128)
def _drawn(pairs: tuple[Pair, ...], how: str, seed: int, resamples: int) -> NDArray[float64]:
    """Return the correlation in each resample, nan where a resample is constant; same seed: the same cases."""
    import numpy as np

    x, y = np.array(pairs, dtype=float).T
    found = []
    for weights in _weights(len(pairs), seed, resamples):
        one, other = (_ranks(x, weights), _ranks(y, weights)) if how == "spearman" else (x[None, :], y[None, :])
        found.append(_weighted(one, other, weights))
    return np.concatenate(found)


def _weights(n: int, seed: int, resamples: int) -> Iterator[NDArray[float64]]:
    """Yield in blocks how often each of n cases is drawn in each resample."""
    import numpy as np

    rows = min(resamples, max(1, _CELLS // n))
    for start in range(0, resamples, rows):
        count = min(rows, resamples - start)
        drawn = np.random.default_rng([seed, start]).integers(0, n, (count, n))
        drawn += np.arange(count)[:, None] * n
        yield np.bincount(drawn.ravel(), minlength=count * n).reshape(count, n).astype(float)


def _ranks(values: NDArray[float64], weights: NDArray[float64]) -> NDArray[float64]:
    """Return each case's rank in each resample; equal values share the mean of their ranks."""
    import numpy as np

    distinct, group = np.unique(values, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(len(distinct)))
    counts = np.add.reduceat(weights[:, order], starts, axis=1)
    ranks: NDArray[float64] = (np.cumsum(counts, axis=1) - counts + (counts + 1) / 2)[:, group]
    return ranks


def _weighted(x: NDArray[float64], y: NDArray[float64], weights: NDArray[float64]) -> NDArray[float64]:
    """Return Pearson's correlation of each row under its weights."""
    import numpy as np

    total = weights.sum(axis=1, keepdims=True)
    dx = x - (weights * x).sum(axis=1, keepdims=True) / total
    dy = y - (weights * y).sum(axis=1, keepdims=True) / total
    both = (weights * dx * dy).sum(axis=1)
    spread = np.sqrt((weights * dx * dx).sum(axis=1) * (weights * dy * dy).sum(axis=1))
    found: NDArray[float64] = np.divide(both, spread, out=np.full_like(both, np.nan), where=spread > 1e-12)
    return found.clip(-1.0, 1.0)
