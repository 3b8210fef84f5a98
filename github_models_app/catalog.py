"""One row of the GitHub Models catalog -> GitHubModel, or the reason why it is none. Pure.

Tolerated: a key that is missing or null, unknown tiers, modalities and tags, a whole number written as text, more
keys than are known. Rejected: what is no object, an id that is none, a known key of the wrong type. Bounded: long
texts and lists are cut (MAX_SUMMARY, MAX_WORD, MAX_WORDS), so that one row cannot be as big as the catalog.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from unified_app.model_objects import RejectedRow
from unified_app.naming import name_key

MAX_ID = 200
MAX_SUMMARY = 4_000
MAX_WORD = 200
MAX_TIER = 40
MAX_WORDS = 64
MAX_TOKENS = 10**12
_PART = r"[A-Za-z0-9][A-Za-z0-9._:@+~-]*"
# publisher/model, or provider/publisher/model; the publisher is the part before the last.
_ID = re.compile(rf"(?:{_PART}/)?({_PART})/{_PART}")
_MAX_PUBLISHER = 100


class RowError(ValueError):
    """The row cannot be used; the message says why, in words that repeat nothing of a hostile row."""


@dataclass(frozen=True)
class GitHubModel:
    """A model as the catalog tells of it; a limit that is None is not told."""

    id: str
    name: str
    publisher: str
    publisher_slug: str
    version: str = "1"
    rate_limit_tier: str = ""
    summary: str = ""
    input_modalities: tuple[str, ...] = ()
    output_modalities: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None
    registry: str = ""
    html_url: str = ""

    @property
    def key(self) -> str:
        """The form in which ids are compared."""
        return name_key(self.id)

    @property
    def limits(self) -> dict[str, int | None]:
        return {"max_input_tokens": self.max_input_tokens, "max_output_tokens": self.max_output_tokens}

    def is_by(self, publisher: str) -> bool:
        """Whether this is a model of the publisher with that slug or name; case does not matter."""
        return publisher.strip().lower() in (self.publisher_slug, self.publisher.lower())


def read_catalog(rows: Iterable[Any]) -> Iterator[GitHubModel | RejectedRow]:
    """Yield every row's model, or why it has none. Of two rows with one id the first counts."""
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        called = _called(row, number)
        try:
            model = read_row(row)
        except RowError as error:
            yield RejectedRow(called, str(error))
            continue
        if model.key in seen:
            # The model itself is known, so this row hides none.
            yield RejectedRow(called, "the id stands twice; the first row counts", kept=True)
            continue
        seen.add(model.key)
        yield model


def read_row(row: Any) -> GitHubModel:
    """Return the model of one row. Raises RowError."""
    if not isinstance(row, dict):
        raise RowError("it is not an object")
    model_id, slug = _id(row.get("id"))
    limits = _limits(row.get("limits"))
    return GitHubModel(
        id=model_id,
        name=_text(row, "name", MAX_WORD) or model_id,
        publisher=_text(row, "publisher", MAX_WORD) or slug,
        publisher_slug=slug,
        version=_version(row.get("version")),
        rate_limit_tier=_text(row, "rate_limit_tier", MAX_TIER).lower(),
        summary=_text(row, "summary", MAX_SUMMARY),
        input_modalities=_words(row, "supported_input_modalities"),
        output_modalities=_words(row, "supported_output_modalities"),
        capabilities=_words(row, "capabilities", lower=False),
        tags=_words(row, "tags", lower=False),
        max_input_tokens=_tokens(limits, "max_input_tokens"),
        max_output_tokens=_tokens(limits, "max_output_tokens"),
        registry=_text(row, "registry", MAX_WORD),
        html_url=_address(_text(row, "html_url", MAX_SUMMARY)),
    )


def publisher_of(model_id: str) -> str:
    """Return the publisher's slug in an id; empty when it is none."""
    found = _ID.fullmatch(model_id)
    return found[1].lower() if found else ""


def unknown_publisher(called: str, slugs: Iterable[str]) -> str:
    known = ", ".join(sorted(slugs))
    told = f"Publishers are: {known}." if known else "The catalog has not been read yet."
    return f"There is no publisher {called[:100]!r}. {told}"


def _called(row: Any, number: int) -> str:
    """Return what people find the row by: its id where it has one, else where it stands."""
    told = row.get("id") if isinstance(row, dict) else None
    return told if isinstance(told, str) and len(told) <= MAX_ID and _ID.fullmatch(told) else f"row {number}"


def _id(value: Any) -> tuple[str, str]:
    """Return the id and the publisher's slug in it."""
    if value is None:
        raise RowError("it has no id")
    if not isinstance(value, str):
        raise RowError("id is not a text")
    found = _ID.fullmatch(value.strip()) if len(value) <= MAX_ID else None
    if found is None or len(found[1]) > _MAX_PUBLISHER:
        raise RowError(f"id is not publisher/model of at most {MAX_ID} characters")
    return found[0], found[1].lower()


def _text(row: dict[str, Any], name: str, limit: int) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RowError(f"{name} is not a text")
    return _clean(value, limit)


def _clean(value: str, limit: int) -> str:
    """Return a text on one line, cut, without what a database refuses or a terminal obeys."""
    # Cut before the characters are looked at, and again after: white space at the end is not kept.
    return "".join(c if c.isprintable() else " " for c in value.strip()[:limit]).strip()


def _words(row: dict[str, Any], name: str, *, lower: bool = True) -> tuple[str, ...]:
    value = row.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value[:MAX_WORDS]):
        raise RowError(f"{name} is not a list of texts")
    found = (_clean(item, MAX_WORD) for item in value[:MAX_WORDS])
    return tuple(dict.fromkeys(word.lower() if lower else word for word in found if word))


def _version(value: Any) -> str:
    """Return the version, which the contract tells as a text; a whole number says the same."""
    if value is None or value == "":
        return "1"
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**18 else ""
    if not isinstance(value, str) or not (version := _clean(value, MAX_WORD)):
        raise RowError("version is not a text")
    return version


def _limits(value: Any) -> dict[str, Any]:
    if value is not None and not isinstance(value, dict):
        raise RowError("limits is not an object")
    return value or {}


def _tokens(limits: dict[str, Any], name: str) -> int | None:
    """Return a count of tokens; 0 says as little as null."""
    value = limits.get(name)
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,12}\s*", value):
        value = int(value)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_TOKENS:
        raise RowError(f"limits.{name} is not a number of tokens")
    return value or None


def _address(value: str) -> str:
    """Return a link that a page may show; any other scheme than http(s) is dropped."""
    return value if value.startswith(("https://", "http://")) else ""
