"""How two lists of numbers go together."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, hypot, isfinite, nan
from operator import mul


def pearson(a: Sequence[float], b: Sequence[float]) -> float:
    """Return Pearson's linear correlation, -1..1; nan when a list is constant or holds something not finite.

    Source: Pearson, Notes on regression and inheritance in the case of two parents, 1895. ValueError: the lengths
    differ, or fewer than two pairs.
    """
    _check(a, b)
    if not all(map(isfinite, (*a, *b))) or min(a) == max(a) or min(b) == max(b):
        return nan
    x, y = _unit(a), _unit(b)
    return max(-1.0, min(1.0, fsum(map(mul, x, y))))


def spearman(a: Sequence[float], b: Sequence[float]) -> float:
    """Return Spearman's rank correlation, -1..1: Pearson's of the ranks, where ties share the mean of their ranks.

    nan when a list is constant or holds something not finite. Source: Spearman, The proof and measurement of
    association between two things, 1904. ValueError: the lengths differ, or fewer than two pairs.
    """
    _check(a, b)
    return pearson(ranks(a), ranks(b)) if all(map(isfinite, (*a, *b))) else nan


def cosine_similarity(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the cosine of the angle between two vectors, -1..1; nan when one is all zeros or not finite.

    ValueError: the lengths differ, or they are empty.
    """
    if len(a) != len(b) or not a:
        raise ValueError(f"Two vectors of one length are needed, not of {len(a)} and {len(b)}.")
    length_a, length_b = hypot(*a), hypot(*b)
    if not (isfinite(length_a) and isfinite(length_b) and length_a and length_b):
        return nan
    return max(-1.0, min(1.0, fsum(x / length_a * (y / length_b) for x, y in zip(a, b, strict=True))))


def ranks(values: Sequence[float]) -> list[float]:
    """Return each value's rank, 1 for the smallest; equal ones share the mean of their ranks."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranked = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for index in order[start:end]:
            ranked[index] = (start + end + 1) / 2
        start = end
    return ranked


def _unit(values: Sequence[float]) -> list[float]:
    """Return the values about their mean, scaled to length 1."""
    mean = fsum(values) / len(values)
    centred = [value - mean for value in values]
    length = hypot(*centred)
    return [value / length for value in centred]


def _check(a: Sequence[float], b: Sequence[float]) -> None:
    if len(a) != len(b):
        raise ValueError(f"Both lists must be of one length, not {len(a)} and {len(b)}.")
    if len(a) < 2:
        raise ValueError("At least two pairs are needed.")
