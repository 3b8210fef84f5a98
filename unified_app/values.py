"""Values of an upstream's JSON made safe to store: right type, bounded, nothing that a database refuses. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

# Texts that people read (template, licence) are cut here: a licence can be long, a hostile one endless.
MAX_TEXT = 64 * 1024
MAX_WORD = 200
MAX_WORDS = 64


def as_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def text(value: Any, limit: int | None = MAX_TEXT) -> str:
    """Return a text without what some database refuses: NUL, half of a surrogate pair."""
    if not isinstance(value, str):
        return ""
    kept = value.replace("\0", "").encode("utf-8", "ignore").decode()
    return kept if limit is None else kept[:limit]


def word(value: Any) -> str:
    """Return a short text on one line."""
    return "".join(c for c in text(value, MAX_WORD) if c.isprintable()).strip()


def words(value: Any) -> tuple[str, ...] | None:
    """Return a list of short texts, or None when it is none."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return None
    return tuple(filter(None, map(word, value[:MAX_WORDS])))


def count(value: Any) -> int | None:
    """Return a whole number that a 64-bit column can hold, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**63:
        return None
    return int(value) if value == int(value) else None


def moment(value: Any) -> datetime | None:
    """Return an RFC 3339 time in UTC, or None; Go's zero time, the year 1, is nobody's knowledge."""
    try:
        told = datetime.fromisoformat(value)
        return told.astimezone(UTC) if told.tzinfo and told.year > 1970 else None
    except (TypeError, ValueError, OverflowError):
        return None


def is_one_line(value: str) -> bool:
    """Whether a text can be shown, logged and stored as it is."""
    return value.isprintable() and text(value) == value
