"""`.prompt.yml`, the prompts that GitHub keeps in repositories: read and written. Pure.

Scalars are YAML 1.2's: yes and no are texts. Reference: https://docs.github.com/en/github-models
"""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from experiments_app.modelfile import BadFile, Parts
from unified_app.parameters import ALIASES, PARAMETERS, canonical
from unified_app.templates import render, uses_system

_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")
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
_RESOLVERS: tuple[tuple[str, str, str], ...] = (
    ("tag:yaml.org,2002:bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("tag:yaml.org,2002:int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$",
        "-+0123456789.",
    ),
    ("tag:yaml.org,2002:null", r"^(?:~|null|Null|NULL|)$", "~nN"),
)


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if twice := {name for name in names if names.count(name) > 1 and name != "<<"}:
            raise BadFile(f"It has {', '.join(sorted(twice)[:3])} twice in one place.")
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):
    yaml_implicit_resolvers: dict[str, Any] = {}


def _text_node(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    # YAML 1.1 takes these for line ends and folds them away, unless they are escaped.
    style = '"' if _LINE_ENDS.search(text) else None
    node: yaml.ScalarNode = dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)
    return node


_Dumper.add_representer(str, _text_node)

for _tag, _pattern, _first in _RESOLVERS:
    for _kind in (_Loader, _Dumper):
        _kind.add_implicit_resolver(_tag, re.compile(_pattern), [*_first, *([""] if "null" in _tag else [])])


def read_prompt(text: str) -> Parts:
    """Return what the file says. Raises BadFile."""
    try:
        told = next(iter(yaml.load_all(text, Loader=_Loader)), None)  # noqa: S506 - derived from SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        raise BadFile(f"It is no YAML that can be read: {' '.join(str(error).split())[:200]}") from None
    if not isinstance(told, dict):
        raise BadFile("It is no mapping with messages and modelParameters.")
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
    return yaml.dump(shown, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


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
