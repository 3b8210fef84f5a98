"""Two texts side by side, with what differs marked. Pure."""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from typing import Any

from registry_project.pages.variant_words import short

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
# Above this many words only whole lines are compared, since the time grows with the square.
MOST_WORDS = 3_000


@dataclass(frozen=True)
class Piece:
    text: str
    is_changed: bool = False


def sides(before: str, after: str) -> tuple[list[Piece], list[Piece]]:
    """Return both texts in pieces; what one has and the other has not is marked."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if max(len(old), len(new)) > MOST_WORDS:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    left: list[Piece] = []
    right: list[Piece] = []
    for word, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if a != b:
            left.append(Piece("".join(old[a:b]), word != "equal"))
        if c != d:
            right.append(Piece("".join(new[c:d]), word != "equal"))
    return left, right


@dataclass(frozen=True)
class Row:
    """One difference; texts in pieces, other values as they are."""

    path: str
    before: Any
    after: Any
    before_pieces: list[Piece]
    after_pieces: list[Piece]

    @property
    def label(self) -> str:
        """What the path is of: `temperature`, `system`, `example message 1`."""
        first, *rest = self.path.split(".")
        if first == "messages" and rest:
            return f"example message {int(rest[0]) + 1}" + (", who" if rest[1:] == ["role"] else "")
        if first == "members" and rest:
            return f"member {int(rest[0]) + 1}, {' '.join(rest[1:])}"
        return ".".join(rest) if first == "parameters" and rest else self.path

    @property
    def before_said(self) -> str:
        return _said(self.before)

    @property
    def after_said(self) -> str:
        return _said(self.after)

    @property
    def is_text(self) -> bool:
        return bool(self.before_pieces or self.after_pieces)


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return "nothing" if value is None else short(value)


def rows(differences: list[dict[str, Any]]) -> list[Row]:
    """Return the differences that `diffing.diff` found, ready to be shown."""
    told = [found for found in differences if not _is_told_anyway(found)]
    return [_row(found["path"], found["base"], found["variant"]) for found in told]


def _is_told_anyway(found: dict[str, Any]) -> bool:
    """Whether it is the speaker of an example that only one side has, whose words are a difference of their own."""
    return found["path"].endswith(".role") and None in (found["base"], found["variant"])


def _row(path: str, before: Any, after: Any) -> Row:
    texts = [value for value in (before, after) if isinstance(value, str)]
    if texts and all(isinstance(value, str | None) for value in (before, after)) and path != "strategy":
        return Row(path, before, after, *sides(before or "", after or ""))
    return Row(path, before, after, [], [])
