"""Other models that judge an answer: `llm` and `github/...` of a `.prompt.yml`, and ours by choices or a rubric.

A judge that does not answer, or whose words cannot be read, leaves the case undecided; it is counted, not scored 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments_app.evaluation.cases import Case
from experiments_app.evaluation.evaluators.base import Evaluator
from experiments_app.evaluation.evaluators.judgements import chosen, first_contained, rating, scores_of
from experiments_app.evaluation.evaluators.options import MODEL, SCALAR, TEXT, defaulted, refuse, schema
from experiments_app.evaluation.evaluators.rubrics import BUILT_IN, CHOSEN, JUDGE, RATINGS, SCALED
from experiments_app.evaluation.evaluators.trials import NotApplicable, Trial, Unparsed, shown
from experiments_app.evaluation.scores import Score
from experiments_app.evaluation.templating import filled

CHOICES = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "properties": {"choice": SCALAR, "score": {"type": "number"}},
        "required": ["choice", "score"],
    },
}
PARAMETERS = {"type": "object", "description": "Further fields of the judge's request, such as temperature: 0."}
FORBIDDEN = ("model", "messages", "stream", "n", "input")


class Judge(Evaluator):
    """Asks a model. The run's judge, when it names one, stands in for each evaluator's own."""

    kind = "judge"
    needs = ("judge",)
    own_keys = ("completion",)
    # The option that names the model.
    model_option = "model"
    # Fields of its request beside the messages.
    further: Mapping[str, Any] = {}

    def prepare(self) -> None:
        self.helper = self.entry.judge or self.options.get(self.model_option, "")
        if self.entry.judge is not None and not self.helper:
            self.refuse(self.model_option, "No judge is named, here or by the run.")

    def asked(self, trial: Trial, system: str, prompt: str) -> str:
        """Return the judge's words."""
        messages = [{"role": "system", "content": system}] if system else []
        messages.append({"role": "user", "content": prompt})
        return trial.consult(self.helper, {"messages": messages, **self.further}).text


class FreeJudge(Judge):
    """A judge whose request may have further fields, by the option `parameters`."""

    def prepare(self) -> None:
        super().prepare()
        self.further = self.options.get("parameters", {})
        for field in FORBIDDEN:
            if field in self.further:
                self.refuse(f"parameters.{field}", "It is not for the evaluator to set.")


class LLMMethod(Judge):
    """`llm: {modelId, prompt, systemPrompt, choices}` of a `.prompt.yml`; matched as gh-models does."""

    description = "A model judges; the first choice that its words contain counts, as in gh models eval."
    # gh ignores what it does not know.
    parameters = {
        "type": "object",
        "properties": {
            "modelId": TEXT,
            "prompt": {**TEXT, "description": "{{key}} stands for the case's value, {{completion}} for the answer."},
            "systemPrompt": {"type": ["string", "null"]},
            "choices": CHOICES,
        },
        "required": ["prompt", "choices"],
    }

    model_option = "modelId"

    def prepare(self) -> None:
        super().prepare()
        self.scores = scores_of(self.options["choices"])

    def score(self, trial: Trial) -> Score:
        prompt = filled(self.options["prompt"], {**trial.case.data, "completion": trial.answer})
        words = self.asked(trial, self.options.get("systemPrompt") or "", prompt)
        choice = first_contained(words, list(self.scores))
        if choice is None:
            raise Unparsed(words)
        value = self.scores[choice]
        return Score(self.name, value, value > 0, f"The judge chose '{shown(choice)}'.")


class BuiltIn(Judge):
    """One of gh-models' five, with a rubric of ours. The rating is read from the last line, not by `contains`."""

    parameters = schema()
    rubric: str

    def prepare(self) -> None:
        self.helper = self.entry.judge or JUDGE

    def score(self, trial: Trial) -> Score:
        rubric = BUILT_IN[self.rubric]
        words = self.asked(trial, rubric.system, filled(rubric.prompt, self._data(trial)))
        found = rating(words, 1, 5)
        if found is None:
            raise Unparsed(words)
        value = RATINGS[str(found)]
        # From a rating of 2 on, as gh-models has it.
        return Score(self.name, value, value > 0, f"The judge's rating is {found}.", values={"rating": found})

    def check(self, case: Case) -> None:
        if "{{expected}}" in BUILT_IN[self.rubric].prompt and "expected" not in case.data:
            raise NotApplicable("The case has no 'expected'.")

    def _data(self, trial: Trial) -> dict[str, Any]:
        self.check(trial.case)
        return {"input": question_of(trial.body), **trial.case.data, "completion": trial.answer}


