"""Ranks where models that cannot be told apart share one, and the models that no other beats in everything."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from math import isfinite
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)
Point = Mapping[str, float | None]
_SMALL_IS_GOOD = ("latency", "cost")


def rank_with_ties(order: Sequence[Name], better_than: Callable[[Name, Name], bool]) -> dict[Name, int]:
    """Return each model's rank, in the order given: 1 + the number of models that are better beyond chance.

    better_than(x, y): whether x was found better than y. So all that cannot be told apart from the best have rank 1.
    """
    return {model: 1 + sum(better_than(other, model) for other in order if other != model) for model in order}


def pareto_front(points: Sequence[Point]) -> set[int]:
    """Return the indexes of the points that no other point beats.

    Each is {quality, latency, cost}: much quality is good, little latency and cost. One beats another when it is as
    good in everything and better in something. What is unknown (None, missing or nan) can be compared to unknown only:
    a model whose price nobody knows neither beats nor is beaten by one with a price. Unknown quality is never in front.
    """
    known = {index: values for index, point in enumerate(points) if (values := _values(point))[0] is not None}
    return {
        index
        for index, values in known.items()
        if not any(_beats(other, values) for place, other in known.items() if place != index)
    }


def _values(point: Point) -> list[float | None]:
    """Return quality, -latency, -cost: more is better, None is unknown."""
    quality = _known(point.get("quality"))
    return [quality, *(None if (value := _known(point.get(name))) is None else -value for name in _SMALL_IS_GOOD)]


def _known(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def _beats(one: Sequence[float | None], other: Sequence[float | None]) -> bool:
    better = False
    for mine, theirs in zip(one, other, strict=True):
        if mine is None or theirs is None:
            if mine is not theirs:
                return False
        elif mine < theirs:
            return False
        else:
            better |= mine > theirs
    return better
