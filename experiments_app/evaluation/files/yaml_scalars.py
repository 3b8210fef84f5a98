"""What a plain word of a YAML file means: as Go's yaml.v3 has it, which reads YAML 1.2 with some of 1.1. Pure.

yes, no, on and off are texts, and so is 12:30; 017 and 0o17 are 15; 1_000 is a number; 2024-01-02 is a time.
Reference: https://github.com/go-yaml/yaml/blob/v3.0.1/resolve.go
"""

from __future__ import annotations

import base64
import binascii
import calendar
import math
import re
from dataclasses import dataclass
from typing import Any

_WORDS: dict[str, tuple[str, Any]] = {
    **dict.fromkeys(("true", "True", "TRUE"), ("bool", True)),
    **dict.fromkeys(("false", "False", "FALSE"), ("bool", False)),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), ("null", None)),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), ("float", math.nan)),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), ("float", math.inf)),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), ("float", -math.inf)),
}
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SEPARATED = re.compile(r"\.[0-9]+(_[0-9]+)*")
_INTEGERS = (
    (re.compile(r"([-+]?)0[xX]([0-9a-fA-F]+)"), 16),
    (re.compile(r"([-+]?)0[bB]([01]+)"), 2),
    (re.compile(r"([-+]?)0[oO]?([0-7]+)"), 8),
    (re.compile(r"([-+]?)(0|[1-9][0-9]*)"), 10),
)
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{1,2}):(?P<second>\d{1,2})(?:[.,](?P<fraction>\d+))?"
_TIME = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    rf"(?:[Tt]{_CLOCK}(?P<zone>Z|[-+]\d\d:\d\d)|" + re.sub(r"\?P<(\w+)>", r"?P<spaced_\1>", rf" +{_CLOCK}") + r")?",
    re.ASCII,
)


class BadScalar(ValueError):
    """A word whose tag says that it is something else."""


@dataclass(frozen=True)
class Time:
    """A time as Go keeps it: to the nanosecond, with its offset in minutes."""

    day: str
    clock: str = "00:00:00"
    fraction: str = ""
    offset: int = 0

    def __str__(self) -> str:
        """As Go's %v prints it."""
        zone = f"{'-' if self.offset < 0 else '+'}{abs(self.offset) // 60:02}{abs(self.offset) % 60:02}"
        return f"{self.day} {self.clock}{self._nanoseconds} {zone} {zone if self.offset else 'UTC'}"

    @property
    def rfc3339(self) -> str:
        """As Go writes it into JSON."""
        sign = "-" if self.offset < 0 else "+"
        zone = f"{sign}{abs(self.offset) // 60:02}:{abs(self.offset) % 60:02}" if self.offset else "Z"
        return f"{self.day}T{self.clock}{self._nanoseconds}{zone}"

    @property
    def _nanoseconds(self) -> str:
        digits = self.fraction[:9].rstrip("0")
        return f".{digits}" if digits else ""


def scalar(text: str, tag: str = "") -> Any:
    """Return the value of a word that stands plain or has a tag. Raises BadScalar where tag and word differ."""
    if tag == "binary":
        return _binary(text)
    found, value = ("str", text) if tag == "str" else resolved(text, may_be_time=tag in ("", "timestamp"))
    if tag == "float" and found == "int":
        return float(value)
    if tag in ("bool", "int", "float", "null", "timestamp") and tag != found:
        raise BadScalar(f"cannot decode !!{found} `{text[:40]}` as a !!{tag}")
    return value if tag in ("", "bool", "int", "float", "null", "timestamp") else text


def resolved(text: str, *, may_be_time: bool = True) -> tuple[str, Any]:
    """Return the type (bool, int, float, null, timestamp or str) and the value of a plain word."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] == ".":
        return _number(text.replace("_", "") if _SEPARATED.fullmatch(text) else text, text)
    if text[0] not in "+-0123456789":
        return "str", text
    time = time_of(text) if may_be_time else None
    if time is not None:
        return "timestamp", time
    plain = text.replace("_", "")
    for pattern, base in _INTEGERS:
        if match := pattern.fullmatch(plain):
            value = int(match[1] + match[2], base) if len(match[2]) <= 70 else 2**70
            # Beyond 64 bits it is a float, where floats are written so.
            return ("int", value) if _fits(value, match[1]) else _number(plain, text)
    return _number(plain, text)


def time_of(text: str) -> Time | None:
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    parts = {name.removeprefix("spaced_"): value for name, value in match.groupdict().items() if value is not None}
    year, month, day = (int(parts[name]) for name in ("year", "month", "day"))
    if not (1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]):
        return None
    hour, minute, second = (int(parts.get(name, 0)) for name in ("hour", "minute", "second"))
    if hour > 23 or minute > 59 or second > 59:
        return None
    offset = _offset(parts.get("zone", "Z"))
    if offset is None:
        return None
    clock = f"{hour:02}:{minute:02}:{second:02}"
    return Time(f"{year:04}-{month:02}-{day:02}", clock, parts.get("fraction", ""), offset)


def _offset(zone: str) -> int | None:
    if zone == "Z":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    sign = -1 if zone[0] == "-" else 1
    return sign * (hours * 60 + minutes) if hours <= 24 and minutes <= 60 else None


def _fits(value: int, sign: str) -> bool:
    # A text with a sign is never read as one of 64 bits without.
    return -(2**63) <= value < (2**63 if sign else 2**64)


def _number(plain: str, text: str) -> tuple[str, Any]:
    """Return a float if the word is one that is not too large; else the word."""
    if _FLOAT.fullmatch(plain) and math.isfinite(value := float(plain)):
        return "float", value
    return "str", text


def _binary(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        raise BadScalar("!!binary value contains invalid base64 data") from None
