"""How values of the registry's answers are read: one of another type than the contract says counts as not there."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import Any

from registry_project.gradio_app.errors import BadAnswer


def obj(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadAnswer("The registry's answer has a shape that this page does not know.")
    return value


def items(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise BadAnswer("The registry's answer has a shape that this page does not know.")
    return value


def word(value: Any) -> str:
    """Return a text, or a number as one: ids are either."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def texts(values: Any) -> tuple[str, ...]:
    found: Iterable[Any] = values if isinstance(values, list) else ()
    return tuple(value for value in found if isinstance(value, str))


def whole(value: Any) -> int | None:
    found = number(value)
    return None if found is None else int(found)


def number(value: Any) -> float | None:
    """Return a number; money comes as a text."""
    try:
        found = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except ValueError:
        return None
    return found if found is not None and isfinite(found) else None


def flag(value: Any) -> bool:
    return value is True
