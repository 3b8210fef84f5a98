"""How `.prompt.yml` files put test values into texts, and compare texts. Pure.

As gh-models does it, which is written in Go (https://github.com/github/gh-models); its order over the keys of a test
is random, so a value that has another key's placeholder in it differs from run to run there. Here one pass is made.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

# What Go's strings.TrimSpace takes away; Python's strip also takes \x1c to \x1f.
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def filled(template: str, case: Mapping[str, Any]) -> str:
    """Return `template` with each literal {{key}} replaced; inserted text is not looked at again.

    No spaces inside the braces, no paths, no escapes; what is unknown stays as it is.
    """
    if not case:
        return template
    keys = sorted(map(str, case), key=len, reverse=True)
    values = {f"{{{{{key}}}}}": value for key, value in case.items()}
    pattern = re.compile("|".join(re.escape(f"{{{{{key}}}}}") for key in keys))
    return pattern.sub(lambda found: go_text(values[found[0]]), template)


def go_text(value: Any) -> str:
    """Return a value as Go's %v prints it: true, <nil>, 1e+06, [a 1.5], map[k:v]."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value) if -(2**63) <= value < 2**64 or not is_finite(value) else _go_float(float(value))
    if isinstance(value, float):
        return _go_float(value)
    if isinstance(value, date):
        return _go_time(value)
    if isinstance(value, Mapping):
        keys = sorted(value, key=_map_order)
        return "map[" + " ".join(f"{go_text(key)}:{go_text(value[key])}" for key in keys) + "]"
    if isinstance(value, list | tuple):
        return "[" + " ".join(map(go_text, value)) + "]"
    return str(value)


def is_finite(number: float) -> bool:
    """Whether a float can hold the number: JSON may have whole ones that are larger."""
    return abs(number) <= sys.float_info.max


def go_lower(text: str) -> str:
    """Return a text in lower case character by character: Σ is always σ, and İ is i."""
    return "".join(c.lower()[0] for c in text)


def trimmed(text: str) -> str:
    return text.strip(_SPACE)


def _map_order(key: Any) -> tuple[int, float, str]:
    """Numbers by their size, texts by their characters."""
    is_number = isinstance(key, int | float) and not isinstance(key, bool)
    return (0, key, "") if is_number else (1, 0, go_text(key))


def _go_float(number: float) -> str:
    if not math.isfinite(number):
        return {math.inf: "+Inf", -math.inf: "-Inf"}.get(number, "NaN")
    shortest = Decimal(repr(number)).normalize()
    if number == 0 or -4 <= shortest.adjusted() < 6:
        return f"{shortest:f}"
    sign, digits, _ = shortest.as_tuple()
    head, tail = str(digits[0]), "".join(map(str, digits[1:]))
    mantissa = f"{head}.{tail}" if tail else head
    return f"{'-' if sign else ''}{mantissa}e{shortest.adjusted():+03d}"


def _go_time(value: date) -> str:
    if not isinstance(value, datetime):
        return f"{value:%Y-%m-%d} 00:00:00 +0000 UTC"
    fraction = f".{value.microsecond:06d}".rstrip("0") if value.microsecond else ""
    offset = f"{value:%z}" or "+0000"
    zone = "UTC" if offset == "+0000" else offset
    return f"{value:%Y-%m-%d %H:%M:%S}{fraction} {offset} {zone}"
