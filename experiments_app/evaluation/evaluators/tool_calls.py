"""Whether the model called the tools that it should, and none when it should not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from experiments_app.evaluation.cases import Case
from experiments_app.evaluation.evaluators.base import Evaluator
from experiments_app.evaluation.evaluators.options import TEXT, defaulted, schema
from experiments_app.evaluation.evaluators.tool_matching import Call, ExpectedCall, expected_calls, plain_name, why_not
from experiments_app.evaluation.evaluators.trials import LONGEST, NotApplicable, Trial, shown
from experiments_app.evaluation.scores import Score


class ToolCalls(Evaluator):
    """Right or wrong as a whole, as the leaderboard has it: each expected call is there, and no other one.

    In any order, each expected call takes the first call left over that fits it, as the leaderboard's check does.
    """

    kind = "tools"
    description = "The answer calls the expected tools with the expected arguments (BFCL's AST check), or none."
    needs = ("tools",)
    parameters = schema(
        expected=defaulted("expected_calls", "The test case's key of the calls; [] expects none.", **TEXT),
        order=defaulted("any", "Whether the calls must come in the expected order.", enum=["any", "same"]),
    )

    def check(self, case: Case) -> None:
        self._expected(case)

    def score(self, trial: Trial) -> Score:
        expected, calls = self._expected(trial.case), calls_of(trial.reply.tool_calls)
        tools = declared_tools(trial.body.get("tools", ()))
        if not expected:
            return self.said(not calls, f"No call expected; {_named(calls)}.")
        places, reasons = self._matched(calls, expected, tools)
        known = [place for place in places if place is not None]
        in_order = len(known) == len(expected) and known == sorted(known)
        most = max(len(expected), len(calls))
        values = {
            "name": _common(calls, expected) / most,
            "arguments": len(known) / most,
            "order": float(in_order),
        }
        is_right = len(known) == most
        return self.said(
            is_right, "All calls are as expected." if is_right else _why(calls, expected, reasons), **values
        )

    def _matched(
        self, calls: Sequence[Call], expected: Sequence[ExpectedCall], tools: Mapping[str, Mapping[str, Any]]
    ) -> tuple[list[int | None], list[str]]:
        """Return the place of the call that each expected one took, and what is wrong with those that did not fit."""
        places: list[int | None] = []
        reasons: list[str] = []
        for number, wanted in enumerate(expected):
            rest = [number] if self.options["order"] == "same" else range(len(calls))
            free = [place for place in rest if place < len(calls) and place not in places]
            wrong = {place: why_not(calls[place], wanted, tools.get(plain_name(wanted.name))) for place in free}
            fitting = [place for place, reason in wrong.items() if not reason]
            places.append(fitting[0] if fitting else None)
            reasons += [] if fitting else _nearest(wrong, calls, wanted)
        return places, reasons

    def _expected(self, case: Case) -> tuple[ExpectedCall, ...]:
        key = self.options["expected"]
        if case.data.get(key) is None:
            raise NotApplicable(f"The case has no '{key}'.")
        try:
            return expected_calls(case.data[key])
        except (ValueError, RecursionError) as error:
            self.refuse_case(case, key, str(error))


def calls_of(told: Iterable[Any]) -> list[Call]:
    """Return the calls of a reply."""
    functions = [call.get("function") for call in told if isinstance(call, Mapping)]
    return [
        Call(str(function.get("name", "")), _arguments(function.get("arguments")))
        for function in functions
        if isinstance(function, Mapping)
    ]


def _arguments(told: Any) -> Mapping[str, Any] | None:
    if isinstance(told, str) and len(told) <= LONGEST:
        try:
            told = json.loads(told) if told.strip() else {}
        except (ValueError, RecursionError):
            return None
    return told if isinstance(told, dict) else None


def declared_tools(tools: Iterable[Any]) -> dict[str, Mapping[str, Any]]:
    """Return the schema of the parameters of each tool, in OpenAI's shape, by its name."""
    functions = [tool.get("function") for tool in tools if isinstance(tool, Mapping)]
    found = {}
    for function in functions:
        if isinstance(function, Mapping) and isinstance(function.get("parameters"), Mapping):
            found[plain_name(str(function.get("name", "")))] = function["parameters"]
    return found


def _common(calls: Sequence[Call], expected: Sequence[ExpectedCall]) -> int:
    """Return how many names are in both."""
    left = [plain_name(call.name) for call in calls]
    count = 0
    for wanted in expected:
        if plain_name(wanted.name) in left:
            left.remove(plain_name(wanted.name))
            count += 1
    return count


def _nearest(wrong: Mapping[int, str], calls: Sequence[Call], wanted: ExpectedCall) -> list[str]:
    """Return the reason to tell: that of a call of the same name, if there is one."""
    same = [reason for place, reason in wrong.items() if plain_name(calls[place].name) == plain_name(wanted.name)]
    return same[:1] or [f"{wanted.name} was not called"]


def _why(calls: Sequence[Call], expected: Sequence[ExpectedCall], reasons: Sequence[str]) -> str:
    told = [f"{len(expected)} calls expected; {_named(calls)}"] if len(calls) != len(expected) else []
    return shown("; ".join([*told, *reasons]), 500)


def _named(calls: Sequence[Call]) -> str:
    return f"called: {', '.join(call.name for call in calls)}" if calls else "none was made"
