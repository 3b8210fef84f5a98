"""Final answers of models that think, and what the thinking took."""

from __future__ import annotations

from experiments_app.evaluation.evaluators.base import Evaluator
from experiments_app.evaluation.evaluators.final_answers import (
    COMPARE,
    HOWS,
    as_letter,
    as_number,
    as_text,
    extracted,
    final_number,
    kind_of,
)
from experiments_app.evaluation.evaluators.numbers import ABSOLUTE, RELATIVE, is_close
from experiments_app.evaluation.evaluators.options import EXPECTED, defaulted, schema
from experiments_app.evaluation.evaluators.trials import Trial, shown
from experiments_app.evaluation.scores import Score


class ThinkingAnswer(Evaluator):
    """Thoughts are not looked at. Without a final answer the case is wrong: to give one is the model's task."""

    kind = "thinking"
    description = "The final answer is right, whatever stands before it; with the tokens and seconds of thinking."
    needs = ("timed",)
    parameters = schema(
        value=EXPECTED,
        extract=defaulted(
            "auto",
            "Where the final answer stands; auto: in a box, after 'answer is' or ####, else the last number, letter "
            "or line.",
            enum=list(HOWS),
        ),
        compare=defaulted("auto", "How it is compared; auto: by what the expected text is.", enum=list(COMPARE)),
        absolute=ABSOLUTE,
        relative={**RELATIVE, "default": 1e-6},
    )
    templates = ("value",)

    def score(self, trial: Trial) -> Score:
        expected = self.text("value", trial.case)
        compare = kind_of(expected) if self.options["compare"] == "auto" else self.options["compare"]
        found = extracted(trial.answer, self.options["extract"], compare)
        values = {"extracted": float(found is not None), "thinking_tokens": float(trial.reply.usage.thinking)}
        if trial.reply.thinking_seconds is not None:
            values["thinking_seconds"] = trial.reply.thinking_seconds
        if found is None:
            return self.said(False, "There is no final answer.", **values)
        told = f"Expected '{shown(expected)}', found '{shown(found)}'"
        return self.said(self._is_right(found, expected, compare), told, **values)

    def _is_right(self, found: str, expected: str, compare: str) -> bool:
        if compare == "letter":
            return as_letter(found) is not None and as_letter(found) == as_letter(expected)
        number, wanted = (final_number(found), as_number(expected)) if compare == "number" else (None, None)
        if number is not None and wanted is not None:
            return is_close(number, wanted, self.options["absolute"], self.options["relative"])
        return as_text(found) == as_text(expected)
