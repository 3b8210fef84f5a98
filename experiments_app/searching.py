"""The points of a search space: all of a grid, or some at random. Pure."""

from __future__ import annotations

import math
import random
from typing import Any

from experiments_app.schemas import MAX_POINTS
from experiments_app.validation import Problems
from unified_app.parameters import ALIASES

AT = "parameters.search"


def with_seed(search: dict[str, Any], fresh: int) -> dict[str, Any]:
    """Return the search with the seed that it uses, so that whoever reads it later can make the same points."""
    return {**search, "seed": search.get("seed", fresh)} if search["method"] == "random" else search


def points(search: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the points of a checked search, each {parameter: value}."""
    space: dict[str, list[Any]] = search["space"]
    return [_point(space, index) for index in _indexes(search, size_of(space))]


def size_of(space: dict[str, list[Any]]) -> int:
    return math.prod(len(values) for values in space.values())


def check(search: dict[str, Any], fixed: dict[str, Any], problems: Problems) -> None:
    """Add what its schema cannot say: too many points, too few, a parameter that is fixed and searched."""
    count, size = search.get("count"), size_of(search["space"])
    if search["method"] == "grid":
        most = min(count or MAX_POINTS, MAX_POINTS)
        if size > most:
            field = f"{AT}.count" if count and count < MAX_POINTS else f"{AT}.space"
            problems.add(field, f"The grid has {size} points, and at most {most} may be made. Try fewer values.")
        if "seed" in search:
            problems.add(f"{AT}.seed", "A grid makes every point, so it needs no seed. Leave it out.")
    elif count is None:
        problems.add(f"{AT}.count", "A random search needs the number of points to make.")
    elif count > size:
        problems.add(f"{AT}.count", f"The space has only {size} points. Give at most {size}, or more values.")
    _check_names(search["space"], fixed, problems)


def _check_names(space: dict[str, Any], fixed: dict[str, Any], problems: Problems) -> None:
    taken = {ALIASES.get(name, name) for name in fixed}
    seen: set[str] = set()
    for name in space:
        own = ALIASES.get(name, name)
        if own in taken:
            problems.add(f"{AT}.space.{name}", "It is given beside the search too. Leave it out in one of the places.")
        if own in seen:
            problems.add(f"{AT}.space.{name}", f"This is the same as {own}, which the space has already.")
        seen.add(own)


def _indexes(search: dict[str, Any], size: int) -> list[int]:
    if search["method"] == "grid":
        return list(range(size))
    chance = random.Random(search["seed"])
    count = search["count"]
    if size <= 100 * MAX_POINTS:
        return chance.sample(range(size), count)
    # A space may have more points than a range can count; among so many hardly any is drawn twice.
    found: dict[int, None] = {}
    while len(found) < count:
        found[chance.randrange(size)] = None
    return list(found)


def _point(space: dict[str, list[Any]], index: int) -> dict[str, Any]:
    """Return the point with this number; the last parameter changes fastest."""
    found: dict[str, Any] = {}
    for name, values in reversed(space.items()):
        index, at = divmod(index, len(values))
        found[name] = values[at]
    return {name: found[name] for name in space}
