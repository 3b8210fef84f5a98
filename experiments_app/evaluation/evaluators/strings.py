"""Answers compared with expected texts: `string` as gh-models has it, and ours, with more to choose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from experiments_app.evaluation.evaluators.base import Evaluator
from experiments_app.evaluation.evaluators.options import EXPECTED, SCALAR, TRUTH, defaulted, refuse, schema
from experiments_app.evaluation.evaluators.trials import Trial, shown
from experiments_app.evaluation.scores import Score
from experiments_app.evaluation.templating import filled, go_lower, go_text, trimmed

# The first of these that has a text counts; gh-models ignores the others.
OPERATORS = {
    "equals": "Expected exact match: '{}'",
    "contains": "Expected to contain: '{}'",
    "startsWith": "Expected to start with: '{}'",
    "endsWith": "Expected to end with: '{}'",
}


def chosen_operator(criteria: Mapping[str, Any]) -> tuple[str, str]:
    """Return the operator that counts, with its expected text, still a template; ("", "") when there is none."""
    for operator in OPERATORS:
        told = criteria.get(operator)
        expected = "" if told is None else go_text(told)
        if expected:
            return operator, expected
    return "", ""


def string_passes(operator: str, answer: str, expected: str) -> bool:
    """Whether a trimmed answer is as expected. Only `equals` minds the case; no expected text is trimmed."""
    if operator == "equals":
        return answer == expected
    given, wanted = go_lower(answer), go_lower(expected)
    if operator == "contains":
        return wanted in given
    return given.startswith(wanted) if operator == "startsWith" else given.endswith(wanted)


def string_details(operator: str, expected: str) -> str:
    return OPERATORS[operator].format(expected)


class StringMethod(Evaluator):
    """`string: {equals|contains|startsWith|endsWith}` of a `.prompt.yml`, with gh-models' meaning."""

    kind = "string"
    description = (
        "Compares as gh models eval does: the first of equals, contains, startsWith and endsWith that is there."
    )
    # gh ignores what it does not know.
    parameters = {"type": "object", "properties": dict.fromkeys(OPERATORS, SCALAR)}

    def prepare(self) -> None:
        self.operator, self.expected = chosen_operator(self.options)
        if not self.operator:
            refuse(self.entry.path, f"No string evaluation criteria specified; they are {', '.join(OPERATORS)}.")

    def score(self, trial: Trial) -> Score:
        expected = filled(self.expected, trial.case.data)
        is_right = string_passes(self.operator, trial.answer, expected)
        return self.said(is_right, shown(string_details(self.operator, expected), 1000))


class _Compared(Evaluator):
    """Compares the answer with one text or several."""

    kind = "string"
    templates = ("value",)
    how: Callable[[str, str], bool]
    words: str

    def score(self, trial: Trial) -> Score:
        given = self._plain(trial.reply.text)
        wanted = [self._plain(text) for text in self.texts("value", trial.case)]
        join = all if self.options["match"] == "all" else any
        is_right = join(type(self).how(given, text) for text in wanted) != self.options["negate"]
        but = "not " if self.options["negate"] else ""
        return self.said(is_right, f"Expected {but}{self.words} {shown(', '.join(map(repr, wanted)))}")

    def _plain(self, text: str) -> str:
        clean = trimmed(text) if self.options["trim"] else text
        return go_lower(clean) if self.options["ignore_case"] else clean


def _options(ignore_case: bool) -> dict[str, Any]:
    several = {**EXPECTED, "type": [*SCALAR["type"], "array"], "items": SCALAR, "minItems": 1}
    return schema(
        value=several,
        match=defaulted("any", "Whether one of several texts is enough.", enum=["any", "all"]),
        ignore_case=defaulted(ignore_case, "Whether capital letters are as small ones.", **TRUTH),
        trim=defaulted(True, "Whether white space around both texts is left out.", **TRUTH),
        negate=defaulted(False, "Whether the case passes when the comparison fails.", **TRUTH),
    )


class Equals(_Compared):
    description = "The answer is the expected text, or one of several."
    parameters = _options(ignore_case=False)
    how, words = staticmethod(str.__eq__), "to equal"


class Contains(_Compared):
    description = "The answer contains the expected text, or one or all of several."
    parameters = _options(ignore_case=True)
    how, words = staticmethod(str.__contains__), "to contain"


class StartsWith(_Compared):
    description = "The answer starts with the expected text, or one of several."
    parameters = _options(ignore_case=True)
    how, words = staticmethod(str.startswith), "to start with"


class EndsWith(_Compared):
    description = "The answer ends with the expected text, or one of several."
    parameters = _options(ignore_case=True)
    how, words = staticmethod(str.endswith), "to end with"
