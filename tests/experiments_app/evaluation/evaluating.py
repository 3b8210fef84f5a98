"""Suites of one case and one evaluator, scored with answers that a test gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from experiments_app.evaluation.engine import Engine
from experiments_app.evaluation.evaluators.registry import EVALUATORS
from experiments_app.evaluation.replies import CallFailed, Reply, Request
from experiments_app.evaluation.scores import CaseOutcome, Score
from experiments_app.evaluation.suites import read_suite
from unified_app.errors import InvalidInput

Answer = str | Reply | CallFailed


class Asked:
    """Answers calls: `reply` to the case's own, `judges` one after the other, `vectors` to embeddings by text."""

    def __init__(
        self, reply: Answer = "", judges: list[Answer] | None = None, vectors: Mapping[str, Any] | None = None
    ) -> None:
        self.reply, self.judges, self.vectors = reply, list(judges or ()), vectors or {}
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Reply:
        self.requests.append(request)
        if "input" in request.body:
            return Reply(embeddings=tuple(tuple(self.vectors[text]) for text in request.body["input"]))
        answer = self.judges.pop(0) if request.purpose == "judge" else self.reply
        if isinstance(answer, CallFailed):
            raise answer
        return answer if isinstance(answer, Reply) else Reply(text=answer)


def entry(uses: str, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"name": "it", "uses": uses if "/" in uses else f"registry/{uses}", "with": dict(options or {})}


def engine(
    *entries: Mapping[str, Any], cases: list[dict[str, Any]] | None = None, judge: str = "", **suite: Any
) -> Engine:
    document = {"messages": [{"role": "user", "content": "{{input}}"}], "testData": [{}] if cases is None else cases}
    return Engine(read_suite({**document, "evaluators": list(entries), **suite}), judge)


def outcome(
    told: Mapping[str, Any], case: Mapping[str, Any] | None = None, asked: Asked | Answer = "", **suite: Any
) -> CaseOutcome:
    """Check a suite of one case and evaluate it."""
    found = engine(told, cases=[dict(case or {})], **suite)
    found.check()
    complete: Callable[[Request], Reply] = asked if callable(asked) else Asked(asked)
    return found.evaluate(found.suite.cases[0], "m", complete)


def scored(
    uses: str,
    asked: Asked | Answer = "",
    case: Mapping[str, Any] | None = None,
    *,
    suite: Mapping[str, Any] | None = None,
    **options: Any,
) -> Score:
    """Return the score of an answer by `uses`, with these options."""
    return outcome(entry(uses, options), case, asked, **(suite or {})).scores[0]


def refused(*entries: Mapping[str, Any], cases: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    """Return what is wrong with a suite, by path."""
    try:
        engine(*entries, cases=cases, **more).check()
    except InvalidInput as error:
        return error.details or {}
    raise AssertionError("nothing was refused")


ALL = sorted(EVALUATORS)
