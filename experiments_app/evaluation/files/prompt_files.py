"""`.prompt.yml` files as gh-models reads them for `gh models eval`. Pure.

Where it wants a text, any scalar is one by its source (1.10 stays "1.10"); what it does not know is passed over.
Reference: https://github.com/github/gh-models/blob/main/pkg/prompt/prompt.go
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

from experiments_app.evaluation.files.yaml_reading import BadYaml, Node, Values, compose, entries

T = TypeVar("T")
# The first of these that has a text counts; gh passes over the others.
OPERATORS = ("equals", "contains", "startsWith", "endsWith")
FORMATS = ("text", "json_object", "json_schema")


@dataclass(frozen=True)
class Judge:
    """`llm` of an evaluator; `choices` are (what the judge says, score)."""

    model: str = ""
    prompt: str = ""
    system: str = ""
    choices: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class FileEvaluator:
    """One entry of `evaluators`: what is there counts in the order string, llm, uses."""

    name: str = ""
    string: Mapping[str, str] | None = None
    judge: Judge | None = None
    uses: str = ""
    # `with` of our own evaluators, which gh does not know.
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PromptFile:
    """What gh takes from a file."""

    name: str = ""
    description: str = ""
    model: str = ""
    # Of max_tokens, temperature and top_p those that are set.
    parameters: Mapping[str, int | float] = field(default_factory=dict)
    response_format: str | None = None
    # A schema that is JSON's null is sent too.
    has_schema: bool = False
    schema: Mapping[str, Any] | None = None
    messages: tuple[tuple[str, str], ...] = ()
    cases: tuple[Mapping[str, Any] | None, ...] = ()
    evaluators: tuple[FileEvaluator, ...] = ()


def read_prompt_file(raw: bytes | str) -> PromptFile:
    """Return what the file says. Raises BadYaml, with the line, for what gh does not load."""
    return prompt_of(compose(raw))


def prompt_of(root: Node | None) -> PromptFile:
    if root is None or root.is_null:
        return PromptFile()
    found = _fields(root)
    response_format = _optional(found.get("responseFormat"), _text)
    has_schema = "jsonSchema" in found and not found["jsonSchema"].is_null
    schema = _schema(found["jsonSchema"]) if has_schema else None
    _check_format(response_format, schema, has_schema)
    values = Values()
    return PromptFile(
        name=_optional(found.get("name"), _text) or "",
        description=_optional(found.get("description"), _text) or "",
        model=_optional(found.get("model"), _text) or "",
        parameters=_parameters(found.get("modelParameters")),
        response_format=response_format,
        has_schema=has_schema,
        schema=schema,
        messages=tuple(_list(found.get("messages"), _message)),
        cases=tuple(_list(found.get("testData"), lambda node: _case(node, values), keep_null=True)),
        evaluators=tuple(_list(found.get("evaluators"), lambda node: _evaluator(node, values))),
    )


def _check_format(wanted: str | None, schema: Mapping[str, Any] | None, has_schema: bool) -> None:
    if wanted is not None and wanted not in FORMATS:
        raise BadYaml(f"invalid responseFormat: {wanted}. Must be 'text', 'json_object', or 'json_schema'")
    if wanted != "json_schema":
        return
    if not has_schema:
        raise BadYaml("jsonSchema is required when responseFormat is 'json_schema'")
    for key in ("name", "schema"):
        if key not in (schema or {}):
            raise BadYaml(f"jsonSchema must contain '{key}' field")


def _parameters(node: Node | None) -> dict[str, int | float]:
    found = {} if node is None or node.is_null else _fields(node)
    told = {
        "max_tokens": _optional(found.get("maxTokens"), _whole),
        "temperature": _optional(found.get("temperature"), _number),
        "top_p": _optional(found.get("topP"), _number),
    }
    return {name: value for name, value in told.items() if value is not None}


def _schema(node: Node) -> dict[str, Any] | None:
    if node.kind != "scalar":
        raise BadYaml("jsonSchema must be a JSON string", node.line)
    try:
        schema = json.loads(node.text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadYaml(f"invalid JSON in jsonSchema: {error}", node.line) from None
    if schema is not None and not isinstance(schema, dict):
        raise BadYaml("invalid JSON in jsonSchema: it is no object", node.line)
    return schema


def _message(node: Node) -> tuple[str, str]:
    found = _fields(node)
    return _optional(found.get("role"), _text) or "", _optional(found.get("content"), _text) or ""


def _case(node: Node, values: Values) -> dict[str, Any] | None:
    if node.is_null:
        return None
    if node.kind != "map":
        _refuse(node, "a mapping")
    return values.texts(node)


def _evaluator(node: Node, values: Values) -> FileEvaluator:
    found = _fields(node)
    told = found.get("with")
    is_ours = told is not None and told.kind == "map"
    return FileEvaluator(
        _optional(found.get("name"), _text) or "",
        _optional(found.get("string"), _criteria),
        _optional(found.get("llm"), _judge),
        _optional(found.get("uses"), _text) or "",
        values.texts(told) if told is not None and is_ours else {},
    )


def _criteria(node: Node) -> dict[str, str]:
    found = _fields(node)
    return {name: _optional(found.get(name), _text) or "" for name in OPERATORS}


def _judge(node: Node) -> Judge:
    found = _fields(node)
    model, prompt, system = (_optional(found.get(key), _text) or "" for key in ("modelId", "prompt", "systemPrompt"))
    return Judge(model, prompt, system, tuple(_list(found.get("choices"), _choice)))


def _choice(node: Node) -> tuple[str, float]:
    found = _fields(node)
    return _optional(found.get("choice"), _text) or "", _optional(found.get("score"), _number) or 0.0


def _fields(node: Node) -> dict[str, Node]:
    if node.kind != "map":
        _refuse(node, "a mapping")
    for key, _ in entries(node):
        if key.kind != "scalar":
            _refuse(key, "a text")
    return {key.source: value for key, value in entries(node) if not key.is_null}


def _list(node: Node | None, item: Callable[[Node], T], *, keep_null: bool = False) -> list[T]:
    if node is None or node.is_null:
        return []
    if node.kind != "list":
        _refuse(node, "a list")
    # Go drops a null where the items are no mappings of free keys.
    return [item(child) for child in node.items if keep_null or not child.is_null]


def _optional(node: Node | None, read: Callable[[Node], T]) -> T | None:
    return None if node is None or node.is_null else read(node)


def _text(node: Node) -> str:
    if node.kind != "scalar":
        _refuse(node, "a text")
    return node.source


def _number(node: Node) -> float:
    value = node.scalar() if node.kind == "scalar" else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(node, "a number, not in quotes")
    return float(value)


def _whole(node: Node) -> int:
    value = node.scalar() if node.kind == "scalar" else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not value < 2**63 or math.isinf(value):
        _refuse(node, "a whole number, not in quotes")
    return int(value)


def _refuse(node: Node, wanted: str) -> NoReturn:
    raise BadYaml(f"cannot read {node.told} as {wanted}", node.line)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
