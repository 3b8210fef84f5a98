"""All evaluators by name, and the building of a suite's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments_app.evaluation.cases import EvaluatorSpec, SuiteContent
from experiments_app.evaluation.evaluators.base import Entry, Evaluator
from experiments_app.evaluation.evaluators.embeddings import Retrieval, Similarity
from experiments_app.evaluation.evaluators.json_answers import JSONSchema, JSONValid
from experiments_app.evaluation.evaluators.judges import LLMMethod, OwnJudge, for_rubric
from experiments_app.evaluation.evaluators.limits import Cost, Latency
from experiments_app.evaluation.evaluators.numbers import Numeric
from experiments_app.evaluation.evaluators.options import refuse
from experiments_app.evaluation.evaluators.pairwise import Pairwise
from experiments_app.evaluation.evaluators.patterns import Regex
from experiments_app.evaluation.evaluators.rubrics import BUILT_IN
from experiments_app.evaluation.evaluators.similarity import EditSimilarity, EmbeddingSimilarity, RougeL
from experiments_app.evaluation.evaluators.strings import Contains, EndsWith, Equals, StartsWith, StringMethod
from experiments_app.evaluation.evaluators.thinking import ThinkingAnswer
from experiments_app.evaluation.evaluators.tool_calls import ToolCalls
from experiments_app.evaluation.evaluators.vision import ANLS, VQAExact

# What an entry has in place of `uses`.
METHODS: dict[str, type[Evaluator]] = {"string": StringMethod, "llm": LLMMethod}
# By `uses`.
EVALUATORS: dict[str, type[Evaluator]] = {
    "registry/equals": Equals,
    "registry/contains": Contains,
    "registry/starts-with": StartsWith,
    "registry/ends-with": EndsWith,
    "registry/regex": Regex,
    "registry/numeric": Numeric,
    "registry/json-valid": JSONValid,
    "registry/json-schema": JSONSchema,
    "registry/edit-similarity": EditSimilarity,
    "registry/rouge-l": RougeL,
    "registry/embedding-similarity": EmbeddingSimilarity,
    "registry/judge": OwnJudge,
    "registry/pairwise": Pairwise,
    "registry/latency": Latency,
    "registry/cost": Cost,
    "registry/tool-calls": ToolCalls,
    "registry/retrieval": Retrieval,
    "registry/similarity": Similarity,
    "registry/vqa-exact": VQAExact,
    "registry/anls": ANLS,
    "registry/thinking-answer": ThinkingAnswer,
    **{f"github/{name}": for_rubric(name) for name in BUILT_IN},
}


def build(spec: EvaluatorSpec, suite: SuiteContent, judge: str | None = None, path: str = "evaluators[0]") -> Evaluator:
    """Return the evaluator of an entry, which stands at `path`. Raises InvalidInput that names the wrong option.

    `judge` is the run's model for all judges, "" for each evaluator's own; None when only the suite is looked at.
    """
    kind = METHODS.get(spec.method) if spec.method != "uses" else EVALUATORS.get(spec.uses)
    if kind is None:
        refuse(f"{path}.uses", f"There is no evaluator '{spec.uses[:60]}'. There are {', '.join(EVALUATORS)}.")
    below = "with" if spec.method == "uses" else spec.method
    return kind(Entry(spec.name, spec.options, f"{path}.{below}", suite, judge))


def build_all(suite: SuiteContent, judge: str | None = None) -> tuple[Evaluator, ...]:
    """Return the evaluators of a suite in order. Raises InvalidInput."""
    return tuple(build(spec, suite, judge, f"evaluators[{place}]") for place, spec in enumerate(suite.evaluators))


def describe() -> list[dict[str, Any]]:
    """Return what there is to choose from, for people and pages."""
    methods = [_described(name, "", kind) for name, kind in METHODS.items()]
    return methods + [_described(uses.partition("/")[2], uses, kind) for uses, kind in EVALUATORS.items()]


def _described(name: str, uses: str, kind: type[Evaluator]) -> dict[str, Any]:
    parameters: Mapping[str, Any] = kind.parameters
    told = {"name": name, "type": kind.kind, "uses": uses, "description": kind.description}
    return {**told, "parameters": dict(parameters), "needs": list(kind.needs)}
