"""Rules of a gate: not worse than another model by more than so many points, and fast enough. Pure.

A rule is decided on what was measured; the interval beside it says how sure that is. When most cases have no value for
one of the two models, it is not decided at all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any, Literal

from experiments_app.evaluation.files.suite_parts import at, mapping, number, refuse, text
from experiments_app.evaluation.formulas.paired import compare_paired, kind_of
from experiments_app.evaluation.measures import MEASURED

State = Literal["passed", "failed", "unknown"]
KEYS = ("suite", "metric", "compare_to", "max_drop_points", "p95_seconds")
# Two shares that differ by two points exactly must not differ by more for how floats are kept.
_SLACK = 1e-9


@dataclass(frozen=True)
class Rule:
    """What must hold of a model. `max_drop_points` are points of 100, against `compare_to`."""

    suite: str = ""
    metric: str = "pass"
    compare_to: str = ""
    max_drop_points: float | None = None
    p95_seconds: float | None = None

    def __str__(self) -> str:
        parts = []
        if self.max_drop_points is not None:
            other = self.compare_to or "before"
            parts.append(f"{self.metric} not more than {self.max_drop_points:g} points below {other}")
        if self.p95_seconds is not None:
            parts.append(f"p95 at most {self.p95_seconds:g} s")
        return ", ".join(parts)


@dataclass(frozen=True)
class Measured:
    """A model's results: the metric's value of each case, in one order for all models, None for undecided ones."""

    model: str
    values: Sequence[float | None]
    # Seconds of its calls.
    latencies: Sequence[float] = ()


@dataclass(frozen=True)
class Verdict:
    """Whether a rule holds, and the numbers that say so; `drop`, `low` and `high` are points of 100."""

    rule: Rule
    state: State
    reasons: tuple[str, ...] = ()
    value: float | None = None
    other: float | None = None
    drop: float | None = None
    low: float | None = None
    high: float | None = None
    cases: int = 0
    p95: float | None = None

    @property
    def holds(self) -> bool:
        return self.state == "passed"

    def to_dict(self) -> dict[str, Any]:
        numbers = ("value", "other", "drop", "low", "high", "cases", "p95")
        told = {"rule": str(self.rule), "state": self.state, "reasons": list(self.reasons)}
        return {**told, **{name: getattr(self, name) for name in numbers}}


def check(rule: Rule, a: Measured, b: Measured | None = None) -> Verdict:
    """Return whether the rule holds for `a`, compared with `b`; unknown when there is nothing to decide it on."""
    found: dict[str, Any] = {"value": _mean(a.values), "other": _mean(b.values) if b else None}
    outcomes: list[tuple[State, str]] = []
    if rule.max_drop_points is not None:
        outcomes.append(_dropped(rule, a, b, found))
    if rule.p95_seconds is not None:
        outcomes.append(_late(rule.p95_seconds, a, found))
    states = [state for state, _ in outcomes]
    state: State = "failed" if "failed" in states else "unknown" if "unknown" in states or not states else "passed"
    return Verdict(rule, state, tuple(reason for _, reason in outcomes), **found)


def p95(seconds: Sequence[float]) -> float | None:
    """Return the nearest-rank percentile: 95 of 100 calls took no longer. None without calls."""
    return sorted(seconds)[math.ceil(0.95 * len(seconds)) - 1] if seconds else None


def read_rules(document: Any) -> list[Rule]:
    """Return the rules of a gate file. Raises InvalidInput that names what is wrong by its path."""
    if not isinstance(document, list | tuple) or not document:
        refuse("gate", f"It is a list of rules with {', '.join(KEYS)}.")
    return [_rule(mapping(row, at("gate", place)), at("gate", place)) for place, row in enumerate(document)]


def _rule(told: Mapping[str, Any], path: str) -> Rule:
    # A word that is not known would be a rule that nobody checks.
    for key in told:
        if key not in KEYS:
            refuse(f"{path}.{key}", f"Unknown. It is one of {', '.join(KEYS)}.")
    drop, late = (_limit(told.get(key), f"{path}.{key}") for key in ("max_drop_points", "p95_seconds"))
    suite, metric, other = (text(told, key, path) for key in ("suite", "metric", "compare_to"))
    rule = Rule(suite, metric or "pass", other, drop, late)
    if drop is None and late is None:
        refuse(path, "It says neither max_drop_points nor p95_seconds.")
    if drop is not None and rule.metric in MEASURED:
        refuse(f"{path}.metric", f"Less of {rule.metric} is better, so it cannot drop; use p95_seconds for time.")
    if drop is not None and not rule.compare_to:
        refuse(f"{path}.compare_to", "With max_drop_points it names the model to compare with.")
    return rule


def _limit(value: Any, path: str) -> float | None:
    found = None if value is None else number(value, path)
    if found is not None and found < 0:
        refuse(path, "It is 0 or more.")
    return found


def _dropped(rule: Rule, a: Measured, b: Measured | None, found: dict[str, Any]) -> tuple[State, str]:
    if b is None or len(a.values) != len(b.values):
        return "unknown", f"There is nothing to compare {a.model} with."
    # A case with a value for neither is no affair of this metric, or one that nobody could decide.
    known = [pair for pair in zip(a.values, b.values, strict=True) if pair != (None, None)]
    paired = compare_paired([x for x, _ in known], [y for _, y in known], kind=_kind(a, b))
    if not paired.n:
        return "unknown", f"No case has a value of {rule.metric} for both models."
    if paired.dropped > paired.n:
        # A model that answers one case of a hundred must not pass by that one.
        few = f"Only {paired.n} of {paired.n + paired.dropped} cases have a value of {rule.metric} for both models"
        return "unknown", f"{few}; the others failed or are undecided."
    drop, low, high = (-100 * side for side in (paired.difference, paired.high, paired.low))
    found.update(drop=drop + 0.0, low=low, high=high, cases=paired.n)
    moved = "fell by" if drop > 0 else "rose by" if drop < 0 else "differs by"
    told = f"{rule.metric} {moved} {abs(drop):.2f} points against {b.model}"
    without = f", {paired.dropped} failed or undecided left out" if paired.dropped else ""
    sure = f" (drop between {low:.2f} and {high:.2f}, {paired.n} cases{without})"
    holds = drop <= (rule.max_drop_points or 0) + _SLACK
    return "passed" if holds else "failed", f"{told}{sure}; allowed: {rule.max_drop_points:g}."


def _late(limit: float, a: Measured, found: dict[str, Any]) -> tuple[State, str]:
    seconds = p95(a.latencies)
    if seconds is None:
        return "unknown", f"No call of {a.model} was timed."
    found["p95"] = seconds
    return "passed" if seconds <= limit else "failed", f"p95 is {seconds:.3f} s; allowed: {limit:g} s."


def _kind(a: Measured, b: Measured) -> Literal["binary", "continuous"]:
    return kind_of([*a.values, *b.values])


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fsum(known) / len(known) if known else None
