"""JSON as Go's encoding/json prints it, which programs that read gh-models' results may compare. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from experiments_app.evaluation.files.yaml_scalars import Time
from experiments_app.evaluation.templating import go_text

# Escaped so that the text may stand in HTML and JavaScript.
_ESCAPED = re.compile("[<>&\u2028\u2029]")


class Unprintable(ValueError):
    """A value that JSON cannot hold."""


def go_json(value: Any, indent: str = "") -> str:
    """Return a value in lines with two spaces of indent; the keys of mappings stay in their order."""
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise Unprintable("json: unsupported type: map[interface {}]interface {}")
        return _lines("{}", [f"{_text(key)}: {go_json(item, indent + '  ')}" for key, item in value.items()], indent)
    if isinstance(value, list | tuple):
        return _lines("[]", [go_json(item, indent + "  ") for item in value], indent)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return _float(value)
    return _text(value.rfc3339) if isinstance(value, Time) else json.dumps(value)


def sorted_keys(value: Any) -> Any:
    """Return plain data with the keys of all its mappings sorted, as Go prints maps."""
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: sorted_keys(value[key]) for key in sorted(value)}
    return [sorted_keys(item) for item in value] if isinstance(value, list | tuple) else value


def _lines(marks: str, parts: list[str], indent: str) -> str:
    if not parts:
        return marks
    inner = ",".join(f"\n{indent}  {part}" for part in parts)
    return f"{marks[0]}{inner}\n{indent}{marks[1]}"


def _text(text: str) -> str:
    # A half of a pair, such as JSON can hold, is no character.
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    quoted = json.dumps(whole, ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


def _float(number: float) -> str:
    if not math.isfinite(number):
        raise Unprintable(f"json: unsupported value: {go_text(number)}")
    shortest = Decimal(repr(number)).normalize()
    if number == 0 or 1e-6 <= abs(number) < 1e21:
        return f"{shortest:f}"
    sign, digits, _ = shortest.as_tuple()
    head, tail = str(digits[0]), "".join(map(str, digits[1:]))
    return f"{'-' if sign else ''}{head}{'.' + tail if tail else ''}e{shortest.adjusted():+d}"
