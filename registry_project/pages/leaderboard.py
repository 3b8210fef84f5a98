"""The leaderboard: the newest results of every model on one suite, of a category's or of any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from experiments_app.evaluation.results import leaderboards
from experiments_app.evaluation.results.finished import finished
from experiments_app.models import Suite
from registry_project.pages import charts, comparison_table
from registry_project.pages import evaluation_words as words
from registry_project.pages.access import needs
from unified_app.categories import CATEGORIES
from unified_app.errors import InvalidInput
from unified_app.models.catalog import ModelStatus


@needs("read")
def board(request: HttpRequest) -> HttpResponse:
    category, called = request.GET.get("category", ""), request.GET.get("suite", "").replace("\0", "")
    category = category if category in CATEGORIES else ""
    suites = list(_suites())
    asked = next((suite for suite in suites if suite.name == called), None)
    if asked is not None and category and asked.category != category:
        asked = None
    here = [suite for suite in suites if not category or suite.category == category]
    suite = asked or next(iter(here), None)
    context: dict[str, Any] = {
        "category": category,
        "categories": _tabs(suites),
        "suites": here,
        "suite": suite,
        "unknown": called if called and asked is None else "",
    }
    if suite is not None:
        context |= _shown(suite, request.GET.get("metric", ""))
    return render(request, "site/leaderboard.html", context)


def _suites() -> QuerySet[Suite]:
    """Return the suites whose newest content has results, the one that was run last first."""
    rows = finished().filter(run__suite_version__suite__archived_at=None, model__hidden=False)
    told = rows.exclude(model__status=ModelStatus.RETIRED).filter(run__suite_version__suite__latest__isnull=False)
    suites: QuerySet[Suite] = (
        Suite.objects.filter(latest__runs__run_models__in=told)
        .annotate(models=Count("latest__runs__run_models__model", distinct=True), last=Max("latest__runs"))
        .order_by("-last")
    )
    return suites


def _tabs(suites: Sequence[Suite]) -> list[tuple[str, int]]:
    """Return the categories that have boards, each with how many."""
    return [(name, count) for name in CATEGORIES if (count := sum(suite.category == name for suite in suites))]


def _shown(suite: Suite, metric: str) -> dict[str, Any]:
    problem = ""
    try:
        [told] = leaderboards.of_suite(suite, metric)
    except InvalidInput as error:
        problem = error.message
        [told] = leaderboards.of_suite(suite)
    if not told["models"]:
        return {"problem": problem, "rows": []}
    scale = comparison_table.scale_of(told)
    return {
        "problem": problem,
        "told": told,
        "answer": _answer(told),
        "metrics": [(name, words.metric_name(name)) for name in told["metrics"]],
        "metric_name": words.metric_name(told["metric"]),
        "rows": comparison_table.rows_of(told, scale, {}),
        "ends": comparison_table.ends_of(told, scale),
        "chart": _chart(told),
        "differ_in": _differences(told),
    }


def _answer(told: Mapping[str, Any]) -> str:
    """Return who leads, together with all that share the first place."""
    rows = [row for row in told["models"] if row["rank"] is not None]
    if not rows:
        return "No model has a value yet."
    first = [row["name"] for row in rows if row["rank"] == 1]
    if len(rows) == 1:
        return f"{first[0]} is the only model with a result."
    if len(first) == 1:
        return f"{first[0]} is alone in the first place of {len(rows)} models."
    if len(first) == len(rows):
        return f"None of the {len(rows)} models can be told apart from the best."
    return f"{words.names(first)} share the first place: these cases cannot tell them apart."


def _chart(told: Mapping[str, Any]) -> charts.Chart | None:
    """Return quality against time, where the metric is a quality and more than one model was timed."""
    shown = [
        row
        for row in told["models"]
        if row["value"] is not None and row["low"] is not None and row["latency_p50"] is not None
    ]
    is_share = told["higher_is_better"] and not told["unit"]
    if not is_share or len(shown) < 2 or not all(0 <= row["low"] <= row["high"] <= 1 for row in shown):
        return None
    return charts.scatter([_point(row, told) for row in shown])


def _point(row: Mapping[str, Any], told: Mapping[str, Any]) -> charts.Point:
    share = words.is_share(told)
    said = words.value(row["value"], share=share)
    title = f"{row['name']}: {said} ({words.interval(row['low'], row['high'], share=share)}), half within "
    title += words.seconds(row["latency_p50"]) + (", no better trade-off" if row["pareto"] else "")
    return charts.Point(
        row["name"], row["latency_p50"], row["value"], row["low"], row["high"], title, row["model"], row["pareto"]
    )


def _differences(told: Mapping[str, Any]) -> str:
    """Return what the runs behind the board do not have in common, which a reader should know."""
    found = []
    if len(told["judges"]) > 1:
        found.append(f"different judges ({', '.join(judge or 'the suite’s own' for judge in told['judges'])})")
    if len(told["repeats"]) > 1:
        found.append(f"different numbers of tries ({', '.join(map(str, told['repeats']))})")
    return " and ".join(found)
