"""What can be done with a question's own words, without weights: repeat, look up in a text, choose, count on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from registry_project.demo.knowledge import concepts, draw, known
from registry_project.demo_eyes import look
from registry_project.demo_writing import NOTHING, Answer, listed, styled, written

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
# "positive or negative", "billing, technical or sales"; or after a colon: "old, modern, stone."
CHOICES = re.compile(r"((?:[\w-]+, )*[\w-]+),? or ([\w-]+)\b|: ((?:\w+, )+)(\w+)[.?]")
TEXT = re.compile(r'\btext: "(.+?)"\s*\n(.+)', re.IGNORECASE | re.DOTALL)
OTHERWISE = re.compile(r"\bif the text does not .*?\banswer (?:only|with)?:? ?(.+)", re.IGNORECASE | re.DOTALL)
REPEAT = re.compile(r"\s*(?:repeat\b|(?:reply|answer|respond|say|write)\b.*\bexactly th).*?: *(.+)$", re.IGNORECASE)
# Questions that want the bare answer, without a sentence around it.
BARE = re.compile(r"\b(one word|only|just|brief|short|exactly|nothing else|repeat|list|write|words)\b")
A_NUMBER = r"\b(?:number|many|much|price|cost|total|age|old|year)\b"
A_DAY = r"\b(?:day|when)\b"


def answer_of(question: str, pictures: list[str] | None) -> Answer:
    """The right answer, and wrong ones of its kind; nothing when no model can know it."""
    if pictures:
        return look(pictures, question)
    for skill in SKILLS:
        right, wrong = skill(question)
        if right:
            return styled(right, question), [text for text in wrong if text] or NOTHING[1]
    return known(question)


def repeated(question: str) -> Answer:
    found = REPEAT.match(question) if "leave out" not in question else None
    return (found[1], [found[1].swapcase(), f"Here it is: {found[1]}"]) if found else NOTHING


def read_off(question: str) -> Answer:
    """Of the text's words that may be meant, the nearest to what is asked about; another one is wrong."""
    if not (found := TEXT.search(question)):
        return NOTHING
    text, asked = found[1], re.sub(r"\banswer with .*", "", found[2], flags=re.IGNORECASE | re.DOTALL)
    otherwise = OTHERWISE.search(asked)
    asked = asked[: otherwise.start()] if otherwise else asked
    words = re.findall(r"[\w.@:-]*\w", text)
    likely = [place for place, word in enumerate(words) if is_meant(word, place, asked)]
    wanted = set(concepts(asked))
    near = [place for place, word in enumerate(words) if wanted & set(concepts(word))]
    if not likely or not (near or len(likely) == 1):
        return (otherwise[1].strip(), words[:1]) if otherwise else NOTHING
    best = max(likely, key=lambda place: sum(1 / (1 + abs(place - other)) for other in near if other != place))
    return words[best], [words[place] for place in likely if place != best] or ["not stated"]


def is_meant(word: str, place: int, asked: str) -> bool:
    """Whether a word is a day, an address, a number or a name, as the question asks for one."""
    if re.search(A_DAY, asked.lower()):
        return word in DAYS
    if "address" in asked:
        return "@" in word
    if re.search(A_NUMBER, asked.lower()):
        return any(letter.isdigit() for letter in word)
    return word[0].isupper() and word not in DAYS and word.lower() not in asked.lower() and place > 0


def chosen(question: str) -> Answer:
    """One of the choices: the one that the rest of the question speaks of, else a guess."""
    if not (found := CHOICES.search(question)):
        return NOTHING
    before, last = found[1] or found[3].rstrip(", "), found[2] or found[4]
    choices = [*before.split(", "), last]
    rest = set(concepts(question.replace(found[0], "")))
    best = max(choices, key=lambda choice: (len(rest & set(concepts(choice))), draw(question, choice)))
    return best, [choice for choice in choices if choice != best]


def spelled(question: str) -> Answer:
    """What is asked of a word in quotation marks."""
    if not (found := re.search(r'\bword "(\w+)"', question)):
        return NOTHING
    word, asked = found[1], question.lower()
    if "how many letters" in asked:
        return str(len(word)), [str(len(word) - 1), str(len(word) + 1)]
    if "backwards" in asked:
        return word[::-1], [word]
    if "between its letters" in asked:
        return "-".join(word), [word]
    return (word, []) if re.search(r"capital letters|quotation marks", asked) else NOTHING


def counted_on(question: str) -> Answer:
    """The next number of a row, or the day of the week after so many days."""
    asked = question.lower()
    if (found := re.search(r"today is (\w+day)\b.*\bin (\d+) days", asked)) and found[1].title() in DAYS:
        day = DAYS[(DAYS.index(found[1].title()) + int(found[2])) % 7]
        return day, [other for other in DAYS if other != day]
    row = re.search(r"comes next: ((?:-?\d+, ){3,})", asked)
    right = following([int(number) for number in row[1].split(", ")[:-1]]) if row else None
    return NOTHING if right is None else (str(right), [str(right + 1), str(right * 2)])


def following(row: list[int]) -> int | None:
    """The next number where neighbours differ by the same, by a factor, or by something that grows evenly."""
    steps = [b - a for a, b in zip(row, row[1:], strict=False)]
    growth = {b - a for a, b in zip(steps, steps[1:], strict=False)}
    if len(growth) == 1:
        return row[-1] + steps[-1] + growth.pop()
    factors = {b / a for a, b in zip(row, row[1:], strict=False) if a}
    if len(factors) == 1:
        return int(row[-1] * factors.pop())
    adds_up = all(a + b == c for a, b, c in zip(row, row[1:], row[2:], strict=False))
    return row[-1] + row[-2] if adds_up else None


def as_json(question: str) -> Answer:
    """A list of numbers, or an object of the keys in quotation marks with what is in brackets or known."""
    _, asks, wanted = question.partition("JSON only")
    if numbers := re.findall(r"\d+", wanted) if "list of the numbers" in wanted else []:
        return f"[{', '.join(numbers)}]", [" ".join(numbers)]
    keys = re.findall(r'"(\w+)"(?: \(([^()]*)\))?', wanted) if asks else []
    told = {key: value_of(said.split(",")[0]) or known(question)[0] for key, said in keys}
    return (json.dumps(told), [json.dumps(list(told.values())), str(told)]) if told else NOTHING


def value_of(said: str) -> Any:
    return int(said) if said.isdigit() else said


SKILLS: tuple[Callable[[str], Answer], ...] = (
    *(repeated, as_json, read_off, spelled, listed),
    *(known, counted_on, chosen, written),
)
