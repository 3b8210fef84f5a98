"""`gh models eval`, its results to the letter. Pure.

One test after the other, its evaluators in order; the first error ends the run without a result.
Reference: https://github.com/github/gh-models/blob/main/cmd/eval/eval.go
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from experiments_app.evaluation.command.go_json import Unprintable, go_json, sorted_keys
from experiments_app.evaluation.evaluators.judgements import first_contained
from experiments_app.evaluation.evaluators.rubrics import BUILT_IN, JUDGE, RATINGS
from experiments_app.evaluation.evaluators.strings import chosen_operator, string_details, string_passes
from experiments_app.evaluation.files.prompt_files import FileEvaluator, Judge, PromptFile
from experiments_app.evaluation.replies import CallFailed, Complete, Reply, Request
from experiments_app.evaluation.templating import filled, go_lower, trimmed

ROLES = ("system", "user", "assistant")
# Asked for a whole answer: these could not stream. gh minds the bare names only.
NOT_STREAMED = ("o1", "o1-mini", "o1-preview")
ATTEMPTS = 4
# Where a 429 names no time.
OTHERWISE_SECONDS = 60.0
PREFIX = "github/"


class RunFailed(Exception):
    """The run ended without a result; the text is gh's."""


class Progress:
    """Hears of a run as it goes on."""

    def begun(self, prompt: PromptFile) -> None:
        """The run begins."""

    def test_begun(self, number: int, total: int) -> None:
        """A test, counted from 1, begins."""

    def waiting(self, seconds: float, attempt: int) -> None:
        """The model is asked again after so long."""

    def test_ended(self, result: Mapping[str, Any], passed: bool) -> None:
        """A test has its result."""

    def ended(self, summary: Mapping[str, Any]) -> None:
        """All tests have their results."""


