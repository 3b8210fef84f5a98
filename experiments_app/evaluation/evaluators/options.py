"""The options of evaluators: their JSON schemas, and what is wrong with those of a suite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from experiments_app.evaluation.templating import is_finite
from unified_app.errors import InvalidInput

TEXT = {"type": "string"}
TRUTH = {"type": "boolean"}
SHARE = {"type": "number", "minimum": 0, "maximum": 1}
ABOVE_ZERO = {"type": "number", "exclusiveMinimum": 0}
SCALAR = {"type": ["string", "number", "boolean"]}
EXPECTED = {
    **SCALAR,
    "default": "{{expected}}",
    "description": "The expected text; {{key}} stands for a value of the test case.",
}
THRESHOLD = {**SHARE, "description": "The score from which on a case passes. Without it the score is only measured."}
MODEL = {**TEXT, "minLength": 1}


def schema(*required: str, **properties: Any) -> dict[str, Any]:
    """Return the JSON schema of an evaluator's options."""
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "properties": properties, **needed, "additionalProperties": False}


def defaulted(value: Any, told: str, **kind: Any) -> dict[str, Any]:
    """Return an option's schema with its default and description."""
    return {**kind, "default": value, "description": told}


def refuse(path: str, message: str) -> NoReturn:
    raise InvalidInput(f"{path}: {message}", details={path: [message]})


def checked(options: Any, allowed: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return options with the defaults of those left out. Raises InvalidInput that names the wrong one."""
    given = {} if options is None else options
    if not isinstance(given, Mapping):
        refuse(path, "It is a mapping of options.")
    for where, number in _numbers(given, path):
        if not is_finite(number):
            refuse(where, "It is a finite number.")
    if error := best_match(Draft202012Validator(dict(allowed)).iter_errors(dict(given))):
        refuse(*_told(error, path))
    defaults = {key: rule["default"] for key, rule in allowed.get("properties", {}).items() if "default" in rule}
    return {**defaults, **given}


def _told(error: ValidationError, path: str) -> tuple[str, str]:
    """Return where an error is and what it is, in words that repeat no long value."""
    where = path + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = sorted(str(key) for key in error.instance if key not in known)
        return f"{where}.{unknown[0]}", f"Unknown. It is one of {', '.join(known)}." if known else "Unknown."
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        return f"{where}.{missing}", "Required."
    return where, error.message if len(error.message) <= 300 else f"{error.message[:300]}..."


def _numbers(value: Any, path: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, int | float):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _numbers(item, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _numbers(item, f"{path}[{index}]")
