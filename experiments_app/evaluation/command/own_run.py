"""Files with evaluators of ours, which gh-models does not have, run as it runs its own. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from experiments_app.evaluation.command.gh import Run, told
from experiments_app.evaluation.engine import Engine
from experiments_app.evaluation.files.prompt_files import PromptFile
from experiments_app.evaluation.scores import CaseOutcome, Score
from experiments_app.evaluation.templating import trimmed

PREFIX = "registry/"


def is_own(prompt: PromptFile) -> bool:
    """Whether an evaluator of the file is one of ours; the whole file is then a suite, with images and tools."""
    return any(
        evaluator.uses.startswith(PREFIX) and evaluator.string is None and evaluator.judge is None
        for evaluator in prompt.evaluators
    )


@dataclass(kw_only=True)
class OwnRun(Run):
    """The same document; what nobody can tell did not pass, and its details say so."""

    engine: Engine

    def _test(self, number: int, case: Mapping[str, Any] | None) -> dict[str, Any]:
        with told("failed to evaluate"):
            outcome = self.engine.evaluate(self.engine.suite.cases[number - 1], self.prompt.model, self.reply)
        self.measured.append(_measured(outcome))
        # Nothing failed and nothing was undecided, yet no verdict: no evaluator found anything to score.
        is_unjudged = outcome.passed is None and not any(score.is_undecided for score in outcome.scores)
        scores = [_verdict(score, is_unjudged) for score in outcome.scores]
        return {"testCase": case, "modelResponse": trimmed(outcome.reply.text), "evaluationResults": scores or None}


def _measured(outcome: CaseOutcome) -> dict[str, float | None]:
    values = {f"{score.name}.{key}": value for score in outcome.scores for key, value in score.values.items()}
    scores = {score.name: score.value for score in outcome.scores}
    return {**values, **scores, "pass": None if outcome.passed is None else float(outcome.passed)}


def _verdict(score: Score, is_unjudged: bool) -> dict[str, Any]:
    is_open = score.is_undecided or (is_unjudged and bool(score.error))
    details = f"Undecided ({score.error}). {score.details}".strip() if is_open else score.details
    passed = not is_open if score.passed is None else score.passed
    verdict = {"evaluatorName": score.name, "score": float(score.value or 0.0), "passed": passed}
    return {**verdict, "details": details} if details else verdict
