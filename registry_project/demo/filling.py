"""Fills JSON schemas, of answers and of tools, with what a question holds."""

from __future__ import annotations

import re
from typing import Any

from registry_project.demo.embedding import concepts

Schema = dict[str, Any]
FORMATS = {"date": "2026-01-01", "date-time": "2026-01-01T00:00:00Z", "time": "12:00:00", "email": "demo@example.com"}
NAMES = r"(?<!^)(?<![.!?:] )\b[A-Z]\w+(?:[ -][A-Z]\w+)*"
PLACES = r"\b(?:in|at|for|of|to|from|about|named|called)\s+(?!the\b|a\b|an\b)(\w+)"


class BadSchema(Exception):
    """A type that no JSON schema knows."""


class Filler:
    """Each number and each name of the question is used once; the answer, if known, is the first string."""

    def __init__(self, question: str, answer: str = "", root: Schema | None = None) -> None:
        self.text, self.root = question, root or {}
        self.numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", f"{answer} {question}")]
        quoted = re.findall(r"[\"“']([^\"”']+)[\"”'](?!\w)", question)
        named = re.findall(NAMES, question) + re.findall(PLACES, question)
        self.strings = list(dict.fromkeys(([answer] if answer else []) + quoted + named))

    def value(self, schema: Schema) -> Any:
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[-1]
            schema = {**self.root.get("$defs", {}), **self.root.get("definitions", {})}.get(name, {})
        if options := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
            return self.value(options[0])
        if "const" in schema or schema.get("enum"):
            return schema.get("const", self.choice(schema.get("enum", [None])))
        kind = schema.get("type", "object" if "properties" in schema else "string")
        kind = kind[0] if isinstance(kind, list) else kind
        fill = getattr(self, f"fill_{kind}", None)
        if fill is None:
            raise BadSchema
        return fill(schema)

    def choice(self, values: list[Any]) -> Any:
        said = f"{' '.join(self.strings)} {self.text}".lower()
        return next((value for value in values if str(value).lower() in said), values[0])

    def fill_object(self, schema: Schema) -> Schema:
        fields = schema.get("properties", {})
        wanted = schema.get("required", list(fields))
        said = [key for key, sub in fields.items() if key in wanted or self.is_said(sub)]
        return {key: self.value(fields[key]) for key in said}

    def is_said(self, schema: Schema) -> bool:
        return any(str(value).lower() in self.text.lower() for value in schema.get("enum", []))

    def fill_array(self, schema: Schema) -> list[Any]:
        items = schema.get("items", {"type": "string"})
        pool = self.numbers if items.get("type") in ("number", "integer") else self.strings
        count = max(schema.get("minItems", 1), min(len(pool), schema.get("maxItems", 3)))
        return [self.value(items) for _ in range(count)]

    def fill_string(self, schema: Schema) -> str:
        words = re.findall(r"\w+", self.text) or ["demo"]
        text = FORMATS.get(schema.get("format", "")) or (self.strings.pop(0) if self.strings else words[-1])
        return text.ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength")]

    def fill_number(self, schema: Schema) -> float:
        number = self.numbers.pop(0) if self.numbers else 1.0
        low, high = schema.get("minimum", number), schema.get("maximum", number)
        return float(max(low, min(high, number)))

    def fill_integer(self, schema: Schema) -> int:
        return int(self.fill_number(schema))

    def fill_boolean(self, schema: Schema) -> bool:
        return not re.search(r"\b(not|no|never|off|false)\b|n't", self.text.lower())

    def fill_null(self, schema: Schema) -> None:
        return None


def choose_tool(question: str, tools: list[Schema]) -> Schema | None:
    """The call whose name and description share most words with the question, if any does."""
    asked, best, most = set(concepts(question)), None, 0
    for function in (tool.get("function", {}) for tool in tools):
        spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", function.get("name", ""))
        shared = len(asked & set(concepts(f"{spaced} {function.get('description', '')}")))
        if shared > most:
            best, most = function, shared
    if best is None:
        return None
    schema = best.get("parameters") or {}
    return {"name": best.get("name", ""), "arguments": Filler(question, root=schema).fill_object(schema)}
