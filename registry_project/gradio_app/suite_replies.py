"""What the registry answers of suites, evaluations and comparisons, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from registry_project.gradio_app.reading import flag, items, number, obj, texts, whole, word

ACTIVE = ("queued", "running")
RESUMABLE = ("cancelled", "failed", "stopped")


@dataclass(frozen=True)
class Suite:
    id: str
    name: str
    category: str = ""
    cases: int = 0
    version: int = 1
    digest: str = ""
    description: str = ""
    shipped: bool = False
    # As the suite's document has them; empty where the document was not asked for.
    evaluators: tuple[Mapping[str, Any], ...] = ()

    @property
    def label(self) -> str:
        about = [self.category, counted(self.cases, "case")]
        return f"{self.name} ({', '.join(part for part in about if part)})"


@dataclass(frozen=True)
class Entrant:
    """One model of a run."""

    id: str
    name: str
    done: int = 0
    total: int = 0
    failed: int = 0
    summary: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    id: str
    state: str
    suite: str = ""
    version: int | None = None
    done: int = 0
    total: int = 0
    failed: int = 0
    repeats: int = 1
    judge: str = ""
    tokens: int = 0
    cost: float | None = None
    repeated_calls: int = 0
    created_at: str = ""
    started_at: str = ""
    finished_at: str = ""
    by: str = ""
    error: str = ""
    models: tuple[Entrant, ...] = ()

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def undecided(self) -> int:
        return sum(whole(model.summary.get("undecided")) or 0 for model in self.models)

    @property
    def reused(self) -> int:
        """Answers that are those of earlier runs."""
        return sum(whole(model.summary.get("cached")) or 0 for model in self.models)

    def name_of(self, model_id: str) -> str:
        return next((model.name for model in self.models if model_id in (model.id, model.name)), model_id)


@dataclass(frozen=True)
class Standing:
    """One model's value of the metric, with the interval that it lies in."""

    model: str
    n: int
    value: float | None
    low: float | None
    high: float | None
    rank: int | None
    undecided: int | None = None
    failed: int | None = None
    p50: float | None = None
    p95: float | None = None


@dataclass(frozen=True)
class Pair:
    a: str
    b: str
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    verdict: str
    n: int | None = None
    cases_needed: int | None = None


@dataclass(frozen=True)
class Comparison:
    metric: str
    standings: tuple[Standing, ...] = ()
    pairs: tuple[Pair, ...] = ()
    unit: str = ""
    higher_is_better: bool = True
    # All that can be asked for.
    metrics: tuple[str, ...] = ()


def suites(body: Any) -> list[Suite]:
    return [suite(row) for row in items(obj(body).get("suites"))]


def suite(body: Any) -> Suite:
    row = obj(body)
    document = obj(row.get("document") or {})
    return Suite(
        id=word(row.get("id")),
        name=word(row.get("name")),
        category=word(row.get("category")),
        cases=whole(row.get("cases")) or 0,
        version=whole(row.get("version")) or 1,
        digest=word(row.get("digest")),
        description=word(document.get("description")),
        shipped=flag(row.get("shipped")),
        evaluators=tuple(each for each in items(document.get("evaluators") or []) if isinstance(each, dict)),
    )


def evaluators(body: Any) -> dict[str, str]:
    """Return what each built-in evaluator does, by what a suite calls it."""
    rows = [obj(row) for row in items(obj(body).get("evaluators"))]
    return {word(row.get("uses")): word(row.get("description")) for row in rows if row.get("uses")}


def runs(body: Any) -> list[Run]:
    return [run(row) for row in items(obj(body).get("evaluations"))]


def run(body: Any) -> Run:
    row = obj(body)
    progress = obj(row.get("progress") or {})
    return Run(
        id=word(row.get("id")),
        state=word(row.get("state")),
        suite=word(row.get("suite")),
        version=whole(row.get("suite_version")),
        done=whole(progress.get("done")) or 0,
        total=whole(progress.get("total")) or 0,
        failed=whole(progress.get("failed")) or 0,
        repeats=whole(row.get("repeats")) or 1,
        judge=word(row.get("judge")),
        tokens=whole(row.get("tokens_used")) or 0,
        cost=number(row.get("cost_used")),
        repeated_calls=whole(row.get("repeated_calls")) or 0,
        created_at=word(row.get("created_at")),
        started_at=word(row.get("started_at")),
        finished_at=word(row.get("finished_at")),
        by=word(row.get("created_by")),
        error=_error(row.get("error")),
        models=tuple(_entrant(each) for each in items(row.get("models") or [])),
    )


def comparison(body: Any) -> Comparison:
    row = obj(body)
    return Comparison(
        metric=word(row.get("metric")),
        standings=tuple(_standing(obj(each)) for each in items(row.get("models") or [])),
        pairs=tuple(_pair(obj(each)) for each in items(row.get("pairs") or [])),
        unit=word(row.get("unit")),
        higher_is_better=row.get("higher_is_better") is not False,
        metrics=texts(row.get("metrics")),
    )


def counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _entrant(value: Any) -> Entrant:
    row = obj(value)
    progress = obj(row.get("progress") or {})
    return Entrant(
        id=word(row.get("model")),
        name=word(row.get("name")) or word(row.get("model")),
        done=whole(progress.get("done")) or 0,
        total=whole(progress.get("total")) or 0,
        failed=whole(progress.get("failed")) or 0,
        summary=obj(row.get("summary") or {}),
    )


def _standing(row: Mapping[str, Any]) -> Standing:
    value, low, high = (number(row.get(name)) for name in ("value", "low", "high"))
    return Standing(
        model=word(row.get("model")),
        n=whole(row.get("n")) or 0,
        value=value,
        low=low,
        high=high,
        rank=whole(row.get("rank")),
        undecided=whole(row.get("undecided")),
        failed=whole(row.get("failed")),
        p50=number(row.get("latency_p50")),
        p95=number(row.get("latency_p95")),
    )


def _pair(row: Mapping[str, Any]) -> Pair:
    difference, low, high = (number(row.get(name)) for name in ("difference", "low", "high"))
    p_value = number(row.get("p_adjusted"))
    return Pair(
        a=word(row.get("a")),
        b=word(row.get("b")),
        difference=difference,
        low=low,
        high=high,
        p=p_value if p_value is not None else number(row.get("p_value")),
        verdict=word(row.get("verdict")),
        n=whole(row.get("n")),
        cases_needed=whole(row.get("cases_needed")),
    )


def _error(value: Any) -> str:
    return word(value.get("message")) if isinstance(value, dict) else word(value)
