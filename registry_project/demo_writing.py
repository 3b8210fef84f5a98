"""Lists and sentences as long and in the shape that a question wants, of few words and without sense."""

from __future__ import annotations

import re

from registry_project.demo.knowledge import stem
from registry_project.demo.server import DATA

Answer = tuple[str, list[str]]
NOTHING: Answer = ("", ["I am not sure"])
LINES = [line.partition(" = ") for line in (DATA / "kinds.txt").read_text().splitlines()]
KINDS = {name: words.split() for name, _, words in LINES}
NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
COUNTED = re.compile(rf"\b({'|'.join(NUMBERS)}|\d+)\b (\w+(?: \w+)?)")
# Word of the question -> how the items of a list are joined.
LAYOUTS = {"semicolon": "; ", "comma": ", ", "line": "\n", "hyphens": "-", "vertical bar": " | "}
FILLING = re.findall(r"\w+", "is here and looks very much as it did when we saw it for the first time years ago")


def listed(question: str) -> Answer:
    """So many things of a kind."""
    asked = question.lower()
    if not re.match(r"\W*(?:name|list|give)\b", asked):
        return NOTHING
    for number, nouns in COUNTED.findall(asked):
        stems = {stem(noun) for noun in nouns.split()}
        words = next((words for kind, words in KINDS.items() if stem(kind) in stems), [])
        if letter := re.search(r"begins with (?:the letter )?\W?(\w)\b", asked):
            words = [word for word in words if word.lower().startswith(letter[1])]
        if count := min(int(NUMBERS.get(number, 0) or number), len(words)):
            return laid_out(words[:count], asked), [" ".join(words), laid_out(words[: count + 1], asked + " numbers")]
    return NOTHING


def laid_out(words: list[str], asked: str) -> str:
    if "numbered" in asked:
        return "\n".join(f"{place}. {word}" for place, word in enumerate(words, 1))
    if mark := re.search(r"\b(hyphen|asterisk) and a space|markdown list|bullet", asked):
        return "\n".join(f"{'*' if mark[1] == 'asterisk' else '-'} {word}" for word in words)
    return next((join for name, join in LAYOUTS.items() if name in asked), ", ").join(words)


def written(question: str) -> Answer:
    """So many sentences, or words, about something; with the words that must be in them."""
    asked = question.lower()
    if not re.match(r"\W*(?:write|describe|explain|summarise|tell|say)\b", asked):
        return NOTHING
    about = re.search(r"\b(?:about|describe|explain what|explain) (?:(?:a|an|the|what|is) )*(\w+)", asked)
    quoted = re.findall(r'"(\w+)"', question) if "contain" in asked and "not contain" not in asked else []
    if not about and not quoted:
        return NOTHING
    topic = about[1] if about else " and ".join(quoted)
    sentences, words = number_of("sentences?|paragraphs", asked), number_of("words", asked)
    if not sentences and not words:
        return NOTHING
    told = [f"The {topic} {' '.join(FILLING[place : place + (words or 7) - 2])}." for place in range(sentences or 1)]
    return " ".join(told), [" ".join([*told, "It is so."]), f"I like the {topic}! And you?"]


def number_of(noun: str, asked: str) -> int:
    found = re.search(rf"\b({'|'.join(NUMBERS)}|\d+) (?:\w+ )?(?:{noun})\b", asked)
    return int(NUMBERS.get(found[1], 0) or found[1]) if found else 0


def styled(text: str, question: str) -> str:
    """The text in the letters and marks that the question wants."""
    asked = question.lower()
    text = text.upper() if "capital letters" in asked or "all capitals" in asked else text
    text = text.lower() if "lower case letters" in asked else text
    text = f'"{text}"' if "double quotation marks" in asked else text
    return f"```\n{text}\n```" if "code block" in asked else text
