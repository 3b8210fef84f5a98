"""Ollama's Modelfile, read as its own parser reads it and written so that it is read back the same. Pure.

There are no escapes in it: a value ends with its line, or with the closing quotes that end a line.
Reference: https://github.com/ollama/ollama/blob/main/docs/modelfile.mdx
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from unified_app.parameters import ALIASES, HISTORIC, OPTIONS, PARAMETERS, canonical

_COMMANDS = frozenset(
    [
        "from",
        "license",
        "template",
        "system",
        "adapter",
        "draft",
        "renderer",
        "parser",
        "parameter",
        "message",
        "requires",
    ]
)
_LINE = re.compile(r"[ \t]*([A-Za-z]+)[ \t](.*)", re.DOTALL)
_NAMED = re.compile(r"[ \t]*([A-Za-z0-9_]+)[ \t](.*)", re.DOTALL)
_NATIVE = {"max_tokens": "num_predict"}
_TRUE, _FALSE = ("1", "t", "T", "TRUE", "true", "True"), ("0", "f", "F", "FALSE", "false", "False")


class BadFile(ValueError):
    """The text is not what it should be; the message says where and why."""


@dataclass
class Parts:
    """What a file says of a model; `ignored` tells what was passed over, for people."""

    base: str = ""
    name: str = ""
    description: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    system: str = ""
    template: str = ""
    messages: list[dict[str, str]] = field(default_factory=list)
    adapter: str = ""
    ignored: list[str] = field(default_factory=list)


def read_modelfile(text: str) -> Parts:
    """Return what a Modelfile says. Raises BadFile."""
    found = Parts()
    for number, name, value in _commands(text):
        _take(found, number, name, value)
    if not found.base:
        raise BadFile("It has no FROM line.")
    return found


def write_modelfile(parts: Parts) -> str:
    """Return a Modelfile. Raises BadFile for a text that no quotes can hold."""
    lines = [f"FROM {parts.base}"]
    for name, value in sorted(parts.parameters.items()):
        if name not in OPTIONS:
            lines.append(f"# {name} {json.dumps(value)} has no place in a Modelfile.")
            continue
        for each in value if isinstance(value, list) else [value]:
            shown = quoted(each) if isinstance(each, str) else json.dumps(each)
            lines.append(f"PARAMETER {_NATIVE.get(name, name)} {shown}")
    if parts.adapter:
        lines.append(f"ADAPTER sha256-{parts.adapter}")
    for command in ("template", "system"):
        if getattr(parts, command):
            lines.append(f"{command.upper()} {quoted(getattr(parts, command))}")
    lines += [f"MESSAGE {message['role']} {quoted(message['content'])}" for message in parts.messages]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """Return a text so that the parser reads it back. Raises BadFile when there is no way."""
    ways = [f'"""{text}"""', f'"{text}"'] if "\n" in text or "\r" in text else [text, f'"""{text}"""', f'"{text}"']
    for way in ways:
        if _holds(way, text):
            return way
    raise BadFile("A text in it has lines that end with quotes, which a Modelfile cannot hold.")


def _holds(way: str, text: str) -> bool:
    """Whether the parser takes `way` for `text` and does not end before it."""
    if not way.strip() or _unquoted(way) != text:
        return False
    return all(_unquoted(way[: match.start()]) is None for match in re.finditer(r"[\r\n]", way))


def _commands(text: str) -> Iterator[tuple[int, str, str]]:
    # Both characters end a line, and both are kept in a value that goes on.
    pieces = re.split(r"([\r\n])", text.removeprefix("\ufeff"))
    at = 0
    while at < len(pieces):
        line, number = pieces[at], pieces[:at].count("\n") + 1 if len(pieces) < 10_000 else at // 2 + 1
        at += 2
        if not line.strip(" \t") or line.lstrip(" \t").startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None or match[1].lower() not in _COMMANDS:
            raise BadFile(f"Line {number} begins with no command. Commands are: {', '.join(sorted(_COMMANDS))}.")
        name, rest = match[1].lower(), match[2]
        if name in ("parameter", "message"):
            if (named := _NAMED.fullmatch(rest)) is None:
                raise BadFile(f"Line {number}: {name.upper()} needs a name and a value.")
            name, rest = f"{name} {named[1]}", named[2]
        collected = [rest]
        while (value := _unquoted("".join(collected))) is None:
            if at >= len(pieces):
                raise BadFile(f"The quotes that open in line {number} are never closed.")
            collected += pieces[at - 1 : at + 1]
            at += 2
        yield number, name, value


def _unquoted(text: str) -> str | None:
    """Return the value without its quotes; None while they are open."""
    plain = text.strip()
    for mark in ('"""', '"'):
        if plain.startswith(mark):
            closed = len(plain) >= 2 * len(mark) and plain.endswith(mark)
            return plain[len(mark) : -len(mark)] if closed else None
    return plain


def _take(found: Parts, number: int, name: str, value: str) -> None:
    kind, _, what = name.partition(" ")
    if kind == "from":
        found.base = value
    elif kind in ("system", "template", "adapter"):
        setattr(found, kind, value)
    elif kind == "message":
        if what not in ("system", "user", "assistant"):
            raise BadFile(f"Line {number}: a message's role is system, user or assistant.")
        found.messages.append({"role": what, "content": value})
    elif kind == "parameter":
        _take_parameter(found, number, what, value)
    else:
        found.ignored.append(f"Line {number}: {kind.upper()} is passed over.")


def _take_parameter(found: Parts, number: int, name: str, value: str) -> None:
    own = ALIASES.get(name, name)
    if name in HISTORIC:
        found.ignored.append(f"Line {number}: Ollama no longer knows {name}.")
    elif own not in OPTIONS:
        raise BadFile(f"Line {number}: there is no parameter {name}.")
    elif own == "max_tokens" and value.lstrip("-").isdigit() and int(value) <= 0:
        found.ignored.append(f"Line {number}: {name} {value} is no limit, as without it.")
    elif own == "stop":
        found.parameters.setdefault("stop", []).append(value)
    else:
        found.parameters.update(canonical({own: _typed(number, own, value)}))


def _typed(number: int, name: str, value: str) -> Any:
    kind = PARAMETERS[name].schema.get("type")
    if kind == "boolean" and value in _TRUE + _FALSE:
        return value in _TRUE
    if kind in ("integer", "number") and re.fullmatch(r"[+-]?(\d{1,20}(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", value):
        return int(value) if kind == "integer" and value.lstrip("+-").isdigit() else float(value)
    raise BadFile(f"Line {number}: {name} is {value[:40]!r}, which is no {kind}.")
