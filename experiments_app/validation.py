"""What is wrong with a body, by field path, each message with what to do about it. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from experiments_app.schemas import BODY_SCHEMAS, PARAMETER_SCHEMAS, TYPES, Schema
from unified_app.errors import InvalidInput
from unified_app.parameters import HISTORIC, INSTEAD

_KINDS = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
}


class Problems:
    """Field path -> messages, gathered so that a caller learns of all at once."""

    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}

    def add(self, path: str, message: str) -> None:
        told = self.found.setdefault(path, [])
        if message not in told:
            told.append(message)

    def refuse(self) -> None:
        """Raise InvalidInput when there is any."""
        if self.found:
            sentence = "; ".join(f"{path}: {' '.join(messages)}" for path, messages in self.found.items())
            raise InvalidInput(sentence, details=self.found)


def check_body(body: Any) -> dict[str, Any]:
    """Return the body of a create when its schema takes it. Raises InvalidInput that names every wrong field."""
    problems = Problems()
    if not isinstance(body, dict):
        problems.add("body", "Give a JSON object with base_model, experiment_type and parameters.")
        problems.refuse()
    _find_nul(body, "", problems)
    kind = body.get("experiment_type")
    if kind not in TYPES:
        near = _near(kind, TYPES)
        problems.add("experiment_type", f"Give one of: {', '.join(TYPES)}.{near}")
        # The other fields can only be judged by the type, except those that all have.
        known = BODY_SCHEMAS[TYPES[0]]["properties"]
        for name in set(body) - set(known):
            problems.add(name, _unknown(name, known))
    else:
        gather(BODY_SCHEMAS[kind], body, problems)
    problems.refuse()
    return dict(body)


def check_parameters(experiment_type: str, parameters: Any) -> None:
    """Raise InvalidInput when the parameters are not what their experiment type takes."""
    problems = Problems()
    _find_nul(parameters, "parameters", problems)
    gather(PARAMETER_SCHEMAS[experiment_type], parameters, problems, at="parameters")
    problems.refuse()


def gather(schema: Schema, value: Any, problems: Problems, at: str = "") -> None:
    """Add to `problems` what the schema says against `value`."""
    for error in Draft202012Validator(schema).iter_errors(value):
        for path, message in _told(error):
            problems.add(".".join(filter(None, [at, path])) or "body", message)


def _told(error: ValidationError) -> Iterator[tuple[str, str]]:
    path = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        for name in sorted(set(error.instance) - set(known)):
            yield f"{path}.{name}" if path else name, _unknown(name, known)
    elif error.validator == "required":
        for name in error.validator_value:
            if name not in error.instance:
                yield f"{path}.{name}" if path else name, f"This is required. {_wanted(error.schema, name)}"
    else:
        yield path, _SAYS.get(str(error.validator), _says_other)(error)


def _unknown(name: str, known: Mapping[str, Any]) -> str:
    if name in HISTORIC:
        return "Ollama no longer knows this option and passes over it. Leave it out."
    if name in INSTEAD and "temperature" in known:
        return INSTEAD[name]
    shown = sorted(known) if len(known) > 12 else list(known)
    near = _near(name, known)
    return f"There is no such field.{near or ' Fields are: ' + ', '.join(shown) + '.'}"


def _near(name: Any, known: Any) -> str:
    close = difflib.get_close_matches(str(name), list(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]}?" if close else ""


def _wanted(schema: Schema, name: str) -> str:
    """Return what a field wants: the words of its schema's first rule."""
    field = schema["properties"][name]
    if "enum" in field:
        return f"Give one of: {', '.join(map(str, field['enum']))}."
    return f"Give {_KINDS.get(str(field.get('type')), 'a value')}. {field.get('description', '')}".strip()


def _says_type(error: ValidationError) -> str:
    if "minimum" in error.schema:
        return f"Give {_KINDS[error.validator_value]} from {error.schema['minimum']} to {error.schema['maximum']}."
    return f"Give {_KINDS[error.validator_value]}."


def _says_range(error: ValidationError) -> str:
    kind = _KINDS[error.schema["type"]]
    return f"Give {kind} from {error.schema['minimum']} to {error.schema['maximum']}."


def _says_empty(error: ValidationError) -> str:
    names = list(error.schema["properties"])[:4]
    return f"Give at least one of its fields, such as {', '.join(names)}."


def _says_any(error: ValidationError) -> str:
    return "Give a text of 1 to 1000 characters, or a list of 1 to 16 such texts."


def _says_pattern(error: ValidationError) -> str:
    if "0-9a-f" in str(error.validator_value):
        return "Give the 64 lower-case hex digits that POST /api/adapters told as sha256."
    return "Use letters, digits and . _ : + / @ -, and begin with a letter or digit."


def _says_other(error: ValidationError) -> str:
    return f"{error.message[:200]}."


_SAYS: dict[str, Callable[[ValidationError], str]] = {
    "type": _says_type,
    "minimum": _says_range,
    "maximum": _says_range,
    "enum": lambda e: f"Give one of: {', '.join(map(str, e.validator_value))}.{_near(e.instance, e.validator_value)}",
    "anyOf": _says_any,
    "pattern": _says_pattern,
    "minLength": lambda e: "Give a text that is not empty.",
    "maxLength": lambda e: f"Give at most {e.validator_value} characters.",
    "minItems": lambda e: "Give a list with at least one entry.",
    "maxItems": lambda e: f"Give at most {e.validator_value} entries.",
    "uniqueItems": lambda e: "Give each value once.",
    "minProperties": _says_empty,
    "maxProperties": lambda e: f"Give at most {e.validator_value} entries.",
}


def _find_nul(value: Any, path: str, problems: Problems) -> None:
    """PostgreSQL can store no NUL, neither in a text nor in JSON."""
    if isinstance(value, str):
        if "\0" in value:
            problems.add(path or "body", "Leave out the NUL character.")
    elif isinstance(value, dict):
        for name, item in value.items():
            inner = f"{path}.{name}" if path else str(name)
            _find_nul(str(name), inner.replace("\0", ""), problems)
            _find_nul(item, inner, problems)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _find_nul(item, f"{path}.{index}" if path else str(index), problems)
