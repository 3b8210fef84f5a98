"""What a run found, ready to be shown: a row for each model, each two of them in words, slices by tag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import mark_safe

from experiments_app.evaluation.results.comparisons import compare_run
from experiments_app.models import EvaluationRun, RunModel
from registry_project import charts
from registry_project.pages import evaluation_words as words
from unified_app.errors import InvalidInput

# With more, the pairs of the best one stand first and the others are folded away.
PAIRS_SHOWN = 6
TAGS_SHOWN = 15


def context(request: HttpRequest, run: EvaluationRun, entries: Sequence[RunModel]) -> dict[str, Any]:
    """Return what the page of a run shows of its comparison, by the metric and tag that the address asks for."""
    metric, tag, problem = request.GET.get("metric", ""), request.GET.get("tag", ""), ""
    try:
        told = compare_run(run, metric, tag=tag)
    except InvalidInput as error:
        problem, tag = error.message, ""
        told = compare_run(run)
    called = {row["model"]: row["name"] for row in told["models"]}
    summaries = {entry.model_id: entry.summary for entry in entries}
    scale = scale_of(told)
    pairs = _pairs(told, called)
    return {
        "told": told,
        "answer": words.answer(told, called),
        "problem": problem,
        "tag": tag,
        "metrics": [(name, words.metric_name(name)) for name in told["metrics"]],
        "metric_name": words.metric_name(told["metric"]),
        "rows": rows_of(told, scale, summaries),
        "pairs": pairs[:PAIRS_SHOWN],
        "more_pairs": pairs[PAIRS_SHOWN:],
        "slices": _slices(told, scale),
        "more_slices": max(0, len(told["tags"]) - TAGS_SHOWN),
        "ends": ends_of(told, scale),
        "outputs": _two(told),
    }


def bar(scale: charts.Scale, row: Mapping[str, Any]) -> str:
    # Made of numbers alone.
    return mark_safe(charts.interval(scale, row["value"], row["low"], row["high"]))  # noqa: S308


def _unit(told: Mapping[str, Any]) -> dict[str, Any]:
    return {"share": words.is_share(told), "unit": told["unit"] or ""}


def ends_of(told: Mapping[str, Any], scale: charts.Scale) -> list[str]:
    """Return what the two ends of the bars stand for."""
    return [words.value(end, **_unit(told)) for end in (scale.low, scale.high)]


def scale_of(told: Mapping[str, Any]) -> charts.Scale:
    ends = [row[end] for row in told["models"] for end in ("value", "low", "high") if row[end] is not None]
    if not told["unit"] and all(0 <= end <= 1 for end in ends):
        return charts.SHARES
    return charts.scale_of(ends)


def rows_of(
    told: Mapping[str, Any], scale: charts.Scale, summaries: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    ranks, unit = words.ranks(told["models"]), _unit(told)
    return [
        {
            **row,
            "place": ranks.get(row["model"], "–"),
            "said": words.value(row["value"], **unit),
            "interval": words.interval(row["low"], row["high"], **unit),
            "bar": bar(scale, row),
            "p50": words.seconds(row["latency_p50"]),
            "p95": words.seconds(row["latency_p95"]),
            "cost": words.money(row["cost_per_1000"]),
            "tokens": _tokens(summaries.get(row["model"], {})),
        }
        for row in told["models"]
    ]


def _tokens(summary: Mapping[str, Any]) -> int | None:
    return summary["tokens_in"] + summary["tokens_out"] if "tokens_in" in summary else None


def _pairs(told: Mapping[str, Any], called: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return each two models, the pairs of the best one first, then those of the next."""
    order = {row["model"]: place for place, row in enumerate(told["models"])}

    def place(pair: Mapping[str, Any]) -> list[int]:
        return sorted((order[pair["a"]], order[pair["b"]]))

    return [_pair(told, pair, called, order) for pair in sorted(told["pairs"], key=place)]


def _pair(
    told: Mapping[str, Any], pair: Mapping[str, Any], called: Mapping[str, str], order: Mapping[str, int]
) -> dict[str, Any]:
    if order[pair["a"]] > order[pair["b"]]:
        pair = _turned(pair)
    first, second = pair["a"], pair["b"]
    return {
        **pair,
        "first": first,
        "second": second,
        "first_name": called[first],
        "second_name": called[second],
        "said": words.verdict(told, pair, called),
        "state": {"a": "told apart", "b": "told apart", "same": "the same"}.get(pair["verdict"], "open"),
        "test_name": words.TESTS.get(pair["test"], pair["test"]),
    }


def _turned(pair: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same, told of the other model first."""
    ends = {name: None if pair[name] is None else -pair[name] for name in ("difference", "low", "high")}
    sides = {"a": pair["b"], "b": pair["a"], "verdict": {"a": "b", "b": "a"}.get(pair["verdict"], pair["verdict"])}
    return {**pair, **sides, "difference": ends["difference"], "low": ends["high"], "high": ends["low"]}


def _slices(told: Mapping[str, Any], scale: charts.Scale) -> list[dict[str, Any]]:
    """Return for each tag the models' values in the table's order."""
    models = [row["model"] for row in told["models"]]
    return [
        {
            "tag": each["tag"],
            "cases": each["cases"],
            "values": [_slice(each["models"].get(model), told, scale) for model in models],
        }
        for each in told["tags"][:TAGS_SHOWN]
    ]


def _slice(row: Mapping[str, Any] | None, told: Mapping[str, Any], scale: charts.Scale) -> dict[str, str]:
    if row is None or row["value"] is None:
        return {"said": "–", "interval": "", "bar": ""}
    unit = _unit(told)
    said = {"said": words.value(row["value"], **unit), "interval": words.interval(row["low"], row["high"], **unit)}
    return said | {"bar": bar(scale, row)}


def _two(told: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the two best models, whose answers are the first to be set side by side."""
    models = [row["model"] for row in told["models"]]
    return (models[0], models[1]) if len(models) > 1 else None
