"""What every evaluator is: built from a suite's entry once per run, then asked for a score of each case."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

from experiments_app.evaluation.cases import Case, SuiteContent
from experiments_app.evaluation.evaluators.options import checked, refuse
from experiments_app.evaluation.evaluators.trials import NotApplicable, Trial, Undecided
from experiments_app.evaluation.scores import NOT_APPLICABLE, Score
from experiments_app.evaluation.templating import filled, go_text
from unified_app.errors import InvalidInput


@dataclass(frozen=True)
class Entry:
    """One entry of a suite's evaluators, with its place: `path` names its options in errors."""

    name: str
    options: Any
    path: str
    suite: SuiteContent
    # The run's model for all judges; "": each evaluator's own. None: only the suite is checked, a run may name one.
    judge: str | None = None


class Evaluator(ABC):
    """Gives a Score to a case's answer. Its options have passed `parameters` when `prepare` looks at them."""

    # string, number, json, similarity, judge, limit, tools, embedding, vision or thinking.
    kind: ClassVar[str]
    description: ClassVar[str]
    # The JSON schema of the options.
    parameters: ClassVar[Mapping[str, Any]]
    # Of timed (times within a call), judge (another model), embeddings (the model under test embeds), tools, images.
    needs: ClassVar[tuple[str, ...]] = ()
    # Names of options that hold texts with {{key}} in them.
    templates: ClassVar[tuple[str, ...]] = ()
    # Keys in them that the evaluator itself has a value for.
    own_keys: ClassVar[tuple[str, ...]] = ()
    # The model that helps to judge; "" where none does, or none is named.
    helper: str = ""

    def __init__(self, entry: Entry) -> None:
        self.entry, self.name = entry, entry.name
        self.options = checked(entry.options, self.parameters, entry.path)
        self._check_templates()
        self.prepare()

    def prepare(self) -> None:  # noqa: B027 (most have nothing to look at)
        """Look at what the schema cannot say. Raises InvalidInput."""

    def check(self, case: Case) -> None:
        """Look at what a case holds for this evaluator. Raises InvalidInput, or NotApplicable for nothing."""
        for option in self.templates:
            self.texts(option, case)

    @abstractmethod
    def score(self, trial: Trial) -> Score:
        """Return the score. Raises Undecided for no verdict, CallFailed for a call that the case itself needs."""

    def verdict(self, trial: Trial) -> Score:
        """Return the score, also of no verdict. Raises CallFailed for a call that the case itself needs."""
        try:
            return _finite(self.score(trial))
        except Undecided as reason:
            return Score(self.name, None, None, reason.details, reason.error)
        except InvalidInput as error:
            # A suite that nobody checked: the case holds something that cannot be scored.
            return Score(self.name, None, None, error.message, NOT_APPLICABLE)

    def said(self, is_right: bool, details: str = "", **values: float) -> Score:
        """Return a verdict that is right or wrong."""
        return Score(self.name, float(is_right), is_right, details, values=values)

    def measured(self, value: float, details: str = "", values: Mapping[str, float] | None = None) -> Score:
        """Return a number that the option `threshold`, when it is there, makes a verdict."""
        threshold = self.options.get("threshold")
        passed = None if threshold is None else value >= threshold
        return Score(self.name, value, passed, details, values=values or {})

    def text(self, option: str, case: Case, **own: str) -> str:
        """Return an option's text with the case's values, and `own` ones. Raises NotApplicable when one is missing."""
        return self.fill(self.options[option], case, **own)

    def texts(self, option: str, case: Case) -> list[str]:
        """Return the texts of an option that is one text or a list of them, or is left out."""
        told = self.options.get(option)
        given = told if isinstance(told, list) else [] if told is None else [told]
        return [self.fill(text, case) for text in given]

    def fill(self, template: Any, case: Case, **own: str) -> str:
        told = go_text(template)
        for key in self.entry.suite.keys - case.data.keys() - set(self.own_keys):
            if f"{{{{{key}}}}}" in told:
                raise NotApplicable(f"The case has no '{key}'.")
        return filled(told, {**case.data, **own})

    def value(self, option: str, case: Case) -> Any:
        """Return the case's value of the key that an option names. Raises NotApplicable when there is none."""
        key = self.options[option]
        if case.data.get(key) is None:
            raise NotApplicable(f"The case has no '{key}'.")
        return case.data[key]

    def refuse(self, option: str, message: str) -> NoReturn:
        refuse(f"{self.entry.path}.{option}", message)

    def refuse_case(self, case: Case, key: str, message: str) -> NoReturn:
        refuse(f"testData[{case.index}].{key}", message)

    def _check_templates(self) -> None:
        """Refuse a text that is one placeholder which no case knows: all cases would fail in silence."""
        for option in self.templates if self.entry.suite.cases else ():
            told = self.options.get(option)
            for text in told if isinstance(told, list) else [told]:
                key = _only_key(text)
                if key and key not in self.own_keys and key not in self.entry.suite.keys:
                    self.refuse(option, f"No test case has the key '{key}'.")


def check_cases(evaluator: Evaluator, suite: SuiteContent) -> None:
    """Raise InvalidInput when a case holds something wrong for an evaluator, or no case holds anything for it."""
    reasons = [_why_not(evaluator, case) for case in suite.cases]
    if reasons and all(reasons):
        path = evaluator.entry.path
        raise InvalidInput(f"{path}: {reasons[0]}", details={path: [f"No test case fits: {reasons[0]}"]})


def _why_not(evaluator: Evaluator, case: Case) -> str:
    try:
        evaluator.check(case)
    except NotApplicable as reason:
        return reason.details
    return ""


def _only_key(text: Any) -> str:
    is_one = isinstance(text, str) and text.startswith("{{") and text.endswith("}}") and text.count("{{") == 1
    return text[2:-2] if is_one else ""


def _finite(score: Score) -> Score:
    """Return the score without numbers that are none; they would be a mean's end."""
    values = {key: float(value) for key, value in score.values.items() if math.isfinite(value)}
    if score.value is None or math.isfinite(score.value):
        return Score(score.name, score.value, score.passed, score.details, score.error, values)
    return Score(score.name, None, None, score.details or "The score is not a number.", "unparsed", values)
