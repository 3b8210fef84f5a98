"""Runs the test cases of a prompt against models of the GitHub Models contract, and compares models on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from experiments_app.evaluation.templating import trimmed
from github_models_app.api_client import GitHubModelsAPIClient
from github_models_app.prompts import Prompt, read_prompt
from unified_app.errors import InvalidInput, UpstreamError, UpstreamRetired


@dataclass(frozen=True)
class CheckResult:
    """What one evaluator says of one answer; `score` is 1.0 or 0.0."""

    name: str
    score: float
    passed: bool
    details: str


@dataclass(frozen=True)
class CaseResult:
    """One test case: its answer and checks, or the error of its call."""

    case: dict[str, Any]
    answer: str = ""
    checks: tuple[CheckResult, ...] = ()
    error: str = ""

    @property
    def passed(self) -> bool:
        """Whether there is an answer and every check passes it."""
        return not self.error and all(check.passed for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "checks": [asdict(check) for check in self.checks], "passed": self.passed}


@dataclass(frozen=True)
class EvaluationResult:
    """One model on all cases."""

    model_id: str
    name: str
    description: str
    cases: tuple[CaseResult, ...]

    @property
    def passed(self) -> int:
        return sum(case.passed for case in self.cases)

    @property
    def errors(self) -> int:
        return sum(bool(case.error) for case in self.cases)

    @property
    def failed(self) -> int:
        """How many cases did not pass, for whatever reason."""
        return len(self.cases) - self.passed

    @property
    def pass_rate(self) -> float:
        """Percent; 100 without cases, as gh-models has it."""
        return self.passed / len(self.cases) * 100 if self.cases else 100.0

    def summary(self) -> dict[str, Any]:
        counts = {"total": len(self.cases), "passed": self.passed, "failed": self.failed, "errors": self.errors}
        return {**counts, "pass_rate": self.pass_rate}

    def to_dict(self) -> dict[str, Any]:
        cases = [case.to_dict() for case in self.cases]
        told = {"model_id": self.model_id, "name": self.name, "description": self.description}
        return {**told, "cases": cases, "summary": self.summary()}


@dataclass(frozen=True)
class ComparisonResult:
    """Several models on the same cases, the best first; models that are equally good stay in the order asked for."""

    results: tuple[EvaluationResult, ...]

    @property
    def best(self) -> str | None:
        """The model that passed the most cases; None when several did, or nothing was compared."""
        first, *others = self.results
        is_alone = not others or first.passed > others[0].passed
        return first.model_id if first.cases and is_alone else None

    def rank(self, result: EvaluationResult) -> int:
        """Return 1 for the best; models that are equally good share a rank."""
        return 1 + sum(other.passed > result.passed for other in self.results)

    def to_dict(self) -> dict[str, Any]:
        models = [{"model_id": r.model_id, "rank": self.rank(r), **r.summary()} for r in self.results]
        return {"models": models, "best": self.best, "results": {r.model_id: r.to_dict() for r in self.results}}


class GitHubModelsEvaluator:
    """Evaluates with the string evaluators of `.prompt.yml`; judges are refused by name.

    A call that fails is an error on its case and the run goes on, where gh-models ends the whole run without a
    result. A service that is retired ends it: UpstreamRetired. Calls are paced, so a run may take long: it is for
    tasks and the shell, not for a web view.
    """

    def __init__(self, api_client: GitHubModelsAPIClient) -> None:
        self.api_client = api_client

    def run_evaluation(self, model_id: str, evaluation_config: Mapping[str, Any]) -> EvaluationResult:
        """Run a dict of a `.prompt.yml`'s shape: messages, testData, evaluators, modelParameters, responseFormat.

        Its own `model` is not used. Raises InvalidInput, before any call, for a part that is wrong.
        """
        return self._run(model_id, read_prompt(evaluation_config))

    def batch_evaluate(
        self, model_ids: Iterable[str], evaluation_config: Mapping[str, Any]
    ) -> dict[str, EvaluationResult]:
        """Run the same for several models, one after the other; return {model_id: result}."""
        prompt = read_prompt(evaluation_config)
        return {model_id: self._run(model_id, prompt) for model_id in _several(model_ids)}

    def compare_models(
        self, model_ids: Iterable[str], test_data: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> ComparisonResult:
        """Compare models on a `.prompt.yml`'s dict, or on a list of cases {"input", "expected"}.

        A listed case is asked its `input` and passes when the answer contains `expected`, in any case.
        """
        config = test_data if isinstance(test_data, Mapping) else _config_of(test_data)
        results = self.batch_evaluate(model_ids, config).values()
        return ComparisonResult(tuple(sorted(results, key=lambda result: -result.passed)))

    def _run(self, model_id: str, prompt: Prompt) -> EvaluationResult:
        cases = tuple(self._case(model_id, prompt, case) for case in prompt.cases)
        return EvaluationResult(model_id, prompt.name, prompt.description, cases)

    def _case(self, model_id: str, prompt: Prompt, case: dict[str, Any]) -> CaseResult:
        try:
            reply = self.api_client.evaluate_model(model_id, prompt.request(case))
        except UpstreamRetired:
            raise
        except UpstreamError as error:
            return CaseResult(case, error=error.message)
        answer = answer_text(reply)
        checks = [(check, check.passes(answer, case)) for check in prompt.checks]
        told = (CheckResult(c.name, float(passed), passed, c.details(case)) for c, passed in checks)
        return CaseResult(case, answer, tuple(told))


def answer_text(reply: Mapping[str, Any]) -> str:
    """Return the trimmed text of a chat's answer; "" for one of tool calls or refusal alone."""
    choices = reply.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, Mapping) else None
    content = message.get("content") if isinstance(message, Mapping) else None
    return trimmed(content) if isinstance(content, str) else ""


def _several(model_ids: Iterable[str]) -> list[str]:
    found = [model_ids] if isinstance(model_ids, str) else list(dict.fromkeys(model_ids))
    if not found:
        raise InvalidInput("Name at least one model.", details={"model_ids": ["Required."]})
    return found


def _config_of(cases: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return listed cases as a prompt that asks each one's input."""
    for index, case in enumerate(cases):
        if not isinstance(case, Mapping) or not {"input", "expected"} <= case.keys():
            message = "A case has input and expected."
            raise InvalidInput(f"test_data[{index}]: {message}", details={f"test_data[{index}]": [message]})
    return {
        "messages": [{"role": "user", "content": "{{input}}"}],
        "testData": list(cases),
        "evaluators": [{"name": "expected", "string": {"contains": "{{expected}}"}}],
    }
