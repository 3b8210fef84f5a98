"""What a model's results come to, in simple numbers; intervals and comparisons are made elsewhere. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Protocol


class Result(Protocol):
    """A row of results, or what is like one."""

    state: str
    passed: bool | None
    scores: Any
    latency: float | None
    first_token: float | None
    tokens_in: int
    tokens_out: int
    tokens_thinking: int
    judge_tokens: int
    cost: Decimal | None
    cached: bool


def summarise(results: Iterable[Result]) -> dict[str, Any]:
    """Return counts, means and quantiles; null where there is nothing to make one of.

    `pass_rate` is over the cases with a verdict; undecided ones and those without an answer are told beside it.
    """
    rows = list(results)
    done = [row for row in rows if row.state == "done"]
    passed = sum(row.passed is True for row in done)
    decided = sum(row.passed is not None for row in done)
    latencies = sorted(row.latency for row in done if row.latency is not None)
    firsts = sorted(row.first_token for row in done if row.first_token is not None)
    costs = [row.cost for row in done if row.cost is not None]
    return {
        "results": len(rows),
        "passed": passed,
        "not_passed": decided - passed,
        "undecided": len(done) - decided,
        "failed": len(rows) - len(done),
        "cached": sum(row.cached for row in done),
        "pass_rate": passed / decided if decided else None,
        "evaluators": evaluators(done),
        "tokens_in": sum(row.tokens_in for row in done),
        "tokens_out": sum(row.tokens_out for row in done),
        "tokens_thinking": sum(row.tokens_thinking for row in done),
        "judge_tokens": sum(row.judge_tokens for row in done),
        "latency_p50": quantile(latencies, 0.5),
        "latency_p95": quantile(latencies, 0.95),
        "first_token_p50": quantile(firsts, 0.5),
        "cost": str(sum(costs, Decimal(0))) if len(costs) == len(done) and done else None,
    }


def evaluators(rows: Iterable[Result]) -> dict[str, dict[str, Any]]:
    """Return by evaluator: how many it scored, the mean score, how many it passed and could not decide."""
    found: dict[str, dict[str, Any]] = {}
    sums: dict[str, float] = {}
    for row in rows:
        for score in row.scores:
            name = score["name"]
            told = found.setdefault(name, {"n": 0, "mean": None, "passed": 0, "not_passed": 0, "undecided": 0})
            _count(told, score)
            if score.get("score") is not None:
                told["n"] += 1
                sums[name] = sums.get(name, 0.0) + score["score"]
    for name, total in sums.items():
        found[name]["mean"] = total / found[name]["n"]
    return found


def quantile(ordered: list[float], share: float) -> float | None:
    """Return the smallest value that `share` of all do not exceed (nearest rank); None of nothing."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def _count(told: dict[str, Any], score: Mapping[str, Any]) -> None:
    verdict = score.get("passed")
    if verdict is not None:
        told["passed" if verdict else "not_passed"] += 1
    elif score.get("error") not in (None, "", "not_applicable"):
        told["undecided"] += 1