def for_rubric(name: str) -> type[BuiltIn]:
    """Return the evaluator `github/<name>`."""
    return type(f"GitHub{name.title()}", (BuiltIn,), {"rubric": name, "description": BUILT_IN[name].description})


class OwnJudge(FreeJudge):
    description = "A model judges by choices, each with a score, or by a rubric with a scale."
    parameters = schema(
        model={**MODEL, "description": "The judge; the run may name one instead."},
        prompt={**TEXT, "description": "With choices: the question. {{completion}} stands for the answer."},
        system={**TEXT, "description": "The judge's instruction, in place of ours."},
        choices={**CHOICES, "description": "What the judge may say. Its last line counts."},
        rubric={**TEXT, "minLength": 1, "description": "In place of prompt and choices: what to judge by."},
        reference={**SCALAR, "description": "With a rubric: an answer that is right."},
        scale=defaulted(
            [1, 5],
            "With a rubric: worst and best rating.",
            type="array",
            items={"type": "integer", "minimum": 0, "maximum": 1000},
            minItems=2,
            maxItems=2,
        ),
        threshold=defaulted(
            0.5, "The score from which on a case passes; ratings are scored from 0 to 1.", type="number"
        ),
        parameters=PARAMETERS,
    )
    templates = ("prompt", "rubric", "reference")

    def prepare(self) -> None:
        super().prepare()
        if ("rubric" in self.options) == ("choices" in self.options):
            refuse(self.entry.path, "It has choices with a prompt, or a rubric.")
        if "choices" in self.options and "prompt" not in self.options:
            self.refuse("prompt", "Required with choices.")
        self.scores = scores_of(self.options.get("choices", ()))
        self.low, self.high = self.options["scale"]
        if self.low >= self.high:
            self.refuse("scale", "The worst rating is below the best.")

    def score(self, trial: Trial) -> Score:
        return self._rated(trial) if "rubric" in self.options else self._chosen(trial)

    def _chosen(self, trial: Trial) -> Score:
        prompt = self.text("prompt", trial.case, completion=trial.answer) + CHOSEN + ", ".join(self.scores)
        words = self.asked(trial, self.options.get("system", ""), prompt)
        choice = chosen(words, list(self.scores))
        if choice is None:
            raise Unparsed(words)
        return self.measured(self.scores[choice], f"The judge chose '{shown(choice)}'.")

    def _rated(self, trial: Trial) -> Score:
        data = {
            "rubric": self.text("rubric", trial.case, completion=trial.answer),
            "material": self._material(trial),
            "low": self.low,
            "high": self.high,
        }
        words = self.asked(trial, self.options.get("system", SCALED.system), filled(SCALED.prompt, data))
        found = rating(words, self.low, self.high)
        if found is None:
            raise Unparsed(words)
        value = (found - self.low) / (self.high - self.low)
        return self.measured(value, f"The judge's rating is {found}.", {"rating": found})

    def _material(self, trial: Trial) -> str:
        parts = {"question": question_of(trial.body)}
        if "reference" in self.options:
            parts["reference"] = self.text("reference", trial.case)
        parts["answer"] = trial.answer
        return "\n".join(f"<{tag}>\n{text}\n</{tag}>" for tag, text in parts.items())


def question_of(body: Mapping[str, Any]) -> str:
    """Return what the user said last."""
    said = [message.get("content") for message in body.get("messages", ()) if message.get("role") == "user"]
    content = said[-1] if said else ""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list | tuple) else ()
    return "\n".join(str(part["text"]) for part in parts if isinstance(part, Mapping) and "text" in part)
