"""The final answer of a text that thinks aloud: in a box, after "the answer is", a last number, a last letter."""

from __future__ import annotations

import re

from experiments_app.evaluation.evaluators.judgements import last_line
from experiments_app.evaluation.evaluators.numbers import numbers_in, whole_number

_PHRASE = re.compile(r"(?i:\banswer(?:\s+is|\s*:))[\s*_]*(?::|is\b)?[\s*_]*([^\n]{1,500})")
_HASHES = re.compile(r"####[ \t]*([^\n]{1,500})")
# A letter of a choice stands in brackets, before one or a colon, or alone; in words it is an article or a pronoun.
_LETTER = re.compile(r"\(([A-J])\)|(?<![\w(])([A-J])(?=[).:](?:\s|\*|$))|\*\*([A-J])\*\*")
_ALONE = re.compile(r"[\W_]*([A-Ja-j])[\W_]*")
_FIRST = re.compile(r"(?i:\b(?:option|choice)\s+)?\(?\b([A-J])\b")
_LATEX = re.compile(r"\\(?:text|mathrm|mathbf|textbf)\{([^{}]*)\}")
_LATEX_SPACE = re.compile(r"\\[,;:! ]|\\(?:left|right|displaystyle)\b|\$|\\[()\[\]]")
BOX = ("\\boxed{", "\\fbox{")
HOWS = ("auto", "boxed", "phrase", "number", "letter", "line")
COMPARE = ("auto", "number", "letter", "text")


def boxed(text: str) -> str | None:
    """Return what is in the last box, with the braces in it."""
    start, mark = max((text.rfind(mark), mark) for mark in BOX)
    if start < 0:
        return None
    depth, begin = 1, start + len(mark)
    for place in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if not depth:
            return text[begin:place]
    return None


def phrased(text: str) -> str | None:
    """Return the rest of the line after the last "answer is", "answer:" or ####."""
    found = [*_PHRASE.finditer(text), *_HASHES.finditer(text)]
    return max(found, key=lambda match: match.start())[1] if found else None


def last_number(text: str) -> str | None:
    found = numbers_in(text)
    return f"{found[-1].value:.17g}" if found else None


def last_letter(text: str) -> str | None:
    line = last_line(text)
    if alone := _ALONE.fullmatch(line):
        return alone[1].upper()
    found = [next(filter(None, match.groups())) for match in _LETTER.finditer(text)]
    return found[-1] if found else None


def extracted(text: str, how: str, compare: str) -> str | None:
    """Return the final answer, found in the way that is asked for; None when there is none."""
    ways = {"boxed": boxed, "phrase": phrased, "number": last_number, "letter": last_letter}
    if how != "auto":
        return ways[how](text) if how in ways else last_line(text) or None
    for way in (boxed, phrased):
        if (found := way(text)) is not None:
            return found
    return ways[compare](text) if compare in ways else last_line(text) or None


def as_letter(text: str) -> str | None:
    """Return the letter of a choice in a final answer: (B), option B, B. Paris."""
    if alone := _ALONE.fullmatch(plain(text)):
        return alone[1].upper()
    found = _FIRST.search(plain(text))
    return found[1] if found else None


def as_number(text: str) -> float | None:
    """Return the number of a final answer: the whole of it, else the only one or the one after the last = in it."""
    clean = plain(text)
    for part in (clean, clean.rpartition("=")[2]):
        if (number := whole_number(part)) is not None:
            return number
    return None


def final_number(text: str) -> float | None:
    """Return the number of a final answer that may go on: 18 dollars for 3 days."""
    number, found = as_number(text), numbers_in(plain(text))
    return number if number is not None or not found else found[0].value


def as_text(text: str) -> str:
    """Return a final answer as texts are compared: without marks, capitals, spaces and a last point."""
    return "".join(plain(text).lower().split()).strip(".,;:!\"'`*_")


def plain(text: str) -> str:
    """Return the text without LaTeX's marks around words and numbers."""
    return _LATEX_SPACE.sub("", _LATEX.sub(r"\1", text)).replace("**", "").strip()


def kind_of(expected: str) -> str:
    """Return how an expected answer is compared when nobody says."""
    if re.fullmatch(r"\(?[A-J]\)?", expected.strip()):
        return "letter"
    has_words = re.search(r"[A-Za-z]{2}", re.sub(r"\\[dt]?frac\b", "", plain(expected)))
    return "text" if has_words or as_number(expected) is None else "number"
