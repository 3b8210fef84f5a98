"""Reads what a `.prompt.yml` says: the request of each test case, and what its answer is checked for. Pure.

Reference: https://docs.github.com/en/github-models/use-github-models/storing-prompts-in-github-repositories
On purpose also read: parameters in snake_case, as GitHub's own editor wrote them, and a jsonSchema that is no string.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from experiments_app.evaluation.templating import filled, go_lower, go_text
from unified_app.errors import InvalidInput

ROLES = ("system", "user", "assistant", "developer")
FORMATS = ("text", "json_object", "json_schema")
# The first of these that has a text counts; the others are ignored.
OPERATORS = {
    "equals": "Expected exact match: '{}'",
    "contains": "Expected to contain: '{}'",
    "startsWith": "Expected to start with: '{}'",
    "endsWith": "Expected to end with: '{}'",
}
_NUMBERS = {
    "maxTokens": "max_tokens",
    "maxCompletionTokens": "max_completion_tokens",
    "temperature": "temperature",
    "topP": "top_p",
}
_WHOLE = ("max_tokens", "max_completion_tokens")


@dataclass(frozen=True)
class StringCheck:
    """One string evaluator."""

    name: str
    operator: str
    expected: str

    def passes(self, answer: str, case: Mapping[str, Any]) -> bool:
        """Whether a trimmed answer is as expected. Only `equals` minds the case; no expected text is trimmed."""
        expected = filled(self.expected, case)
        if self.operator == "equals":
            return answer == expected
        given, wanted = go_lower(answer), go_lower(expected)
        if self.operator == "contains":
            return wanted in given
        return given.startswith(wanted) if self.operator == "startsWith" else given.endswith(wanted)

    def details(self, case: Mapping[str, Any]) -> str:
        return OPERATORS[self.operator].format(filled(self.expected, case))


@dataclass(frozen=True)
class Prompt:
    """A prompt with its test cases and checks."""

    name: str
    description: str
    messages: tuple[tuple[str, str], ...]
    options: dict[str, Any]
    cases: tuple[dict[str, Any], ...]
    checks: tuple[StringCheck, ...]

    def request(self, case: Mapping[str, Any]) -> dict[str, Any]:
        """Return the request of one case, without its model."""
        messages = [{"role": role, "content": filled(content, case)} for role, content in self.messages]
        return {"messages": messages, **self.options}


def read_prompt(config: Mapping[str, Any]) -> Prompt:
    """Return the prompt in a dict of a `.prompt.yml`'s shape. Raises InvalidInput that names the wrong part.

    Keys that are not known are ignored.
    """
    if not isinstance(config, Mapping):
        _refuse("evaluation_config", "It is a mapping, as in a .prompt.yml file.")
    messages = tuple(_message(row, f"messages[{i}]") for i, row in enumerate(_list(config, "messages")))
    cases = tuple(_case(row, f"testData[{i}]") for i, row in enumerate(_list(config, "testData")))
    checks = tuple(_check(row, f"evaluators[{i}]") for i, row in enumerate(_list(config, "evaluators")))
    if cases and not messages:
        _refuse("messages", "Test cases need at least one message.")
    options = {**_parameters(config), **_response_format(config)}
    return Prompt(_text(config.get("name")), _text(config.get("description")), messages, options, cases, checks)


def _message(row: Any, path: str) -> tuple[str, str]:
    if not isinstance(row, Mapping):
        _refuse(path, "A message has role and content.")
    role = _text(row.get("role")).lower()
    if role not in ROLES:
        _refuse(f"{path}.role", f"It is one of {', '.join(ROLES)}.")
    if isinstance(row.get("content"), list | Mapping):
        _refuse(f"{path}.content", "It is a text.")
    return role, _text(row.get("content"))


def _case(row: Any, path: str) -> dict[str, Any]:
    if row is not None and not isinstance(row, Mapping):
        _refuse(path, "A test case is a mapping.")
    return {str(key): value for key, value in (row or {}).items()}


def _check(row: Any, path: str) -> StringCheck:
    if not isinstance(row, Mapping):
        _refuse(path, "An evaluator is a mapping with a name.")
    name = _text(row.get("name")) or path
    criteria = row.get("string")
    if criteria is None:
        _refuse(path, _why_not(name, row))
    if not isinstance(criteria, Mapping):
        _refuse(f"{path}.string", f"It is a mapping with one of {', '.join(OPERATORS)}.")
    for operator in OPERATORS:
        if expected := _text(criteria.get(operator)):
            return StringCheck(name, operator, expected)
    _refuse(f"{path}.string", f"No string evaluation criteria specified; they are {', '.join(OPERATORS)}.")


def _why_not(name: str, row: Mapping[str, Any]) -> str:
    judge = "llm" if row.get("llm") is not None else _text(row.get("uses"))
    if not judge:
        return f"No evaluation method specified for evaluator {name}."
    return f"Evaluator {name} is a judge ({judge}); judges come with the registry's evaluations. Use `string` here."


def _parameters(config: Mapping[str, Any]) -> dict[str, Any]:
    given = config.get("modelParameters") or {}
    if not isinstance(given, Mapping):
        _refuse("modelParameters", "It is a mapping.")
    found = {}
    for camel, snake in _NUMBERS.items():
        value = given.get(camel, given.get(snake))
        if value is not None:
            found[snake] = _number(value, f"modelParameters.{camel}", is_whole=snake in _WHOLE)
    if "max_completion_tokens" in found:
        found.pop("max_tokens", None)
    return found


def _number(value: Any, path: str, *, is_whole: bool) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        _refuse(path, "It is a number, not in quotes.")
    return int(value) if is_whole else value


def _response_format(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the format to ask for; a schema without a responseFormat is not sent, as gh-models does."""
    kind = config.get("responseFormat")
    if kind in (None, ""):
        return {}
    if kind not in FORMATS:
        _refuse("responseFormat", f"It is one of {', '.join(FORMATS)}.")
    schema = _schema(config.get("jsonSchema"))
    if kind == "json_schema" and not (schema and {"name", "schema"} <= schema.keys()):
        _refuse("jsonSchema", "With json_schema it is required, and has name and schema.")
    return {"response_format": {"type": kind, **({"json_schema": schema} if schema else {})}}


def _schema(told: Any) -> dict[str, Any] | None:
    try:
        schema = json.loads(told) if isinstance(told, str) and told.strip() else told or None
    except (ValueError, RecursionError):
        _refuse("jsonSchema", "It is not JSON.")
    if schema is not None and not isinstance(schema, dict):
        _refuse("jsonSchema", "It is an object with name and schema.")
    return schema


def _list(config: Mapping[str, Any], key: str) -> list[Any]:
    value = config.get(key)
    if value is not None and not isinstance(value, list | tuple):
        _refuse(key, "It is a list.")
    return list(value or [])


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else go_text(value)


def _refuse(path: str, message: str) -> NoReturn:
    raise InvalidInput(f"{path}: {message}", details={path: [message]})
