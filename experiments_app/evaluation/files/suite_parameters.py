"""Fields of a request that a suite sets: modelParameters, in both spellings, and the format of the answer. Pure.

On purpose also read: snake_case, as GitHub's own editor wrote, and a jsonSchema that is no string.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from experiments_app.evaluation.files.suite_parts import mapping, number, refuse, word

FORMATS = ("text", "json_object", "json_schema")
_WHOLE = ("max_tokens", "max_completion_tokens", "seed", "dimensions")
_NUMBERS = (*_WHOLE, "temperature", "top_p", "presence_penalty", "frequency_penalty")
_TEXTS = ("reasoning_effort",)
_KNOWN = (*_NUMBERS, *_TEXTS, "stop")


def request_fields(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields by OpenAI's names. Raises InvalidInput that names the wrong one by its path."""
    key = "modelParameters" if told.get("modelParameters") is not None else "model_parameters"
    given = mapping(told.get(key) or {}, key)
    found: dict[str, Any] = {}
    for name, value in given.items():
        field = _snake(name)
        # Both spellings at once: the one that gh knows counts.
        is_second = field in found and name == field
        if value is not None and field in _KNOWN and not is_second:
            found[field] = _value(field, value, f"{key}.{name}")
    if "max_completion_tokens" in found:
        found.pop("max_tokens", None)
    return {**found, **_response_format(told)}


def _value(field: str, value: Any, path: str) -> Any:
    if field == "stop":
        return _stops(value, path)
    if field in _TEXTS:
        return word(value, path)
    found = number(value, path)
    return int(found) if field in _WHOLE else found


def _stops(value: Any, path: str) -> list[str]:
    given = value if isinstance(value, list | tuple) else [value]
    if not all(isinstance(stop, str) and stop for stop in given):
        refuse(path, "It is a text that is not empty, or a list of them.")
    return list(given)


def _response_format(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the format to ask for; a schema without a responseFormat is not sent, as gh-models does."""
    kind = told.get("responseFormat", told.get("response_format"))
    if kind in (None, ""):
        return {}
    if not isinstance(kind, str) or kind not in FORMATS:
        refuse("responseFormat", f"It is one of {', '.join(FORMATS)}.")
    schema = _schema(told.get("jsonSchema", told.get("json_schema")))
    if kind == "json_schema" and not (schema and {"name", "schema"} <= schema.keys()):
        refuse("jsonSchema", "With json_schema it is required, and has name and schema.")
    return {"response_format": {"type": kind, **({"json_schema": schema} if schema else {})}}


def _schema(told: Any) -> dict[str, Any] | None:
    try:
        schema = json.loads(told) if isinstance(told, str) and told.strip() else told or None
    except (ValueError, RecursionError):
        refuse("jsonSchema", "It is not JSON.")
    return None if schema is None else mapping(schema, "jsonSchema", "It is an object with name and schema.")


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