@dataclass
class Run:
    """One run of a file. `judge` takes the place of every judge's model."""

    prompt: PromptFile
    complete: Complete
    judge: str = ""
    progress: Progress = field(default_factory=Progress)
    sleep: Callable[[float], None] = field(default_factory=lambda: time.sleep)
    # Of each test: the value of each metric, None where nobody can tell; and the seconds of its own calls.
    measured: list[Mapping[str, float | None]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Return what `gh models eval --json` prints. Raises RunFailed."""
        self.progress.begun(self.prompt)
        results = list(self._results())
        total, passed = len(results), sum(map(has_passed, results))
        rate = passed / total * 100 if total else 100.0
        summary = {"totalTests": total, "passedTests": passed, "failedTests": total - passed, "passRate": rate}
        self.progress.ended(summary)
        named = {"name": self.prompt.name, "description": self.prompt.description, "model": self.prompt.model}
        return {**named, "testResults": results or None, "summary": summary}

    def _results(self) -> Iterator[dict[str, Any]]:
        for number, case in enumerate(self.prompt.cases, 1):
            self.progress.test_begun(number, len(self.prompt.cases))
            self.seconds.append(0.0)
            with told(f"test case {number} failed"):
                result = self._test(number, case)
            self.progress.test_ended(result, has_passed(result))
            yield result

    def _test(self, number: int, case: Mapping[str, Any] | None) -> dict[str, Any]:
        values = case or {}
        messages = [self._message(role, content, values) for role, content in self.prompt.messages]
        body = {"messages": messages, **self.prompt.parameters, **_format(self.prompt)}
        with told("failed to call model"):
            answer = self._answer(Request(self.prompt.model, body))
        scores = [self._verdict(evaluator, values, answer) for evaluator in self.prompt.evaluators]
        passed = all(score["passed"] for score in scores)
        self.measured.append({**{score["evaluatorName"]: score["score"] for score in scores}, "pass": float(passed)})
        return {"testCase": case, "modelResponse": answer, "evaluationResults": scores or None}

    def _message(self, role: str, content: str, values: Mapping[str, Any]) -> dict[str, str]:
        if role.lower() not in ROLES:
            raise RunFailed(f"failed to template messages: unknown message role: {role}")
        return {"role": role.lower(), "content": filled(content, values)}

    def _verdict(self, evaluator: FileEvaluator, values: Mapping[str, Any], answer: str) -> dict[str, Any]:
        with told(f"failed to run evaluators: evaluator {evaluator.name} failed"):
            if evaluator.string is not None:
                return _compared(evaluator.name, evaluator.string, values, answer)
            if evaluator.judge is not None:
                return self._judged(evaluator.name, evaluator.judge, values, answer)
            if not evaluator.uses:
                raise RunFailed(f"no evaluation method specified for evaluator {evaluator.name}")
            judge = _built_in(evaluator.uses)
            if judge is None:
                return said(evaluator.name, 0.0, f"Plugin evaluator '{evaluator.uses}' not found")
            return self._judged(evaluator.name, judge, values, answer)

    def _judged(self, name: str, judge: Judge, values: Mapping[str, Any], answer: str) -> dict[str, Any]:
        system = [{"role": "system", "content": judge.system}] if judge.system else []
        question = filled(judge.prompt, {**values, "completion": answer})
        body = {"messages": [*system, {"role": "user", "content": question}]}
        with told("failed to call evaluation model"):
            words = self._answer(Request(self.judge or judge.model, body, purpose="judge"))
        choice = first_contained(words, [choice for choice, _ in judge.choices])
        if choice is not None:
            score = next(score for known, score in judge.choices if known == choice)
            return said(name, score, f"LLM evaluation matched choice: '{choice}'")
        shown = trimmed(go_lower(words))
        return said(name, 0.0, f"LLM evaluation response '{shown}' did not match any defined choices")

    def _answer(self, request: Request) -> str:
        """Return the trimmed answer."""
        streamed = {} if request.model in NOT_STREAMED else {"stream": True}
        return trimmed(self.reply(replace(request, body={**request.body, **streamed})).text)

    def reply(self, request: Request) -> Reply:
        """Return the answer; a model that is too busy is asked again, as often as gh does. Raises RunFailed."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                reply = self.complete(request)
                self.seconds[-1] += reply.latency if request.purpose == "case" else 0.0
                return reply
            except CallFailed as error:
                self._wait(error, attempt)
        raise AssertionError  # the last turn returns or raises

    def _wait(self, error: CallFailed, attempt: int) -> None:
        if error.status != 429:
            raise RunFailed(error.message) from error
        seconds = error.retry_after or OTHERWISE_SECONDS
        if attempt == ATTEMPTS:
            limited = f"rate limited: {error.message} (retry after {go_duration(seconds)})"
            raise RunFailed(f"rate limit exceeded after {ATTEMPTS} attempts: {limited}") from error
        self.progress.waiting(seconds, attempt)
        self.sleep(seconds)


def evaluate_file(
    prompt: PromptFile, complete: Complete, *, judge: str = "", progress: Progress | None = None
) -> dict[str, Any]:
    """Return the document that `gh models eval --json` prints of a file. Raises RunFailed."""
    return Run(prompt, complete, judge, progress or Progress()).document()


def has_passed(result: Mapping[str, Any]) -> bool:
    return all(score["passed"] for score in result["evaluationResults"] or ())


def printed(document: Mapping[str, Any]) -> str:
    """Return the document as gh prints it, with its last newline. Raises RunFailed."""
    tests = document["testResults"]
    if tests is not None:
        tests = [{**test, "testCase": sorted_keys(test["testCase"])} for test in tests]
    try:
        return go_json({**document, "testResults": tests}) + "\n"
    except Unprintable as error:
        raise RunFailed(f"failed to marshal JSON: {error}") from error


def go_duration(seconds: float) -> str:
    """Return seconds as Go prints a duration: 44s, 1m0s, 24h0m0s."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else "") + f"{rest}s"


@contextmanager
def told(where: str) -> Iterator[None]:
    """Put where it happened before the text of what ends the run."""
    try:
        yield
    except RunFailed as error:
        raise RunFailed(f"{where}: {error}") from error


def _compared(name: str, criteria: Mapping[str, str], values: Mapping[str, Any], answer: str) -> dict[str, Any]:
    operator, template = chosen_operator(criteria)
    if not operator:
        raise RunFailed("no string evaluation criteria specified")
    expected = filled(template, values)
    return said(name, float(string_passes(operator, answer, expected)), string_details(operator, expected))


def _built_in(uses: str) -> Judge | None:
    """Return the judge that a name stands for: our rubric, with gh's choices."""
    rubric = BUILT_IN.get(uses.removeprefix(PREFIX)) if uses.startswith(PREFIX) else None
    return Judge(JUDGE, rubric.prompt, rubric.system, tuple(RATINGS.items())) if rubric else None


def said(name: str, score: float, details: str) -> dict[str, Any]:
    verdict = {"evaluatorName": name, "score": score, "passed": score > 0}
    return {**verdict, "details": details} if details else verdict


def _format(prompt: PromptFile) -> dict[str, Any]:
    """Return the format to ask for; a schema goes with any, and without one it is not sent."""
    if prompt.response_format is None:
        return {}
    schema = {"json_schema": prompt.schema} if prompt.has_schema else {}
    return {"response_format": {"type": prompt.response_format, **schema}}
