"""Whether a call of a tool is the expected one: the AST check of the Berkeley function-calling leaderboard.

Source: Patil et al., The Berkeley Function Calling Leaderboard, ICML 2025, and its `ast_checker`. The function's name
is the expected one; every required argument is there and none that is unknown; each value is of the type that the
tool declares, or of that of the allowed values, and is one of these; an allowed argument that is missing was optional.
Texts are compared without spaces, the signs , . / - _ * ^ and capital letters. A whole number may stand for a float,
also within lists, as JSON does not tell them apart, and types within objects are minded where they are declared: that
is ours. A list that may be left out may be empty. A dot in a function's name is an underscore to many servers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_NOT_COMPARED = re.compile(r"[ ,./\-_*^]")
# JSON schema's names of types, and the leaderboard's.
_KINDS = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "tuple": (list,),
    "object": (dict,),
    "dict": (dict,),
    "any": (str,),
    "null": (type(None),),
}


@dataclass(frozen=True)
class OneOf:
    """What a value may be: one of the options, each with a OneOf for what is within it."""

    options: tuple[Any, ...]
    is_optional: bool = False


@dataclass(frozen=True)
class ExpectedCall:
    """A call that is expected."""

    name: str
    arguments: Mapping[str, OneOf] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """A call that was made; `arguments` is None when they are no JSON object."""

    name: str
    arguments: Mapping[str, Any] | None


def why_not(call: Call, expected: ExpectedCall, schema: Mapping[str, Any] | None) -> str:
    """Return what is wrong with a call; "" when it is as expected. `schema` declares the tool's parameters."""
    if plain_name(call.name) != plain_name(expected.name):
        return f"{call.name} was called, not {expected.name}"
    if call.arguments is None:
        return f"the arguments of {call.name} are no JSON object"
    rules = schema or {}
    for name in rules.get("required") or ():
        if name not in call.arguments:
            return f"{call.name} lacks the required {name}"
    return _wrong_value(call, expected, rules) or _missing(call, expected)


def plain_name(name: str) -> str:
    return name.replace(".", "_")


def _wrong_value(call: Call, expected: ExpectedCall, rules: Mapping[str, Any]) -> str:
    declared = _mapping(rules.get("properties"))
    for name, value in (call.arguments or {}).items():
        if name not in expected.arguments or (declared and name not in declared):
            return f"{call.name} has an unexpected {name}"
        if not fits(value, expected.arguments[name], _mapping(declared.get(name))):
            return f"{call.name} has another value of {name}: {value!r}"
    return ""


def _missing(call: Call, expected: ExpectedCall) -> str:
    for name, allowed in expected.arguments.items():
        if name not in (call.arguments or {}) and not allowed.is_optional:
            return f"{call.name} lacks {name}"
    return ""


def fits(value: Any, allowed: OneOf, rules: Mapping[str, Any]) -> bool:
    """Whether a value is of the declared type, or of that of the allowed values, and one of them."""
    kinds = _kinds(rules.get("type"))
    is_declared = type(value) in kinds
    known = [option for option in allowed.options if option != ""]
    if kinds and not is_declared and not (known and type(value) is _kind(known[0])):
        return False
    # A text where another type is declared is a variable's name, which is compared to the letter.
    is_loose = not kinds or is_declared
    return any(_same(value, option, rules, is_loose) for option in allowed.options)


def _same(value: Any, option: Any, rules: Mapping[str, Any], is_loose: bool) -> bool:
    if isinstance(value, str) and isinstance(option, str):
        return plain_text(value) == plain_text(option) if is_loose else value == option
    if value == [] and option == "":
        return True
    if isinstance(value, dict) and isinstance(option, Mapping):
        return _same_object(value, option, _mapping(rules.get("properties")))
    if isinstance(value, list) and isinstance(option, tuple):
        within = _mapping(rules.get("items"))
        pairs = zip(value, option, strict=False)
        return len(value) == len(option) and all(fits(item, allowed, within) for item, allowed in pairs)
    return _same_scalar(value, option, rules)


