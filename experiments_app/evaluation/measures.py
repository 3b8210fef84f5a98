"""What is measured of a model's results: the metrics by their names, and a value of each result. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal, NamedTuple

from experiments_app.evaluation.scores import NOT_APPLICABLE

Aggregate = Literal["mean", "pass@k", "pass^k", "spearman", "pearson"]
# What a case has for a metric: a number, or for a correlation what was measured and what it should be.
Value = float | tuple[float, float]

PASS, LATENCY, COST = "pass", "latency", "cost"
CORRELATIONS = ("spearman", "pearson")
MEASURED = {
    LATENCY: "s",
    "first_token": "s",
    "tokens": "tokens",
    "thinking_tokens": "tokens",
    "thinking_seconds": "s",
    COST: "USD",
}
# Values of evaluators of which little is good, with their units.
_SMALL_IS_GOOD = {
    "seconds": "s",
    "first_token": "s",
    "thinking_seconds": "s",
    "usd": "USD",
    "tokens": "tokens",
    "completion_tokens": "tokens",
    "thinking_tokens": "tokens",
    "off_by": "",
    "position_bias": "",
}
# A number of an answer may be any that a float holds; the squares and sums of larger ones would not be.
LARGEST = 1e100
# Beside its evaluators' values, the gold score of a case is told as one.
GOLD = "gold"
_TRIES = re.compile(r"pass([@^])(\d{1,6}|k)")


class Row(NamedTuple):
    """One result, as far as metrics look at it; `failed`: there is no answer."""

    case: int
    repeat: int
    failed: bool
    passed: bool | None
    scores: Sequence[Mapping[str, Any]] = ()
    latency: float | None = None
    first_token: float | None = None
    tokens: int = 0
    thinking_tokens: int = 0
    thinking_seconds: float | None = None
    cost: float | None = None


@dataclass(frozen=True)
class Metric:
    """One metric; `evaluator` and `key` name the score that it is made of."""

    name: str
    aggregate: Aggregate = "mean"
    evaluator: str = ""
    key: str = ""
    k: int = 0
    higher_is_better: bool = True
    # s, tokens, USD; empty for shares and scores.
    unit: str = ""

    @property
    def needs_scores(self) -> bool:
        return bool(self.evaluator)

    @property
    def is_correlation(self) -> bool:
        return self.aggregate in CORRELATIONS

    @property
    def is_amount(self) -> bool:
        """Whether it is a time, a cost, a count or an error, which nothing bounds above."""
        return bool(self.unit) or self.key == "off_by"


class UnknownMetric(ValueError):
    """There is no metric of that name."""


def metric_named(name: str, evaluators: Collection[str], repeats: int = 1) -> Metric:
    """Return the metric that a name means, in a suite that has these evaluators. Raises UnknownMetric.

    An evaluator's name comes before ours: one that is called `cost` has the metric `cost`.
    """
    if name in evaluators:
        return Metric(name, evaluator=name)
    if name == PASS:
        return Metric(name)
    if name in MEASURED:
        return Metric(name, higher_is_better=False, unit=MEASURED[name])
    if tries := _TRIES.fullmatch(name):
        return _of_tries(name, tries[1], tries[2], repeats)
    for evaluator in sorted(evaluators, key=len, reverse=True):
        if evaluator and name.startswith(f"{evaluator}.") and len(name) > len(evaluator) + 1:
            return _of_score(name, evaluator, name[len(evaluator) + 1 :])
    raise UnknownMetric(f"There is no metric {name!r}.")


def names_in(rows: Iterable[Row], evaluators: Sequence[str], repeats: int = 1) -> list[str]:
    """Return the names of all metrics that these results have, `pass` first."""
    rows = list(rows)
    names = [PASS]
    if repeats > 1:
        tries = sorted({*range(2, min(repeats, 5) + 1), repeats})
        names += [f"pass{sign}{k}" for sign in "@^" for k in tries]
    for evaluator in evaluators:
        keys = dict.fromkeys(
            key for row in rows for score in row.scores if score["name"] == evaluator for key in score.get("values", ())
        )
        names += [evaluator, *(f"{evaluator}.{key}" for key in keys if key != GOLD)]
        names += [f"{evaluator}.{how}" for how in CORRELATIONS if GOLD in keys]
    told = {LATENCY: "latency", "tokens": "tokens", **{name: name for name in MEASURED}}
    names += [name for name, field in told.items() if any(getattr(row, field) for row in rows)]
    return list(dict.fromkeys(names))


def main_metric(rows: Iterable[Row], evaluators: Sequence[str]) -> str:
    """Return the metric that a suite is about: `pass`, or where nothing gives verdicts what is measured first."""
    gold: set[str] = set()
    scored: set[str] = set()
    for row in rows:
        for score in row.scores:
            if score.get("passed") is not None:
                return PASS
            scored.add(score["name"])
            if GOLD in score.get("values", ()):
                gold.add(score["name"])
    first = next((name for name in evaluators if name in scored), "")
    return f"{first}.spearman" if first in gold else first or PASS


def values_of(metric: Metric, rows: Iterable[Row]) -> tuple[dict[int, list[Value]], int, int]:
    """Return the values by case in the order of the rows, how many could not be decided, how many have no answer.

    What an evaluator had nothing to score on, or what was not measured, is simply not there.
    """
    found: dict[int, list[Value]] = {}
    undecided = failed = 0
    for row in rows:
        if row.failed:
            failed += 1
            continue
        value, is_undecided = _value(metric, row)
        undecided += is_undecided
        if value is not None:
            found.setdefault(row.case, []).append(value)
    return found, undecided, failed


def _value(metric: Metric, row: Row) -> tuple[Value | None, bool]:
    if metric.evaluator:
        return _scored(metric, next((one for one in row.scores if one["name"] == metric.evaluator), None))
    if metric.name in MEASURED:
        told = getattr(row, metric.name)
        return (None if told is None else float(told)), False
    return (None, True) if row.passed is None else (float(row.passed), False)


def _scored(metric: Metric, score: Mapping[str, Any] | None) -> tuple[Value | None, bool]:
    if score is None:
        return None, False
    values = score.get("values") or {}
    if metric.is_correlation:
        told, gold = score.get("score"), values.get(GOLD)
        pair = (float(told), float(gold)) if told is not None and gold is not None else None
        return pair, pair is None and _is_open(score)
    number = values.get(metric.key) if metric.key else score.get("score")
    if number is None or not isfinite(number):
        return None, not metric.key and _is_open(score)
    return max(-LARGEST, min(LARGEST, float(number))), False


def _is_open(score: Mapping[str, Any]) -> bool:
    return score.get("error", "") not in ("", None, NOT_APPLICABLE)


def _of_tries(name: str, sign: str, told: str, repeats: int) -> Metric:
    k = repeats if told == "k" else int(told)
    if not 1 <= k <= repeats:
        raise UnknownMetric(f"{name} needs {k} repeats of each case, and there are {repeats}.")
    return Metric(name, "pass@k" if sign == "@" else "pass^k", k=k)


def _of_score(name: str, evaluator: str, key: str) -> Metric:
    if key in CORRELATIONS:
        return Metric(name, "spearman" if key == "spearman" else "pearson", evaluator, GOLD)
    unit = _SMALL_IS_GOOD.get(key, "")
    return Metric(name, evaluator=evaluator, key=key, higher_is_better=key not in _SMALL_IS_GOOD, unit=unit)
