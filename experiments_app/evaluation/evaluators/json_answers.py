"""Answers that must be JSON, or JSON of a schema."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NoReturn

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError, best_match
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

from experiments_app.evaluation.cases import Case
from experiments_app.evaluation.evaluators.base import Evaluator
from experiments_app.evaluation.evaluators.options import TRUTH, defaulted, schema
from experiments_app.evaluation.evaluators.patterns import compiled, found, is_quick
from experiments_app.evaluation.evaluators.trials import LONGEST, Trial, Undecided, shown
from experiments_app.evaluation.scores import Score

_FENCE = re.compile(r"```[A-Za-z0-9_+-]*[ \t]*\r?\n(.*?)```", re.DOTALL)
_NAMES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
FENCED = defaulted(True, "Whether the JSON may stand in a fenced code block, with words around it.", **TRUTH)


def read_json(text: str, *, fenced: bool = False) -> Any:
    """Return the value of a text that is JSON, or has it in its last fenced block. Raises ValueError.

    Strict: NaN and Infinity are no JSON. Nesting too deep to be read counts as none.
    """
    blocks = _FENCE.findall(text) if fenced else []
    try:
        return json.loads(blocks[-1] if blocks else text, parse_constant=_no_json)
    except RecursionError as error:
        raise ValueError("The JSON is nested too deep.") from error


def _no_json(word: str) -> None:
    raise ValueError(f"{word} is no JSON.")


class _JSONAnswer(Evaluator):
    kind = "json"

    def read(self, trial: Trial) -> Any:
        if len(trial.reply.text) > LONGEST:
            raise ValueError(f"The answer is longer than {LONGEST} characters.")
        return read_json(trial.answer, fenced=self.options["fenced"])


class JSONValid(_JSONAnswer):
    description = "The answer is JSON."
    parameters = schema(
        fenced=FENCED, type={"enum": sorted(set(_NAMES.values())), "description": "What the JSON must be."}
    )

    def score(self, trial: Trial) -> Score:
        try:
            value = self.read(trial)
        except ValueError as error:
            return self.said(False, f"Not JSON: {shown(error)}")
        wanted, name = self.options.get("type"), _NAMES.get(type(value), "null")
        return self.said(wanted in (None, name), f"It is JSON: {name}." if wanted in (None, name) else f"It is {name}.")


class JSONSchema(_JSONAnswer):
    description = "The answer is JSON of a schema (draft 2020-12; references only within the schema)."
    parameters = schema(
        "schema",
        schema={
            "type": ["object", "boolean", "string"],
            "description": "The JSON schema itself, or the test case's key of one.",
        },
        fenced=FENCED,
    )

    def prepare(self) -> None:
        if not isinstance(self.options["schema"], str):
            _check_schema(self.options["schema"], partial(self.refuse, "schema"))

    def check(self, case: Case) -> None:
        told = self._schema(case)
        if isinstance(self.options["schema"], str):
            refuse_it = partial(self.refuse_case, case, self.options["schema"])
            if not isinstance(told, Mapping | bool):
                refuse_it("It is a JSON schema: a mapping.")
            _check_schema(told, refuse_it)

    def score(self, trial: Trial) -> Score:
        validator = _validator_of(self._schema(trial.case))
        try:
            value = self.read(trial)
        except ValueError as error:
            return self.said(False, f"Not JSON: {shown(error)}")
        try:
            wrong = best_match(validator.iter_errors(value))
        except TimeoutError as reason:
            raise Undecided("timed_out", str(reason)) from reason
        except (Unresolvable, RecursionError, ValueError, ArithmeticError) as reason:
            raise Undecided("unparsed", f"The schema cannot be applied: {shown(reason)}") from reason
        return self.said(
            wrong is None, f"{wrong.json_path}: {shown(wrong.message)}" if wrong else "It fits the schema."
        )

    def _schema(self, case: Case) -> Any:
        return self.value("schema", case) if isinstance(self.options["schema"], str) else self.options["schema"]


def _validator_of(told: Any) -> Any:
    # The registry has nothing to retrieve with: no reference leaves the schema.
    return _Validator(told, registry=Registry())


def _check_schema(told: Any, refuse_it: Callable[[str], NoReturn]) -> None:
    try:
        Draft202012Validator.check_schema(told)
    except SchemaError as error:
        refuse_it(f"It is no JSON schema: {shown(error.message, 300)}")
    for key, value in _keywords(told):
        if key in _REFERENCES and not str(value).startswith("#"):
            refuse_it(f"{key} '{shown(value)}' leads out of the schema; it must begin with #.")
        for pattern in [value] if key == "pattern" else list(value) if key == "patternProperties" else []:
            _check_pattern(key, pattern, refuse_it)
    try:
        # Also a reference that leads nowhere is seen now, and one that leads only to itself.
        values: tuple[Any, ...] = ({}, [], "", 0)
        for value in values:
            best_match(_validator_of(told).iter_errors(value))
    except (Unresolvable, RecursionError) as error:
        refuse_it(f"A reference in it leads nowhere: {shown(error)}")


def _check_pattern(key: str, pattern: str, refuse_it: Callable[[str], NoReturn]) -> None:
    try:
        compiled(pattern)
    except ValueError as error:
        refuse_it(f"{key} '{shown(pattern)}': {error}")
    # The library itself searches names, without a time limit.
    if key == "patternProperties" and not is_quick(pattern, 1000):
        refuse_it(f"patternProperties '{shown(pattern)}': A search may take too long.")


def _keywords(told: Any) -> Iterator[tuple[str, Any]]:
    """Yield all that may be keywords of a schema; what is only a property's name or a value looks the same."""
    if isinstance(told, Mapping):
        for key, value in told.items():
            if isinstance(value, str) or (key == "patternProperties" and isinstance(value, Mapping)):
                yield key, value
            yield from _keywords(value)
    elif isinstance(told, list | tuple):
        for item in told:
            yield from _keywords(item)


def _pattern(validator: Any, pattern: str, instance: Any, told: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not found(pattern, instance):
        yield ValidationError(f"{shown(instance)!r} does not match {shown(pattern)!r}")


def _unique(validator: Any, wanted: bool, instance: Any, told: Any) -> Iterator[ValidationError]:
    """As the library's, which compares each item with each other when they cannot be sorted."""
    if wanted and isinstance(instance, list) and len({_key(item) for item in instance}) < len(instance):
        yield ValidationError(f"{shown(instance)} has non-unique elements")


def _key(value: Any) -> Any:
    """Return what is the same for JSON values that are equal: 1 is 1.0, but not true."""
    if isinstance(value, dict):
        return "object", frozenset((key, _key(item)) for key, item in value.items())
    if isinstance(value, list):
        return "array", tuple(map(_key, value))
    return isinstance(value, bool), value


_Validator = extend(Draft202012Validator, {"pattern": _pattern, "uniqueItems": _unique})
