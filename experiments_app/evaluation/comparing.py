"""From the results of several models on the same cases to a comparison that a statistician would sign. Pure.

A model's value is over the cases that it has one for; two models are compared on the cases that both have. Many
comparisons at once are corrected by Holm. Models that cannot be told apart share a rank.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from experiments_app.evaluation.estimates import CONFIDENCE, Estimate, Sample, Scale, estimate, sample_of, scale_of
from experiments_app.evaluation.formulas.correlation_resamples import compare_correlations
from experiments_app.evaluation.formulas.paired import Kind, Paired, compare_paired
from experiments_app.evaluation.formulas.proportions import holm
from experiments_app.evaluation.formulas.standings import pareto_front, rank_with_ties
from experiments_app.evaluation.formulas.verdicts import ALPHA, cases_needed, verdict
from experiments_app.evaluation.measures import PASS, Metric, Row
from experiments_app.evaluation.plain_data import plain
from experiments_app.evaluation.summaries import quantile

MAX_TAGS = 50
CORRECTION = "holm"


@dataclass(frozen=True)
class Compared:
    """Two models, and what can be said of them; `a` and `b` are their ids."""

    a: str
    b: str
    paired: Paired
    p_adjusted: float
    verdict: str
    cases_needed: int | None

    def to_dict(self) -> dict[str, Any]:
        told = self.paired
        return {
            "a": self.a,
            "b": self.b,
            "difference": told.difference,
            "low": told.low,
            "high": told.high,
            "p_value": told.p_value,
            "p_adjusted": self.p_adjusted,
            "effect_size": told.effect_size,
            "effect": told.effect,
            "test": told.test,
            "n": told.n,
            "dropped": told.dropped,
            "verdict": self.verdict,
            "cases_needed": self.cases_needed,
        }


@dataclass(frozen=True)
class Field:
    """All models that are compared: their results in the order in which they were asked for."""

    metric: Metric
    rows: Mapping[str, Sequence[Row]]
    repeats: int = 1
    # Tags of the cases by their index.
    tags: Mapping[int, Collection[str]] = field(default_factory=dict)
    confidence: float = CONFIDENCE


def compare(all_of: Field) -> dict[str, Any]:
    """Return the comparison as JSON-like data; null stands for what is not defined."""
    metric = all_of.metric
    samples = [sample_of(model, metric, rows) for model, rows in all_of.rows.items()]
    scale = scale_of(metric, samples, all_of.repeats)
    estimates = {sample.model: estimate(metric, sample, scale, all_of.confidence) for sample in samples}
    pairs = compare_pairs(metric, samples, scale, confidence=all_of.confidence)
    rows = _models(all_of, samples, estimates, pairs)
    told: dict[str, Any] = plain(
        {
            "metric": metric.name,
            "higher_is_better": metric.higher_is_better,
            "unit": metric.unit,
            "confidence": all_of.confidence,
            "alpha": ALPHA,
            "correction": CORRECTION,
            "margin": scale.margin,
            "cases": len({row.case for rows in all_of.rows.values() for row in rows}),
            "models": rows,
            "pairs": [pair.to_dict() for pair in pairs],
            "tags": _slices(all_of, samples, scale),
            "pareto": [row["model"] for row in rows if row["pareto"]],
        }
    )
    return told


def compare_pairs(
    metric: Metric, samples: Sequence[Sample], scale: Scale, *, confidence: float = CONFIDENCE
) -> list[Compared]:
    """Return every two of the samples compared, with what Holm's correction leaves of their p-values."""
    found = [(a, b, paired(metric, a, b, scale, confidence)) for a, b in combinations(samples, 2)]
    tested = [index for index, (_, _, told) in enumerate(found) if told.n]
    adjusted = dict(zip(tested, holm([found[index][2].p_value for index in tested]), strict=True))
    return [
        _judged(metric, a.model, b.model, told, adjusted.get(index, 1.0), scale)
        for index, (a, b, told) in enumerate(found)
    ]


def paired(metric: Metric, a: Sample, b: Sample, scale: Scale, confidence: float = CONFIDENCE) -> Paired:
    """Return how two models differ on the cases that both have a value for."""
    if metric.is_correlation:
        return _paired_correlations(metric, a, b, confidence)
    cases = sorted(a.values.keys() | b.values.keys())
    one, other = ([_number(sample.values.get(case)) for case in cases] for sample in (a, b))
    kind: Kind = "binary" if scale.is_binary else "continuous"
    return compare_paired(one, other, kind=kind, confidence=confidence, scale=scale.size)


