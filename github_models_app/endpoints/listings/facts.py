"""What a server tells of one model, and how the words of all kinds of server are read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from unified_app import values

# The highest price per token that is believed, in USD: a thousand times the dearest model's.
MAX_PRICE = Decimal(1)
# Servers' words for what goes in -> our capabilities; text needs no word.
HEARS = {"image": "vision", "audio": "audio"}
SAYS = {"text": "text_generation", "image": "image_generation", "embeddings": "text_embedding"}


@dataclass(frozen=True)
class Facts:
    """What is told of a model. `capabilities` None: nothing is told, which is not the same as none."""

    capabilities: tuple[str, ...] | None = None
    context_length: int | None = None
    size: int | None = None
    version: str = ""
    digest: str = ""
    description: str = ""
    modified_at: datetime | None = None
    parameters: dict[str, Any] = field(default_factory=dict)


def told(**parameters: Any) -> dict[str, Any]:
    """Return the parameters that are told: neither None nor empty; False and 0 are told."""
    return {name: value for name, value in parameters.items() if value is not None and value not in ("", [], {})}


def by_modalities(inputs: Iterable[str], outputs: Iterable[str], more: Iterable[str] = ()) -> tuple[str, ...] | None:
    """Return capabilities from what goes in and comes out; `more` are told in other ways. None when nothing is."""
    found = {SAYS[word] for word in outputs if word in SAYS}
    found |= {HEARS[word] for word in inputs if word in HEARS} | set(more)
    return tuple(sorted(found)) or None


def by_flags(flags: Mapping[str, Any], words: Mapping[str, str]) -> tuple[str, ...] | None:
    """Return capabilities from {flag: true or false}; None when no flag that `words` knows is told."""
    known = {words[name]: value for name, value in flags.items() if name in words and isinstance(value, bool)}
    if not known:
        return None
    return tuple(sorted({words[name] for name, value in flags.items() if name in words and value is True}))


def pricing(prompt: Any, completion: Any) -> dict[str, str]:
    """Return USD per token as decimal strings, as far as they are told."""
    return told(prompt=price(prompt), completion=price(completion))


def price(value: Any) -> str | None:
    """Return a price as plain digits, or None for what is none; OpenRouter says -1 where it depends on the call."""
    if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > 40:
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    is_sane = amount.is_finite() and 0 <= amount <= MAX_PRICE and (not amount or amount.adjusted() > -30)
    return f"{amount.normalize():f}" if is_sane else None


def moment(seconds: Any) -> datetime | None:
    """Return a time that is told as POSIX seconds."""
    whole = values.count(seconds)
    return datetime.fromtimestamp(whole, UTC) if whole and whole < 2**34 else None


def positive(value: Any) -> int | None:
    """Return a whole number above 0; servers say 0 for what they do not know."""
    return values.count(value) or None


def flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def parameter_size(count: int | None) -> str:
    """Return a number of parameters as people say it: 8.0B, 137M."""
    if count is None:
        return ""
    return f"{count / 10**9:.1f}B" if count >= 10**9 else f"{count / 10**6:.0f}M"
