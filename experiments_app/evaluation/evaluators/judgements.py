"""How the words of a judge are read. What cannot be read is no score: the caller says so, and never 0 in silence."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from experiments_app.evaluation.templating import go_lower, go_text, trimmed

# A whole number that is no part of another one; 4/5, "4 of 5" and "4 out of 5" count as the 4 before.
_NUMBER = r"(?<![\w.,/-])([0-9]{1,4})(?![0-9]|[.,][0-9]|/[0-9]*[A-Za-z])(?:\s*(?:/|(?:out\s+)?of(?:\s+the)?)\s*[0-9]+)?"
_RATING = re.compile(_NUMBER)
# One that is called so counts before others: Rating: 3 (1 is worst, 5 is best).
_CALLED = re.compile(r"(?i:\b(?:rating|score)(?:\s+is)?)[\s:=*_\"'(\[]*" + _NUMBER)
# The scale itself: from 1 to 5, 1-5, between 1 and 5.
_RANGE = re.compile(
    r"(?<![\w.])[0-9]{1,4}\s*(?:to|through|-|\u2013)\s*[0-9]{1,4}(?![\w])|(?i:\bbetween)\s+[0-9]{1,4}\s+and\s+[0-9]{1,4}\b"
)
# What may stand around a choice: Verdict: **yes**.
_EDGES = " \t\"'`*_#()[]{}<>.,;:!-"


def first_contained(words: str, choices: Sequence[str]) -> str | None:
    """Return the first choice, in their order, that the words contain, as gh-models does; capitals do not matter."""
    said = trimmed(go_lower(words))
    return next((choice for choice in choices if go_lower(choice) in said), None)


def rating(words: str, low: int, high: int) -> int | None:
    """Return the last whole number from low to high that is called a rating in the last line, or stands in it.

    Else that of all the words.
    """
    for part in (last_line(words), words):
        for kind in (_CALLED, _RATING):
            found = [int(number) for number in kind.findall(_RANGE.sub(" ", part))]
            if allowed := [number for number in found if low <= number <= high]:
                return allowed[-1]
    return None


def chosen(words: str, choices: Sequence[str]) -> str | None:
    """Return the choice that the last line is, or ends with after a colon; else the only one named in all the words."""
    line = last_line(words)
    known = {_bare(choice): choice for choice in choices}
    for part in (line, line.rpartition(":")[2]):
        if _bare(part) in known:
            return known[_bare(part)]
    named = [choice for choice in choices if _is_named(choice, line)] or [c for c in choices if _is_named(c, words)]
    return named[0] if len(named) == 1 else None


def last_line(words: str) -> str:
    return next((line for line in reversed(words.splitlines()) if line.strip()), "")


def scores_of(choices: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return {choice: score}; the first of two that are the same counts."""
    scores: dict[str, float] = {}
    for choice in choices:
        scores.setdefault(go_text(choice["choice"]), float(choice["score"]))
    return scores


def _bare(text: str) -> str:
    return go_lower(text.strip(_EDGES))


def _is_named(choice: str, words: str) -> bool:
    """Whether a choice stands in the words as a word of its own: no is not in know, nor bad in not_bad.

    A letter is also an article or a pronoun, so it needs a word before it that says what it is: option B.
    """
    if len(choice) == 1 and choice.isalpha():
        return re.search(rf"(?i:answer|option|choice|verdict|winner)[\s_:*\"'(\[]*{choice}(?!\w)", words) is not None
    return bool(choice) and re.search(rf"(?<!\w){re.escape(go_lower(choice))}(?!\w)", go_lower(words)) is not None
