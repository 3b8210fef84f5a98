"""Tails and quantiles of the normal and of Student's t distribution, in plain Python.

scipy has them too, and takes more than a second and 100 MB to import: too much for a web process that shows a p-value.
"""

from __future__ import annotations

from functools import lru_cache
from math import exp, lgamma, log, log1p
from statistics import NormalDist

_NORMAL = NormalDist()
_TINY = 1e-300
_TERMS = 10_000


def normal_quantile(probability: float) -> float:
    """Return the z below which a standard normal number lies with that probability, which is inside 0..1."""
    return _NORMAL.inv_cdf(probability)


def normal_tail(z: float) -> float:
    """Return the probability that a standard normal number is below -|z|."""
    return _NORMAL.cdf(-abs(z))


def two_sided_z(confidence: float) -> float:
    """Return z such that a standard normal number lies in -z..z with that probability. ValueError: not inside 0..1."""
    if not 0 < confidence < 1:
        raise ValueError(f"The confidence must be between 0 and 1, not {confidence}.")
    return _NORMAL.inv_cdf((1 + confidence) / 2)


def student_tail(t: float, df: float) -> float:
    """Return the probability that a number of Student's t distribution with df > 0 degrees of freedom is below -|t|.

    Half the regularised incomplete beta function at df / (df + t^2), good to nine digits and more. Source:
    Abramowitz & Stegun, Handbook of Mathematical Functions, 1964, 26.7.1 and 26.5.8.
    """
    # Both shares by themselves: 1 minus the one would lose the other's digits.
    share, rest = df / (df + t * t), t * t / (df + t * t)
    if rest == 0:
        return 0.5
    if share == 0:
        return 0.0
    a, b = df / 2, 0.5
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * (-log1p(t * t / df)) + b * log(rest))
    if share < (a + 1) / (a + b + 2):
        return 0.5 * front * _beta_fraction(a, b, share) / a
    return 0.5 * (1 - front * _beta_fraction(b, a, rest) / b)


@lru_cache(maxsize=256)
def student_quantile(tail: float, df: float) -> float:
    """Return the t >= 0 above which a number of Student's t distribution lies with that probability, 0 < tail <= 0.5.

    By bisection of `student_tail`.
    """
    low, high = 0.0, 1.0
    while student_tail(high, df) > tail:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if student_tail(middle, df) > tail else (low, middle)
    return (low + high) / 2


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction of the incomplete beta function by the modified method of Lentz (1976)."""
    c, d = 1.0, 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d = 1.0 / _away_from_zero(1.0 + step * d)
            c = _away_from_zero(1.0 + step / c)
            value *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return value


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
