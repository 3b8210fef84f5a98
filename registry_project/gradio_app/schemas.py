"""Tool schemas as a person types them: JSON with errors that name the line, and whether a call's arguments fit."""

from __future__ import annotations

import json
import re
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable

from registry_project.gradio_app.errors import PageError

DEFAULT = """[
  {
    "type": "function",
    "function": {
      "name": "get_weather",
      "description": "Current weather in a city",
      "parameters": {
        "type": "object",
        "properties": {
          "city": {"type": "string", "description": "Such as Lisbon"},
          "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}
        },
        "required": ["city"]
      }
    }
  },
  {
    "type": "function",
    "function": {
      "name": "calculate",
      "description": "Work out an arithmetic expression",
      "parameters": {
        "type": "object",
        "properties": {"expression": {"type": "string"}},
        "required": ["expression"]
      }
    }
  }
]"""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SPACE = re.compile(r"[\s,]*")


def parse(text: str) -> list[dict[str, Any]]:
    """Return the tools. Raises PageError that names the line of the first mistake."""
    if not text.strip():
        raise PageError("There are no tools: write at least one, or take the example.")
    try:
        tools = json.loads(text)
    except json.JSONDecodeError as error:
        raise PageError(f"Line {error.lineno}: this is no JSON. {error.msg} (column {error.colno}).") from error
    except RecursionError as error:
        raise PageError("The JSON is nested too deeply.") from error
    if not isinstance(tools, list):
        raise PageError("Line 1: the tools must stand in a list, between [ and ].")
    for tool, (begin, end) in zip(tools, _spans(text), strict=True):
        _check(tool, _Place(text, begin, end))
    _check_names(tools, text)
    return tools


def verdict(arguments: str, name: str, tools: list[dict[str, Any]]) -> tuple[bool, str]:
    """Return whether a call's arguments fit the tool of that name, with a sentence."""
    schemas = {tool["function"]["name"]: tool["function"].get("parameters", {}) for tool in tools}
    if name not in schemas:
        return False, f"No tool is called “{name}”."
    try:
        values = json.loads(arguments or "{}")
    except ValueError:
        return False, "The arguments are no JSON."
    # With a registry of its own, a `$ref` to another server is an error and not a request.
    validator: Any = Draft202012Validator(schemas[name], registry=Registry())
    try:
        problem = next(iter(validator.iter_errors(values)), None)
    except Unresolvable:
        return False, "The schema refers to something that is not in it, so the arguments cannot be judged."
    if problem is None:
        return True, "The arguments fit the schema."
    where = f"{problem.json_path.removeprefix('$.')}: " if problem.path else ""
    return False, f"The arguments do not fit the schema: {where}{problem.message}."


class _Place:
    """Where a tool stands in the text."""

    def __init__(self, text: str, begin: int, end: int) -> None:
        self._text, self._begin, self._end = text, begin, end

    def error(self, problem: str, *path: str) -> PageError:
        """Return the error with the line of the key that `path` leads to, as far as it leads."""
        at = self._begin
        for name in path:
            found = self._text.find(json.dumps(name), at, self._end)
            at = found if found >= 0 else at
        return PageError(f"Line {self._text.count(chr(10), 0, at) + 1}: {problem}")


def _check(tool: Any, place: _Place) -> None:
    if not isinstance(tool, dict):
        raise place.error("a tool must be an object, between { and }.")
    if tool.get("type") != "function":
        raise place.error('the tool needs "type": "function".', "type")
    function = tool.get("function")
    if not isinstance(function, dict):
        raise place.error('the tool needs "function": an object with name, description and parameters.', "function")
    name = function.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise place.error('"name" must have 1 to 64 letters, digits, - or _.', "function", "name")
    parameters = function.get("parameters", {})
    if not isinstance(parameters, dict):
        raise place.error('"parameters" must be a JSON schema, between { and }.', "function", "parameters")
    _check_schema(parameters, place)


def _check_schema(parameters: dict[str, Any], place: _Place) -> None:
    try:
        Draft202012Validator.check_schema(parameters)
    except SchemaError as error:
        path = [key for key in error.path if isinstance(key, str)]
        raise place.error(f'"parameters" is no JSON schema: {error.message}.', "parameters", *path) from error


def _check_names(tools: list[dict[str, Any]], text: str) -> None:
    seen: set[str] = set()
    for tool, (begin, end) in zip(tools, _spans(text), strict=True):
        name = tool["function"]["name"]
        if name in seen:
            raise _Place(text, begin, end).error(f"two tools are called “{name}”.", "function", "name")
        seen.add(name)


def _spans(text: str) -> list[tuple[int, int]]:
    """Return where each element of the list begins and ends; the text is known to be JSON."""
    decoder = json.JSONDecoder()
    spans = []
    position = text.index("[") + 1
    while text[begin := _skip(text, position)] != "]":
        position = decoder.raw_decode(text, begin)[1]
        spans.append((begin, position))
    return spans


def _skip(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position
