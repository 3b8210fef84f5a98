"""The results of a run, case by case, and the answers of two models side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from experiments_app.evaluation.results import side_by_side
from experiments_app.evaluation.scores import NOT_APPLICABLE
from experiments_app.models import CaseResult, EvaluationRun, RunModel
from registry_project.pages import text_diff
from registry_project.pages.access import needs
from registry_project.pages.evaluation_cases import ShownCase, shown_cases
from registry_project.pages.evaluations import find
from unified_app.models import UnifiedModel

PER_PAGE = 25
CASES_PER_PAGE = 10
DIFFER = "differ"
State = CaseResult.State
# What a result may have come to -> the rows that did.
OUTCOMES: dict[str, tuple[str, Q]] = {
    "passed": ("passed", Q(state=State.DONE, passed=True)),
    "not-passed": ("not passed", Q(state=State.DONE, passed=False)),
    "undecided": ("undecided", Q(state=State.DONE, passed=None)),
    "error": ("without an answer", Q(state=State.FAILED)),
    "open": ("not there yet", Q(state__in=(State.RUNNING, State.WAITING))),
}
# Outcome -> the word whose shape it has.
SHAPES = {"passed": "passed", "not-passed": "failed", "undecided": "undecided", "error": "error", "open": "queued"}


@needs("read")
def results(request: HttpRequest, run_id: int) -> HttpResponse:
    run = find(run_id)
    entries = list(run.run_models.all())
    cases = shown_cases(run.suite_version)
    chosen = {name: request.GET.get(name, "") for name in ("model", "outcome", "tag")}
    found = _narrowed(run, entries, cases, chosen)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    by_key = {entry.pk: entry for entry in entries}
    context = {
        "run": run,
        "suite": run.suite_version.suite,
        "page": page,
        "groups": _groups(page, cases, by_key),
        "counts": [] if chosen["outcome"] else _counts(found),
        "chosen": chosen,
        "is_filtered": any(chosen.values()),
        "models": [(entry.model_id, entry.model.name) for entry in entries],
        "outcomes": [(name, said) for name, (said, _) in OUTCOMES.items()],
        "tags": sorted({tag for case in cases for tag in case.tags}),
        "has_repeats": run.repeats > 1,
    }
    return render(request, "site/evaluation_results.html", context)


@needs("read")
def outputs(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show what two models answered to each case; the address may narrow it to where they differ, or who passed."""
    run = find(run_id)
    entries = list(run.run_models.all())
    a, b = _two(request, entries)
    shown = request.GET.get("show", "")
    context: dict[str, Any] = {
        "run": run,
        "suite": run.suite_version.suite,
        "models": [(entry.model_id, entry.model.name) for entry in entries],
        "a": a and a.model,
        "b": b and b.model,
        "shown": shown if shown in (DIFFER, *side_by_side.PASSED) else "",
        "has_repeats": run.repeats > 1,
    }
    if a is not None and b is not None:
        passed = shown if shown in side_by_side.PASSED else ""
        rows = side_by_side.outputs(run, a, b, differ=shown == DIFFER, passed=passed)
        page = Paginator(rows, CASES_PER_PAGE).get_page(request.GET.get("page"))
        context |= {"page": page, "rows": _compared(page, a, b, shown_cases(run.suite_version))}
    return render(request, "site/evaluation_outputs.html", context)


def _narrowed(
    run: EvaluationRun, entries: Sequence[RunModel], cases: Sequence[ShownCase], chosen: dict[str, str]
) -> QuerySet[CaseResult]:
    """Return the results that the address asks for; what it names and nothing has leaves none."""
    found = CaseResult.objects.filter(run=run).order_by("case_index", "run_model__position", "repeat")
    if chosen["model"]:
        found = found.filter(run_model__in=[entry.pk for entry in entries if entry.model_id == chosen["model"]])
    if chosen["outcome"]:
        found = found.filter(OUTCOMES[chosen["outcome"]][1]) if chosen["outcome"] in OUTCOMES else found.none()
    if chosen["tag"]:
        found = found.filter(case_index__in=[case.index for case in cases if chosen["tag"] in case.tags])
    return found