def service_of(rows: Sequence[Row]) -> dict[str, float | None]:
    """Return how fast and how dear the answers were; a price that is not known of all of them is not known."""
    answered = [row for row in rows if not row.failed]
    latencies = sorted(row.latency for row in answered if row.latency is not None)
    costs = [row.cost for row in answered if row.cost is not None]
    return {
        "latency_p50": quantile(latencies, 0.5),
        "latency_p95": quantile(latencies, 0.95),
        "cost_per_1000": 1000 * sum(costs) / len(costs) if costs and len(costs) == len(answered) else None,
    }


def _judged(metric: Metric, a: str, b: str, told: Paired, p_adjusted: float, scale: Scale) -> Compared:
    said = verdict(told, p_adjusted, scale.margin, lower_is_better=not metric.higher_is_better)
    needed = cases_needed(told, p_adjusted, scale.margin) if said == "not enough cases" and scale.margin else None
    return Compared(a, b, told, p_adjusted, said, needed)


def _paired_correlations(metric: Metric, a: Sample, b: Sample, confidence: float) -> Paired:
    cases = sorted(a.values.keys() & b.values.keys())
    dropped = len(a.values.keys() | b.values.keys()) - len(cases)
    one, other = ([_pair(sample.values[case]) for case in cases] for sample in (a, b))
    return compare_correlations(one, other, metric.aggregate, dropped=dropped, confidence=confidence)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _pair(value: Any) -> tuple[float, float]:
    told, gold = value
    return told, gold


def _models(
    all_of: Field, samples: Sequence[Sample], estimates: Mapping[str, Estimate], pairs: Sequence[Compared]
) -> list[dict[str, Any]]:
    """Return a row for each model, best first; those without a value come last, without a rank."""
    sign = -1 if all_of.metric.higher_is_better else 1
    valued = [sample.model for sample in samples if estimates[sample.model].value == estimates[sample.model].value]
    order = sorted(valued, key=lambda model: sign * estimates[model].value)
    better = {
        (pair.a, pair.b) if pair.verdict == "a" else (pair.b, pair.a) for pair in pairs if pair.verdict in ("a", "b")
    }
    ranks = rank_with_ties(order, lambda one, other: (one, other) in better)
    service = {model: service_of(rows) for model, rows in all_of.rows.items()}
    front = _front(all_of, estimates, service)
    by_model = {sample.model: sample for sample in samples}
    rest = [sample.model for sample in samples if sample.model not in ranks]
    return [
        _row(by_model[model], estimates[model], ranks.get(model), len(all_of.rows[model]))
        | service[model]
        | {"pareto": model in front}
        for model in (*order, *rest)
    ]


def _row(sample: Sample, told: Estimate, rank: int | None, results: int) -> dict[str, Any]:
    return {
        "model": sample.model,
        "n": told.n,
        "value": told.value,
        "low": told.low,
        "high": told.high,
        "interval": told.interval,
        "rank": rank,
        "undecided": sample.undecided,
        "failed": sample.failed,
        "results": results,
    }


def _front(
    all_of: Field, estimates: Mapping[str, Estimate], service: Mapping[str, Mapping[str, float | None]]
) -> set[str]:
    """Return the models that no other beats in quality, latency and cost; without a quality, passing is it."""
    models = list(all_of.rows)
    if all_of.metric.higher_is_better:
        quality = {model: estimates[model].value for model in models}
    else:
        passes = [sample_of(model, Metric(PASS), rows) for model, rows in all_of.rows.items()]
        quality = {each.model: estimate(Metric(PASS), each, Scale(is_binary=True)).value for each in passes}
    points = [
        {
            "quality": quality[model],
            "latency": service[model]["latency_p50"],
            "cost": service[model]["cost_per_1000"],
        }
        for model in models
    ]
    return {models[index] for index in pareto_front(points)}


def _slices(all_of: Field, samples: Sequence[Sample], scale: Scale) -> list[dict[str, Any]]:
    """Return the models' values on the cases of each tag, the most frequent tags first."""
    cases: dict[str, set[int]] = {}
    seen = {row.case for rows in all_of.rows.values() for row in rows}
    for case in sorted(seen):
        for tag in all_of.tags.get(case, ()):
            cases.setdefault(tag, set()).add(case)
    order = sorted(cases, key=lambda tag: (-len(cases[tag]), tag))[:MAX_TAGS]
    return [
        {"tag": tag, "cases": len(cases[tag]), "models": _on(cases[tag], all_of.metric, samples, scale)}
        for tag in order
    ]


def _on(cases: set[int], metric: Metric, samples: Sequence[Sample], scale: Scale) -> dict[str, dict[str, Any]]:
    told = {sample.model: estimate(metric, sample.only(cases), scale) for sample in samples}
    return {
        model: {"value": each.value, "low": each.low, "high": each.high, "n": each.n} for model, each in told.items()
    }
