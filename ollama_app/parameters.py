"""The `parameters` text of show. Pure."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from typing import Any

from unified_app.values import text

ALWAYS_LISTS = frozenset({"stop"})
# One string and nothing else: literal_eval may see no expression of an upstream's choosing.
_QUOTED = re.compile(r'"(?:[^"\\\n]|\\.)*"')


def parse_parameters(told: str) -> dict[str, Any]:
    """Return the text's values by name; a name that stands more than once becomes a list.

    The server prints Go values: quoted strings, booleans, and numbers of which large integers look like 1e+06.
    """
    found: dict[str, list[Any]] = {}
    for name, value in _lines(told):
        found.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 or name in ALWAYS_LISTS else values[0] for name, values in found.items()}


def _lines(told: str) -> Iterator[tuple[str, Any]]:
    for line in told.split("\n"):
        name, _, value = line.strip().partition(" ")
        if name and value.strip():
            yield name, _go_value(value.strip())


def _go_value(told: str) -> Any:
    if told.startswith('"'):
        return _go_string(told)
    if told in ("true", "false"):
        return told == "true"
    try:
        number = float(told)
    except ValueError:
        return told
    if not math.isfinite(number):
        return told
    return int(number) if number.is_integer() else number


def _go_string(told: str) -> str:
    if not _QUOTED.fullmatch(told):
        return told.strip('"')
    try:
        return text(ast.literal_eval(told))
    except (ValueError, SyntaxError):
        return told.strip('"')
