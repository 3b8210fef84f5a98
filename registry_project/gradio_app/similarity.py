"""How alike vectors are: cosine, in plain Python, since a page compares dozens and not millions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import mul

Vector = Sequence[float]


def unit(vector: Vector) -> list[float] | None:
    """Return the vector with length 1; None for one that has no direction."""
    length = math.sqrt(sum(map(mul, vector, vector)))
    if not math.isfinite(length) or length == 0:
        return None
    return [number / length for number in vector]


def matrix(vectors: Sequence[Vector]) -> list[list[float | None]]:
    """Return the cosine of each pair; None where a vector has no direction."""
    units = [unit(vector) for vector in vectors]
    return [[_cosine(a, b) for b in units] for a in units]


def ranked(query: Vector, vectors: Sequence[Vector]) -> list[tuple[int, float]]:
    """Return (index, cosine) of each vector, the nearest first; those without a direction are left out."""
    wanted = unit(query)
    found = [(index, _cosine(wanted, unit(vector))) for index, vector in enumerate(vectors)]
    return sorted(((index, value) for index, value in found if value is not None), key=lambda pair: -pair[1])


def _cosine(a: list[float] | None, b: list[float] | None) -> float | None:
    if a is None or b is None:
        return None
    value: float = sum(map(mul, a, b))
    return max(-1.0, min(1.0, value))
