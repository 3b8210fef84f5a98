"""The outputs of two models of a run on the same cases, beside each other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from experiments_app.evaluation.results.result_rows import facts_of
from experiments_app.models import CaseResult, EvaluationRun, RunModel, SuiteVersion
from unified_app.errors import InvalidInput, NotFound
from unified_app.lookup import find_model

State = CaseResult.State
# Who passed a case.
PASSED = {
    "a": Q(won_a=True, won_b=False),
    "b": Q(won_a=False, won_b=True),
    "both": Q(won_a=True, won_b=True),
    "neither": Q(won_a=False, won_b=False),
}
# Keys of a case that are long and no text.
_LEFT_OUT = ("images", "documents", "tools")


def side(run: EvaluationRun, called: str, field: str) -> RunModel:
    """Return the run's model that is called so. Raises InvalidInput that names the parameter."""
    entries = list(run.run_models.select_related("model").order_by("position"))
    found = next((entry for entry in entries if called in (entry.model_id, entry.model.name)), None)
    if found is None:
        found = next((entry for entry in entries if entry.model_id == _id_of(called)), None)
    if found is None:
        names = ", ".join(entry.model_id for entry in entries)
        message = f"{called!r} is no model of evaluation {run.pk}. Its models are: {names}."
        raise InvalidInput(f"{field}: {message}", details={field: [message]})
    return found


def outputs(
    run: EvaluationRun, a: RunModel, b: RunModel, *, differ: bool = False, passed: str = "", tag: str = ""
) -> QuerySet[CaseResult]:
    """Return a's results, with what `beside` needs to find b's; `differ`: only other outputs or other verdicts."""
    there = CaseResult.objects.filter(run_model=b, case_index=OuterRef("case_index"), repeat=OuterRef("repeat"))
    rows = CaseResult.objects.filter(run_model=a, state__in=(State.DONE, State.FAILED)).annotate(
        pk_b=Subquery(there.filter(state__in=(State.DONE, State.FAILED)).values("pk")[:1]),
        passed_b=Subquery(there.values("passed")[:1]),
    )
    if differ:
        rows = rows.annotate(output_b=Subquery(there.values("output")[:1]))
        rows = rows.filter(Q(pk_b=None) | ~Q(output=F("output_b")) | ~_same_verdict())
    if passed:
        # What has no verdict was not passed.
        won = {"won_a": Coalesce("passed", False), "won_b": Coalesce("passed_b", False)}
        rows = rows.annotate(**won).filter(PASSED[passed])
    if tag:
        rows = rows.filter(case_index__in=facts_of(run.suite_version).cases(tag))
    return rows.order_by("case_index", "repeat")


def beside(rows: Sequence[CaseResult], version: SuiteVersion) -> list[dict[str, Any]]:
    """Return each case with both outputs, in two queries for all of a page."""
    others = CaseResult.objects.in_bulk([row.pk_b for row in rows if row.pk_b])  # type: ignore[attr-defined]
    data = SuiteVersion.objects.values_list("document__testData", flat=True).get(pk=version.pk) or []
    return [_told(row, others.get(row.pk_b), data) for row in rows]  # type: ignore[attr-defined]


def text_of(row: CaseResult) -> str:
    """Return what a model answered as text: its words, or the calls that it made instead."""
    calls = (row.message or {}).get("tool_calls") or []
    return row.output or "\n".join(_call(call) for call in calls)


def _same_verdict() -> Q:
    one_open = Q(passed=None) | Q(passed_b=None)
    return Q(passed=None, passed_b=None) | (~one_open & Q(passed=F("passed_b")))


def _id_of(called: str) -> str:
    try:
        return str(find_model(called).pk)
    except NotFound:
        return ""


def _told(row: CaseResult, other: CaseResult | None, data: Sequence[Any]) -> dict[str, Any]:
    case = data[row.case_index] if row.case_index < len(data) else {}
    case = case if isinstance(case, Mapping) else {}
    return {
        "index": row.case_index,
        "case": row.case_digest,
        "repeat": row.repeat,
        "tags": case.get("tags") or [],
        "data": {key: value for key, value in case.items() if key not in _LEFT_OUT},
        "differ": other is None or text_of(row) != text_of(other) or row.passed != other.passed,
        "a": _side(row),
        "b": _side(other) if other else None,
    }


def _side(row: CaseResult) -> dict[str, Any]:
    message: Mapping[str, Any] = row.message or {}
    return {
        "state": row.state,
        "passed": row.passed,
        "output": row.output,
        "text": text_of(row),
        "reasoning": message.get("reasoning", ""),
        "tool_calls": message.get("tool_calls", []),
        "scores": row.scores,
        "latency": row.latency,
        "tokens": row.tokens_in + row.tokens_out,
        "error": row.error,
    }


def _call(call: Mapping[str, Any]) -> str:
    function = call.get("function") or {}
    arguments = function.get("arguments", "")
    shown = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return f"{function.get('name', '')}({shown})"