def _counts(found: QuerySet[CaseResult]) -> list[tuple[str, str, int]]:
    """Return (outcome, its words, how many) of those that there are."""
    # A name with a stroke in it is no column's.
    counts = {f"n-{name}": Count("pk", filter=condition) for name, (_, condition) in OUTCOMES.items()}
    told = found.order_by().aggregate(**counts)
    return [(name, said, told[f"n-{name}"]) for name, (said, _) in OUTCOMES.items() if told[f"n-{name}"]]


def _groups(
    rows: Iterable[CaseResult], cases: Sequence[ShownCase], entries: dict[int, RunModel]
) -> list[dict[str, Any]]:
    """Return the results below the case that they are of."""
    found: list[dict[str, Any]] = []
    for row in rows:
        if not found or found[-1]["index"] != row.case_index:
            found.append({"index": row.case_index, "case": cases[row.case_index], "results": []})
        found[-1]["results"].append(described(row, entries[row.run_model_id].model))
    return found


def described(row: CaseResult, model: UnifiedModel) -> dict[str, Any]:
    """Return what is shown of a result: what it came to in a word, and each evaluator's verdict with its reasons."""
    outcome, message = outcome_of(row), dict(row.message or {})
    ending = message.pop("finish_reason", "")
    return {
        "row": row,
        "model": model,
        "outcome": outcome,
        "said": OUTCOMES[outcome][0],
        "shape": SHAPES[outcome],
        "scores": [_score(score) for score in row.scores if score.get("error") != NOT_APPLICABLE],
        "silent": [score["name"] for score in row.scores if score.get("error") == NOT_APPLICABLE],
        "tokens": row.tokens_in + row.tokens_out,
        "message": {key: value for key, value in message.items() if value},
        "is_cut": ending == "length",
    }


def outcome_of(row: CaseResult) -> str:
    if row.state == State.FAILED:
        return "error"
    if row.state != State.DONE:
        return "open"
    return "undecided" if row.passed is None else "passed" if row.passed else "not-passed"


def _score(told: dict[str, Any]) -> dict[str, Any]:
    """Return one evaluator's verdict; a measure without a limit has none."""
    passed, error = told.get("passed"), told.get("error") or ""
    if passed is not None:
        shape, said = ("passed", "passed") if passed else ("failed", "not passed")
    else:
        shape, said = ("undecided", "undecided") if error else ("", "measured")
    return {**told, "shape": shape, "said": said, "values": dict(told.get("values") or {})}


def _two(request: HttpRequest, entries: Sequence[RunModel]) -> tuple[RunModel | None, RunModel | None]:
    """Return the two models of the address; in the place of one that is not named is the first that is left."""
    by_id = {entry.model_id: entry for entry in entries}
    a, b = by_id.get(request.GET.get("a", "")), by_id.get(request.GET.get("b", ""))
    b = None if b is a else b
    rest = [entry for entry in entries if entry not in (a, b)]
    a = a or (rest.pop(0) if rest else None)
    return a, b or (rest.pop(0) if rest else None)


def _compared(page: Any, a: RunModel, b: RunModel, cases: Sequence[ShownCase]) -> list[dict[str, Any]]:
    rows = list(page)
    theirs = CaseResult.objects.in_bulk([row.pk_b for row in rows if row.pk_b])
    return [_pair(row, theirs.get(row.pk_b), a, b, cases[row.case_index]) for row in rows]


def _pair(one: CaseResult, other: CaseResult | None, a: RunModel, b: RunModel, case: ShownCase) -> dict[str, Any]:
    texts = side_by_side.text_of(one), side_by_side.text_of(other) if other else ""
    left, right = text_diff.sides(*texts) if other else ([text_diff.Piece(texts[0])], [])
    return {
        "case": case,
        "repeat": one.repeat,
        "is_same": other is not None and texts[0] == texts[1],
        "sides": [(described(one, a.model), left), (described(other, b.model) if other else None, right)],
        "other": b.model,
    }
