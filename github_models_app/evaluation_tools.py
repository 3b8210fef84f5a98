"""Runs the test cases of a prompt against models of the GitHub Models contract, and compares models on them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from experiments_app.evaluation.cases import Case
from experiments_app.evaluation.engine import Engine
from experiments_app.evaluation.files.suite_files import EVALUATORS, MESSAGES
from experiments_app.evaluation.replies import CallFailed, Reply, Request
from experiments_app.evaluation.suites import read_suite
from experiments_app.evaluation.templating import trimmed
from experiments_app.evaluation.wire.answers import failed, read_whole
from github_models_app.api_client import GitHubModelsAPIClient
from unified_app.errors import InvalidInput, UpstreamError, UpstreamRetired


@dataclass(frozen=True)
class CheckResult:
    """What one evaluator says of one answer; `passed` is None where nobody can tell, or it only measures."""

    name: str
    score: float | None
    passed: bool | None
    details: str
    # Why there is no verdict: unparsed, judge_failed, not_applicable.
    error: str = ""


@dataclass(frozen=True)
class CaseResult:
    """One test case: its answer and checks, or the error of its call."""

    case: dict[str, Any]
    answer: str = ""
    checks: tuple[CheckResult, ...] = ()
    error: str = ""
    # Whether there is an answer and every check that has a say passes it.
    passed: bool = False
    # Whether a judge should have had a say and had none.
    undecided: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "checks": [asdict(check) for check in self.checks]}


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
        undecided = sum(case.undecided for case in self.cases)
        return {**counts, "undecided": undecided, "pass_rate": self.pass_rate}

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
    """Evaluates with the evaluators of `.prompt.yml` and the registry's own; judges are models of the same service.

    A call that fails is an error on its case and the run goes on, where gh-models ends the whole run without a
    result. A service that is retired ends it: UpstreamRetired. Calls are paced, so a run may take long: it is for
    tasks and the shell, not for a web view.
    """

    def __init__(self, api_client: GitHubModelsAPIClient) -> None:
        self.api_client = api_client

    def run_evaluation(self, model_id: str, evaluation_config: Mapping[str, Any]) -> EvaluationResult:
        """Run a suite: a dict of a `.prompt.yml`'s shape. Its own `model` is not used.

        Raises InvalidInput, before any call, for a part that is wrong.
        """
        return self._run(model_id, _engine(evaluation_config))

    def batch_evaluate(
        self, model_ids: Iterable[str], evaluation_config: Mapping[str, Any]
    ) -> dict[str, EvaluationResult]:
        """Run the same for several models, one after the other; return {model_id: result}."""
        engine = _engine(evaluation_config)
        return {model_id: self._run(model_id, engine) for model_id in _several(model_ids)}

    def compare_models(
        self, model_ids: Iterable[str], test_data: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> ComparisonResult:
        """Compare models on a `.prompt.yml`'s dict, or on a list of cases {"input", "expected"}.

        A listed case is asked its `input` and passes when the answer contains `expected`, in any case.
        """
        config = test_data if isinstance(test_data, Mapping) else _config_of(test_data)
        results = self.batch_evaluate(model_ids, config).values()
        return ComparisonResult(tuple(sorted(results, key=lambda result: -result.passed)))

    def _run(self, model_id: str, engine: Engine) -> EvaluationResult:
        cases = tuple(self._case(model_id, engine, case) for case in engine.suite.cases)
        return EvaluationResult(model_id, engine.suite.name, engine.suite.description, cases)

    def _case(self, model_id: str, engine: Engine, case: Case) -> CaseResult:
        try:
            outcome = engine.evaluate(case, model_id, self._complete)
        except CallFailed as error:
            return CaseResult(dict(case.data), error=error.message)
        told = (CheckResult(s.name, s.value, s.passed, s.details, s.error) for s in outcome.scores)
        is_undecided = any(score.is_undecided for score in outcome.scores)
        answer = trimmed(outcome.reply.text)
        return CaseResult(dict(case.data), answer, tuple(told), passed=outcome.passed is True, undecided=is_undecided)

    def _complete(self, request: Request) -> Reply:
        began = time.perf_counter()
        try:
            answer = self.api_client.evaluate_model(request.model, dict(request.body))
        except UpstreamRetired:
            raise
        except UpstreamError as error:
            raise failed(error) from error
        return read_whole(answer, request, time.perf_counter() - began)


def _engine(config: Mapping[str, Any]) -> Engine:
    if not isinstance(config, Mapping):
        message = "It is a mapping, as in a .prompt.yml file."
        raise InvalidInput(f"evaluation_config: {message}", details={"evaluation_config": [message]})
    engine = Engine(read_suite(config))
    engine.check()
    return engine


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
    return {"messages": MESSAGES, "evaluators": EVALUATORS, "testData": list(cases)}
