"""A rule held against results that are there: the numbers of both sides, and what follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from experiments_app.evaluation import rules
from experiments_app.evaluation.estimates import Sample, sample_of
from experiments_app.evaluation.measures import PASS, main_metric
from experiments_app.evaluation.plain_data import plain
from experiments_app.evaluation.results.comparisons import Wanted, documents, metric_in, suite_of
from experiments_app.evaluation.results.result_rows import facts_of, read_rows, sample_rows
from experiments_app.evaluation.rules import Measured, Rule, Verdict
from experiments_app.models import Gate, GateCheck, RunModel

FIRST = "There is nothing before it to compare it with."
NO_VERDICTS = "Nothing in this suite passes or fails a case, so `pass` tells nothing. Let the gate look at {!r}."
FAILED = "{} did not answer most cases ({} calls failed). Retry those of its evaluation."


def rule_of(gate: Gate) -> Rule:
    return Rule(gate.suite.name, gate.metric, gate.compare_to, gate.max_drop_points, gate.p95_seconds)


def held_against(gate: Gate, entry: RunModel, other: RunModel | None) -> dict[str, Any]:
    """Return the report of the rule on a model's results, compared with another's on the same content of the suite."""
    verdict = _verdict(gate, entry, other)
    report = {**about(gate), **verdict.to_dict(), "suite": suite_of(entry.run.suite_version), "model": _side(entry)}
    report["compared_with"] = _side(other) if other else None
    report["comparison"] = _comparison(gate, entry, other) if other and other.pk != entry.pk else None
    told: dict[str, Any] = plain(report)
    return told


def without_results(gate: Gate, model_ids: Sequence[str], why: str) -> dict[str, Any]:
    """Return the report of a rule that cannot be decided, with the evaluation that would decide it."""
    told = {**about(gate), **Verdict(rule_of(gate), "unknown", (why,)).to_dict(), "comparison": None}
    return told | {"evaluate": {"suite": gate.suite.name, "models": list(dict.fromkeys(model_ids))}}


def about(gate: Gate) -> dict[str, Any]:
    return {"gate": gate.name, "metric": gate.metric, "max_drop_points": gate.max_drop_points} | {
        "p95_seconds": gate.p95_seconds,
        "compare_to": gate.compare_to,
    }


def state_of(report: dict[str, Any]) -> str:
    return GateCheck.State(report["state"]).value


def _verdict(gate: Gate, entry: RunModel, other: RunModel | None) -> Verdict:
    sides = [entry, *([other] if other and other.pk != entry.pk else [])]
    facts = facts_of(entry.run.suite_version)
    metric = metric_in(gate.metric, facts, min(side.run.repeats for side in sides))
    if metric.name == PASS and (measured_first := main_metric(sample_rows(sides), facts.evaluators)) != PASS:
        return Verdict(rule_of(gate), "unknown", (NO_VERDICTS.format(measured_first),))
    rows = read_rows(sides, metric)
    samples = {side.pk: sample_of(side.model.name, metric, rows[side.pk]) for side in sides}
    for sample in samples.values():
        # Cases that no side answered are in nobody's values.
        if sample.failed > len(sample.values):
            return Verdict(rule_of(gate), "unknown", (FAILED.format(sample.model, sample.failed),))
    cases = sorted({case for sample in samples.values() for case in sample.values})
    measured = [
        Measured(
            samples[side.pk].model,
            [_number(samples[side.pk], case) for case in cases],
            [row.latency for row in rows[side.pk] if row.latency is not None],
        )
        for side in sides
    ]
    if other is None and not gate.compare_to:
        return _of_the_first(rule_of(gate), measured[0])
    # Compared with itself a model is not worse.
    return rules.check(rule_of(gate), measured[0], measured[-1] if other else None)


def _of_the_first(rule: Rule, measured: Measured) -> Verdict:
    """Return what the rule says of a model that nothing was there before: no evaluation could ever tell more."""
    verdict = rules.check(replace(rule, max_drop_points=None), measured)
    alone = (FIRST,) if rule.max_drop_points is not None else ()
    state = verdict.state if rule.p95_seconds is not None else "passed"
    return replace(verdict, rule=rule, state=state, reasons=(*alone, *verdict.reasons))


def _number(sample: Sample, case: int) -> float | None:
    value = sample.values.get(case)
    return None if isinstance(value, tuple) else value


def _comparison(gate: Gate, entry: RunModel, other: RunModel) -> dict[str, Any]:
    """Return what the comparison says of the two: `a` is the model, `b` what it is held against."""
    [document] = documents([Wanted(entry.run.suite_version, (entry, other), gate.metric)])
    pair: dict[str, Any] = document["pairs"][0]
    return pair


def _side(entry: RunModel) -> dict[str, Any]:
    told = {"id": entry.model_id, "name": entry.model.name, "version": entry.version}
    return told | {"evaluation": entry.run_id}