def _same_object(value: Mapping[str, Any], option: Mapping[str, OneOf], rules: Mapping[str, Any]) -> bool:
    if not all(name in value or allowed.is_optional for name, allowed in option.items()):
        return False
    return all(name in option and fits(item, option[name], _mapping(rules.get(name))) for name, item in value.items())


def _same_scalar(value: Any, option: Any, rules: Mapping[str, Any]) -> bool:
    """Compare numbers, truths and null. True is not 1; 5.0 is no 5 where a whole number is declared."""
    if isinstance(value, bool) or isinstance(option, bool) or value is None or option is None:
        return value is option
    kinds = _kinds(rules.get("type"))
    if isinstance(value, float) and isinstance(option, int) and kinds and float not in kinds:
        return False
    are_numbers = isinstance(value, int | float) and isinstance(option, int | float)
    return are_numbers and value == option


def plain_text(text: str) -> str:
    """Return a text as it is compared: April 1, 2024 is April 1 2024."""
    return _NOT_COMPARED.sub("", text).lower().replace("'", '"')


def _kinds(declared: Any) -> tuple[type, ...]:
    names = declared if isinstance(declared, list | tuple) else [declared]
    return tuple(kind for name in names if isinstance(name, str) for kind in _KINDS.get(name.lower(), ()))


def _kind(option: Any) -> type:
    """Return the type that a value of this option has."""
    return list if isinstance(option, tuple) else dict if isinstance(option, Mapping) else type(option)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def expected_calls(told: Any) -> tuple[ExpectedCall, ...]:
    """Return the expected calls that a case tells, in our form or the leaderboard's. Raises ValueError.

    Ours: [{"name": f, "arguments": {x: value, y: {"any_of": [values], "optional": true}}}], where what is no mapping
    with any_of or optional is the value itself. The leaderboard's: [{f: {x: [values]}}], where "" among the values
    makes x optional, and so within objects.
    """
    rows = [told] if isinstance(told, Mapping) else told
    if not isinstance(rows, list | tuple):
        raise ValueError("It is a list of calls; [] expects none.")
    return tuple(map(_expected, rows))


def _expected(row: Any) -> ExpectedCall:
    if not isinstance(row, Mapping) or not row:
        raise ValueError('A call is {"name": ..., "arguments": {...}}.')
    if isinstance(row.get("name"), str) and row.keys() <= {"name", "arguments"}:
        arguments = _named(row.get("arguments") or {})
        return ExpectedCall(row["name"], {name: _ours(value) for name, value in arguments.items()})
    if len(row) == 1:
        [(name, arguments)] = row.items()
        return ExpectedCall(str(name), {key: _theirs(value) for key, value in _named(arguments).items()})
    raise ValueError('A call is {"name": ..., "arguments": {...}}.')


def _named(arguments: Any) -> Mapping[str, Any]:
    if not isinstance(arguments, Mapping):
        raise ValueError("The arguments of a call are a mapping.")
    return {str(name): value for name, value in arguments.items()}


def _ours(value: Any) -> OneOf:
    if isinstance(value, Mapping) and value and value.keys() <= {"any_of", "optional"}:
        options = value.get("any_of", [])
        if not isinstance(options, list | tuple):
            raise ValueError("any_of is a list of values.")
        return OneOf(tuple(_content(option, _ours) for option in options), value.get("optional") is True)
    return OneOf((_content(value, _ours),))


def _theirs(values: Any) -> OneOf:
    options = values if isinstance(values, list | tuple) else [values]
    return OneOf(tuple(_content(option, _theirs) for option in options), "" in options)


def _content(value: Any, read: Any) -> Any:
    """Return an option with what is within it read: a mapping of OneOf, a tuple of OneOf, or a scalar."""
    if isinstance(value, Mapping):
        return {str(name): read(item) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        # Items of a list are values in both forms; only an object within has lists of allowed ones.
        return tuple(OneOf((_content(item, read),)) if read is _theirs else read(item) for item in value)
    return value
