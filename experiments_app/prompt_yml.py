"""`.prompt.yml`, the prompts that GitHub keeps in repositories: read and written. Pure.

Scalars are YAML 1.2's: yes and no are texts. Reference: https://docs.github.com/en/github-models
"""

from __future__ import annotations

import json
import re
from typing import Any

from experiments_app.evaluation.files.suite_yaml import read_yaml
from experiments_app.evaluation.files.yaml_writing import dump
from experiments_app.modelfile import BadFile, Parts
from unified_app.errors import InvalidInput
from unified_app.parameters import ALIASES, PARAMETERS, canonical
from unified_app.templates import render, uses_system

_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")
_KNOWN = frozenset(
    [
        "name",
        "description",
        "model",
        "messages",
        "modelParameters",
        "model_parameters",
        "responseFormat",
        "response_format",
        "jsonSchema",
        "json_schema",
        "testData",
        "evaluators",
    ]
)


def read_prompt(text: str) -> Parts:
    """Return what the file says. Raises BadFile."""
    try:
        told = read_yaml(text)
    except InvalidInput as error:
        raise BadFile(error.message.removeprefix("file: ")) from None
    model, name, description = (_word(told.get(key)) for key in ("model", "name", "description"))
    found = Parts(base=model, name=name, description=description)
    found.ignored += [f"{str(name)[:60]} is passed over." for name in told if name not in _KNOWN]
    _take_parameters(found, told)
    _take_messages(found, told.get("messages") or [])
    return found


def write_prompt(parts: Parts) -> str:
    told: dict[str, Any] = {"name": parts.name, "description": parts.description, "model": parts.base}
    parameters = {_camel(name): value for name, value in parts.parameters.items() if name != "response_format"}
    told["modelParameters"] = parameters
    form = parts.parameters.get("response_format") or {}
    told["responseFormat"] = form.get("type")
    told["jsonSchema"] = json.dumps(form["json_schema"]) if "json_schema" in form else None
    told["messages"] = _messages(parts)
    shown = {name: value for name, value in told.items() if value}
    return dump(shown)


def _messages(parts: Parts) -> list[dict[str, str]]:
    template = parts.template or "{{ .Prompt }}"
    lead = [{"role": "system", "content": parts.system}] if parts.system and not uses_system(template) else []
    question = str(render(template, system=parts.system, prompt="{{input}}"))
    return [*lead, *parts.messages, {"role": "user", "content": question}]


def _take_parameters(found: Parts, told: dict[str, Any]) -> None:
    given = told.get("modelParameters") or told.get("model_parameters") or {}
    if not isinstance(given, dict):
        raise BadFile("modelParameters is no mapping.")
    for name, value in given.items():
        own = ALIASES.get(_snake(str(name)), _snake(str(name)))
        if own not in PARAMETERS:
            found.ignored.append(f"modelParameters.{str(name)[:60]} is passed over.")
        elif PARAMETERS[own].schema.get("type") in ("integer", "number") and not _is_number(value):
            raise BadFile(f"modelParameters.{name} is no number.")
        else:
            found.parameters.update(canonical({own: value}))
    form = told.get("responseFormat") or told.get("response_format")
    if form:
        found.parameters["response_format"] = _form(form, told.get("jsonSchema") or told.get("json_schema"))


def _form(form: Any, schema: Any) -> dict[str, Any]:
    if form not in ("text", "json_object", "json_schema"):
        raise BadFile("responseFormat is text, json_object or json_schema.")
    if form != "json_schema":
        return {"type": form}
    try:
        told = json.loads(schema)
    except (TypeError, ValueError, RecursionError):
        raise BadFile("jsonSchema must be a text that holds JSON.") from None
    return {"type": form, "json_schema": told}


def _take_messages(found: Parts, told: Any) -> None:
    if not isinstance(told, list):
        raise BadFile("messages is no list.")
    rows = [_message(at, message) for at, message in enumerate(told)]
    found.system = "\n\n".join(text for role, text in rows if role == "system")
    talk = [(role, text) for role, text in rows if role != "system"]
    if talk and talk[-1][0] == "user" and _PLACEHOLDER.search(talk[-1][1]):
        text = talk.pop()[1]
        if text.strip() != "{{input}}":
            found.template = _template(text)
    found.messages = [{"role": role, "content": text} for role, text in talk]
    if any(_PLACEHOLDER.search(text) for text in (found.system, *(text for _, text in talk))):
        raise BadFile("Only the last message, the user's, may hold a placeholder: {{input}} is the caller's text.")


def _template(text: str) -> str:
    if {match[1].strip() for match in _PLACEHOLDER.finditer(text)} != {"input"}:
        raise BadFile("The last message has other placeholders than {{input}}, which is the caller's text.")
    return _PLACEHOLDER.sub("{{ .Prompt }}", text)


def _message(at: int, message: Any) -> tuple[str, str]:
    role = str(message.get("role")).lower() if isinstance(message, dict) else ""
    content = message.get("content") if isinstance(message, dict) else None
    if role not in ("system", "user", "assistant") or isinstance(content, list | dict):
        raise BadFile(f"messages.{at} needs a role (system, user, assistant) and a content that is a text.")
    return role, _word(content)


def _word(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, default=str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)
