"""Evaluates a case: one request to the model under test, then every evaluator in order. Pure.

Whoever carries the calls hands in `complete`. A run builds one Engine and shares it between its threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments_app.evaluation.cases import Case, SuiteContent
from experiments_app.evaluation.evaluators.base import Evaluator, check_cases
from experiments_app.evaluation.evaluators.embeddings import Embedder, embedding_fields
from experiments_app.evaluation.evaluators.options import refuse
from experiments_app.evaluation.evaluators.registry import build_all
from experiments_app.evaluation.evaluators.trials import NotApplicable, Trial
from experiments_app.evaluation.replies import Complete, Reply, Request
from experiments_app.evaluation.scores import CaseOutcome
from experiments_app.evaluation.templating import filled
from experiments_app.evaluation.wire.answers import thoughts_apart


@dataclass(frozen=True)
class Needs:
    """What a suite asks of the models under test and of others."""

    # Times within the calls.
    timed: bool = False
    # Vectors in place of answers.
    embeddings: bool = False
    tools: bool = False
    images: bool = False
    # Models that judge, as far as they are named.
    judges: tuple[str, ...] = ()


class Engine:
    """A suite, ready to run. `judge` is the run's model for all judges; "": each evaluator's own."""

    def __init__(self, suite: SuiteContent, judge: str | None = "") -> None:
        """Raises InvalidInput that names the wrong option by its path."""
        self.suite = suite
        self.evaluators = build_all(suite, judge)
        self.embedders = [one for one in self.evaluators if isinstance(one, Embedder)]
        self._check_kinds()
        self.needs = _needs(suite, self.evaluators)

    def check(self) -> None:
        """Look at what each case holds for the evaluators. Raises InvalidInput."""
        for evaluator in self.evaluators:
            check_cases(evaluator, self.suite)

    def request_of(self, case: Case) -> dict[str, Any]:
        """Return the body of a case's request, without its model."""
        if not self.embedders:
            return chat_body(self.suite, case)
        return {"input": _inputs(self.embedders, case), **embedding_fields(self.suite.parameters)}

    def evaluate(self, case: Case, model: str, complete: Complete, *, repeat: int = 0) -> CaseOutcome:
        """Ask the model and score its answer. Raises CallFailed of the case's own call; a judge's is a score."""
        body = self.request_of(case)
        # An embedding is the same each time.
        asked = Request(model, body, repeat=0 if self.embedders else repeat, timed=self.needs.timed)
        # A case that has no text to embed has nothing to ask.
        reply = Reply() if body.get("input") == [] else thoughts_apart(complete(asked))
        trial = Trial(case, reply, model, body, complete, repeat)
        scores = tuple(evaluator.verdict(trial) for evaluator in self.evaluators)
        return CaseOutcome(trial.reply, scores, _tokens(trial.judged), _cost(trial.judged))

    def _check_kinds(self) -> None:
        for place, evaluator in enumerate(self.evaluators if self.embedders else ()):
            if not isinstance(evaluator, Embedder) and evaluator.kind != "limit":
                refuse(
                    f"evaluators[{place}]",
                    f"{evaluator.name} wants an answer, but {self.embedders[0].name} asks for vectors: two suites.",
                )


def engine_of(suite: SuiteContent, judge: str | None = None) -> Engine:
    """Return the engine of a suite, which lives as long as the suite does. Raises InvalidInput."""
    engine: Engine | None = suite.kept.get(f"engine {judge!r}")
    if engine is None:
        # Two threads may both make it: either serves.
        engine = suite.kept.setdefault(f"engine {judge!r}", Engine(suite, judge))
    return engine


def evaluate_case(
    suite: SuiteContent, case: Case, model: str, complete: Complete, *, repeat: int = 0, judge: str = ""
) -> CaseOutcome:
    """Evaluate one case of a suite. Raises InvalidInput, CallFailed."""
    return engine_of(suite, judge).evaluate(case, model, complete, repeat=repeat)


def request_of(suite: SuiteContent, case: Case) -> dict[str, Any]:
    """Return the body of a case's request, without its model. Raises InvalidInput."""
    return engine_of(suite).request_of(case)


def needs(suite: SuiteContent, judge: str | None = None) -> Needs:
    """Return what a suite asks of models. Raises InvalidInput."""
    return engine_of(suite, judge).needs


def check(suite: SuiteContent, judge: str | None = None) -> None:
    """Raise InvalidInput that names what is wrong with evaluators, or with what a case holds for them.

    With `judge`, the run's ("" for none), every judge must have a model; None: only the suite is looked at.
    """
    engine_of(suite, judge).check()


def chat_body(suite: SuiteContent, case: Case) -> dict[str, Any]:
    """Return the chat request of a case: templated messages, its images with the last of the user, its tools."""
    own = suite.messages if case.messages is None else case.messages
    messages = [_filled(message, case) for message in own]
    if case.images:
        _show(messages, case.images)
    tools = suite.tools if case.tools is None else case.tools
    offered = {"tools": [dict(tool) for tool in tools]} if tools else {}
    return {"messages": messages, **offered, **suite.parameters}


def _filled(message: Mapping[str, Any], case: Case) -> dict[str, Any]:
    content = message.get("content")
    if isinstance(content, str):
        return {**message, "content": filled(content, case.data)}
    if isinstance(content, list | tuple):
        return {**message, "content": [_part(part, case) for part in content]}
    return dict(message)


def _part(part: Any, case: Case) -> Any:
    if isinstance(part, Mapping) and isinstance(part.get("text"), str):
        return {**part, "text": filled(part["text"], case.data)}
    return part


def _show(messages: list[dict[str, Any]], images: Sequence[str]) -> None:
    """Put images into the user's last message, or one of their own where the user says nothing."""
    parts: list[Any] = [{"type": "image_url", "image_url": {"url": image}} for image in images]
    last = next((message for message in reversed(messages) if message.get("role") == "user"), None)
    if last is None:
        messages.append({"role": "user", "content": parts})
        return
    content = last.get("content")
    said = (
        list(content) if isinstance(content, list | tuple) else [{"type": "text", "text": content}] if content else []
    )
    last["content"] = said + parts


def _inputs(embedders: Sequence[Embedder], case: Case) -> list[str]:
    """Return the texts that the case itself asks about: those of the first evaluator that it has texts for.

    Other evaluators ask for their texts apart.
    """
    for embedder in embedders:
        try:
            return embedder.inputs(case)
        except NotApplicable:
            continue
    return []


def _needs(suite: SuiteContent, evaluators: Sequence[Evaluator]) -> Needs:
    told = {need for evaluator in evaluators for need in evaluator.needs}
    judges = dict.fromkeys(_judges(evaluators))
    return Needs(
        timed="timed" in told,
        embeddings="embeddings" in told,
        tools=bool(suite.tools) or any(case.tools for case in suite.cases),
        images=any(case.images for case in suite.cases),
        judges=tuple(judges),
    )


def _judges(evaluators: Sequence[Evaluator]) -> Iterator[str]:
    for evaluator in evaluators:
        if evaluator.helper:
            yield evaluator.helper


def _tokens(replies: Sequence[Reply]) -> int:
    return sum(reply.usage.prompt + reply.usage.completion for reply in replies)


def _cost(replies: Sequence[Reply]) -> float | None:
    """Return what judges cost; None where nobody judged, or a price is not known."""
    costs = [reply.cost for reply in replies]
    return sum(cost for cost in costs if cost is not None) if costs and None not in costs else None
