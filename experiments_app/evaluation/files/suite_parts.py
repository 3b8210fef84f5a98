"""Parts of a suite's document, read with the path that an error names. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from experiments_app.evaluation.templating import go_text, is_finite
from unified_app.errors import InvalidInput


def refuse(path: str, message: str) -> NoReturn:
    raise InvalidInput(f"{path}: {message}", details={path: [message]})


def at(path: str, place: int) -> str:
    return f"{path}[{place}]"


def mapping(value: Any, path: str, message: str = "It is a mapping.") -> dict[str, Any]:
    """Return a mapping with text keys, as JSON has them."""
    if not isinstance(value, Mapping):
        refuse(path, message)
    return {str(key): item for key, item in value.items()}


def items(told: Mapping[str, Any], key: str, path: str = "") -> list[Any]:
    value = told.get(key)
    if value is not None and not isinstance(value, list | tuple):
        refuse(f"{path}.{key}" if path else key, "It is a list.")
    return list(value or [])


def text(told: Mapping[str, Any], key: str, path: str = "") -> str:
    """Return a text; other scalars as texts print them, nothing as ""."""
    value = told.get(key)
    if isinstance(value, list | tuple | Mapping):
        refuse(f"{path}.{key}" if path else key, "It is a text.")
    return "" if value is None else go_text(value)


def word(value: Any, path: str) -> str:
    if value is None or isinstance(value, list | tuple | Mapping) or not go_text(value).strip():
        refuse(path, "It is a text that is not empty.")
    return go_text(value)


def number(value: Any, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not is_finite(value):
        refuse(path, "It is a number, not in quotes.")
    return value


def unique(found: list[str], path: str) -> list[str]:
    seen: set[str] = set()
    for name in found:
        if name in seen:
            refuse(path, f"{name[:60]!r} stands there twice.")
        seen.add(name)
    return found
