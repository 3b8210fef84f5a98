"""What a model's page says of its evaluations: the newest result on each suite, its way on one of them, its gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.utils.dateparse import parse_datetime

from experiments_app.evaluation.results.projections import KEY
from experiments_app.evaluation.results.trends import trend
from experiments_app.models import GateCheck, Suite
from registry_project import charts as small_charts
from registry_project.pages import charts, comparison_table
from registry_project.pages import evaluation_words as words
from unified_app.models import UnifiedModel

register = template.Library()

SUITES_SHOWN = 10
CHECKS_READ = 50


@register.filter
def score(value: float | None) -> str:
    """A score with no more digits than it has: `0.5`, `0.813`, `12`."""
    return words.value(value, share=False)


@register.inclusion_tag("site/evaluations_of.html", takes_context=True)
def evaluations_of(context: dict[str, Any], model: UnifiedModel) -> dict[str, Any]:
    """In a constant number of queries, however many runs there were; in one where there was none."""
    rows = _newest(model.performance_metrics.get(KEY) or {})
    asked = context["request"].GET.get("suite", "")
    chosen = next((row for row in rows if row["suite"] == asked), rows[0] if rows else None)
    return {
        "model": model,
        "rows": rows[:SUITES_SHOWN],
        "more": max(0, len(rows) - SUITES_SHOWN),
        "chosen": chosen,
        "chart": _chart(chosen, model) if chosen else None,
        "broken": _broken(model),
        "may_evaluate": "experiment" in context["scopes"] and not model.is_retired,
    }


def _newest(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a row for each suite, the one that was run last first."""
    return [
        {
            "suite": suite,
            "run": row["run"],
            "metric": row["metric"],
            "at": parse_datetime(row["at"]),
            "n": row["n"],
            "metric_name": words.metric_name(row["metric"]),
            "said": words.value(row["value"], share=words.is_share(row)),
            "interval": words.interval(row["low"], row["high"], share=words.is_share(row)),
            "bar": comparison_table.bar(small_charts.SHARES, row) if _is_within(row) else "",
        }
        for suite, row in sorted(told.items(), key=lambda item: -item[1]["run"])
    ]


def _is_within(row: Mapping[str, Any]) -> bool:
    return all(row[end] is not None and 0 <= row[end] <= 1 for end in ("value", "low", "high"))


def _chart(chosen: Mapping[str, Any], model: UnifiedModel) -> charts.Chart | None:
    """Return the model's way on a suite, once there are two points of it."""
    suite = Suite.objects.filter(name=chosen["suite"]).first()
    points = trend(suite, model, chosen["metric"])["points"] if suite else []
    known = [point for point in points if point["value"] is not None and point["low"] is not None]
    share = words.is_share(chosen)
    return charts.trend([_point(point, share) for point in known], share=share) if len(known) > 1 else None


def _point(told: Mapping[str, Any], share: bool) -> charts.Point:
    note = _note(told)
    said = words.value(told["value"], share=share)
    title = f"{told['at']:%Y-%m-%d}: {said} ({words.interval(told['low'], told['high'], share=share)})"
    title += f", run {told['evaluation']}" + (f", {note}" if note else "")
    moment = told["at"].timestamp()
    return charts.Point("", moment, told["value"], told["low"], told["high"], title, str(told["evaluation"]), note=note)


def _note(told: Mapping[str, Any]) -> str:
    """Return what is another since the point before."""
    said = {"model": f"model {told['version'][:7]}", "suite": f"suite version {told['suite_version']}"}
    return ", ".join(f"new {said[what]}" for what in told["changed"])


def _broken(model: UnifiedModel) -> Sequence[GateCheck]:
    """Return the rules that the model broke when they were checked last."""
    newest: dict[int, GateCheck] = {}
    checks = GateCheck.objects.filter(model=model, gate__enabled=True).select_related("gate").order_by("-pk")
    for check in checks[:CHECKS_READ]:
        newest.setdefault(check.gate_id, check)
    return [check for check in newest.values() if check.state == GateCheck.State.FAILED]
