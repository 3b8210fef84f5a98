"""Which tools a question calls for, and values that fit a schema, without weights."""

from __future__ import annotations

import re
from typing import Any

from registry_project.demo.knowledge import concepts
from registry_project.demo.server import Body

NAMES = r"\b(?:in|at|for|of|to|from|about)\s+(?:the\s+)?(?!the\b|an?\b)(\w+)"
# What a text argument looks like, by words of its name and description.
SHAPES = {
    r"hh:mm|time of day": r"\b\d{1,2}:\d{2}\b",
    r"yyyy-mm-dd": r"\b\d{4}-\d{2}-\d{2}\b",
    r"currency|such as (?:eur|usd)": r"\b[A-Z]{3}\b",
    r"symbol|ticker": r"\b[A-Z]{2,5}\b",
    r"message|word by word": r": (.+?)[.?!]?$",
    r"first name|recipient|person": r"\b(?:[Ss]end|[Tt]ell|[Aa]sk|to) ([A-Z]\w+)",
}


def choose_tools(question: str, tools: list[Body]) -> list[Body]:
    """The call that the question is for, or one for each half around an "and", if there is enough for two."""
    first, _, second = re.sub(r",? and (?=\w)", "\n", question, count=1).partition("\n")
    one, other = choose_tool(first, tools), choose_tool(second, tools)
    if one and second and not other:
        # The weather in Rome and in Madrid.
        other = choose_tool(second, [tool for tool in tools if tool["function"]["name"] == one["name"]], least=0)
    if one and other and is_whole(one, first) and is_whole(other, second):
        return [{"index": 0, **one}, {"index": 1, **other}]
    call = choose_tool(question, tools)
    return [{"index": 0, **call}] if call else []


def is_whole(call: Body, question: str) -> bool:
    """Whether all of the arguments stand in the question."""
    values = call["arguments"].values()
    return "demo" not in values and (1 not in values or bool(re.search(r"\b1\b", question)))


def choose_tool(question: str, tools: list[Body], least: int = 1) -> Body | None:
    """The call whose name and description share most words with the question, if so many are shared."""

    def shared(function: Body) -> int:
        spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", function.get("name", ""))
        return len({*concepts(question)} & {*concepts(f"{spaced} {function.get('description', '')}")})

    best: Body = max((tool.get("function", {}) for tool in tools), key=shared, default={})
    schema = {"type": "object", **best.get("parameters", {})}
    return {"name": best["name"], "arguments": filled(schema, question)} if best and shared(best) >= least else None


def filled(schema: Body, question: str, answer: str = "") -> Any:
    """A value that fits a schema, of what a question says; each of its names and numbers is used once."""
    return Filling(question, answer).value(schema)


class Filling:
    def __init__(self, question: str, answer: str = "") -> None:
        self.question, self.asked = question, question.lower()
        self.names = [answer] * bool(answer) + re.findall(NAMES, question)
        # Not those of dates and times.
        self.numbers = re.findall(r"(?<![\d:-])\d+(?:\.\d+)?(?![\d:]|-\d)", f"{answer} {question}")
        self.used: set[str] = set()

    def value(self, schema: Body, name: str = "") -> Any:
        kind, choices = schema.get("type", "string"), schema.get("enum")
        if choices:
            return next(iter(self.named(choices)), choices[0])
        if kind == "object":
            rules = schema.get("properties", {}).items()
            return {key: self.value(rule, key) for key, rule in rules if self.is_told(key, rule, schema)}
        if kind == "array":
            return self.several(schema)
        if kind in ("number", "integer"):
            number = float(self.numbers.pop(0)) if self.numbers else 1.0
            return int(number) if kind == "integer" else number
        if kind == "boolean":
            return not re.search(r"\b(?:not|no|off|unlock|disable|without)\b", self.asked)
        return self.shaped(f"{name} {schema.get('description', '')}") or (self.names.pop(0) if self.names else "demo")

    def named(self, choices: list[Any]) -> list[Any]:
        return [choice for choice in choices if str(choice).lower() in self.asked]

    def several(self, schema: Body) -> list[Any]:
        items = schema.get("items", {})
        count = len(self.numbers) if items.get("type") in ("number", "integer") else 1
        some = range(max(count, schema.get("minItems", 1)))
        return self.named(items.get("enum", [])) or [self.value(items) for _ in some]

    def is_told(self, key: str, rule: Body, schema: Body) -> bool:
        """Whether a property is required, or has a choice that the question names. All are where none is required."""
        required = schema.get("required")
        return not required or key in required or bool(self.named(rule.get("enum", [])))

    def shaped(self, told: str) -> str:
        pattern = next((pattern for words, pattern in SHAPES.items() if re.search(words, told.lower())), None)
        found = [text for text in re.findall(pattern, self.question) if text not in self.used] if pattern else []
        self.used.update(found[:1])
        return found[0] if found else ""
