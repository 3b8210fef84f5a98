"""Reading results for comparisons: plain rows, and only the columns that a metric looks at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from experiments_app.evaluation.measures import Metric, Row
from experiments_app.evaluation.suites import read_suite
from experiments_app.models import CaseResult, RunModel, SuiteVersion

State = CaseResult.State
# Enough results to see which metrics there are.
_SAMPLED = 300
_ALWAYS = ("run_model_id", "case_index", "repeat", "state", "passed", "latency", "cost")
_OF_METRIC = {
    "first_token": ("first_token",),
    "tokens": ("tokens_in", "tokens_out"),
    "thinking_tokens": ("tokens_thinking",),
    "thinking_seconds": ("thinking_seconds",),
}
_ALL = ("scores", *(column for columns in _OF_METRIC.values() for column in columns))


@dataclass(frozen=True)
class SuiteFacts:
    """What a suite's content says that comparisons need, by the indexes of its cases."""

    evaluators: tuple[str, ...]
    tags: dict[int, tuple[str, ...]]
    splits: dict[int, str]

    def cases(self, tag: str = "", split: str = "") -> set[int]:
        """Return the cases that have the tag and belong to the split, where these are given."""
        return {
            index
            for index, own in self.splits.items()
            if (not split or own == split) and (not tag or tag in self.tags[index])
        }


def facts_of(version: SuiteVersion) -> SuiteFacts:
    """Return the facts of a version; its document may be deferred, and is read once for each content."""
    return _facts(version.digest, version.pk)


def read_rows(
    entries: Sequence[RunModel], metric: Metric | None = None, cases: Collection[int] | None = None
) -> dict[int, list[Row]]:
    """Return the final results of each of the run's models in one query; without a metric, with every column."""
    columns = _columns(metric)
    found: dict[int, list[Row]] = {entry.pk: [] for entry in entries}
    results = CaseResult.objects.filter(run_model__in=list(found), state__in=(State.DONE, State.FAILED))
    for values in results.order_by("run_model", "case_index", "repeat").values(*columns).iterator(chunk_size=5_000):
        if cases is None or values["case_index"] in cases:
            found[values["run_model_id"]].append(_row(values))
    return found


def sample_rows(entries: Sequence[RunModel]) -> list[Row]:
    """Return some results with every column."""
    rows = CaseResult.objects.filter(run_model__in=[entry.pk for entry in entries], state=State.DONE)
    return _rows(rows.order_by("case_index", "run_model", "repeat").values(*_columns(None))[:_SAMPLED])


def _columns(metric: Metric | None) -> tuple[str, ...]:
    if metric is None:
        return (*_ALWAYS, *_ALL)
    if metric.needs_scores:
        return (*_ALWAYS, "scores")
    return (*_ALWAYS, *_OF_METRIC.get(metric.name, ()))


def _rows(values: Iterable[dict[str, Any]]) -> list[Row]:
    return [_row(each) for each in values]


def _row(values: dict[str, Any]) -> Row:
    cost = values["cost"]
    return Row(
        case=values["case_index"],
        repeat=values["repeat"],
        failed=values["state"] == State.FAILED,
        passed=values["passed"],
        scores=values.get("scores") or (),
        latency=values["latency"],
        first_token=values.get("first_token"),
        tokens=values.get("tokens_in", 0) + values.get("tokens_out", 0),
        thinking_tokens=values.get("tokens_thinking", 0),
        thinking_seconds=values.get("thinking_seconds"),
        cost=None if cost is None else float(cost),
    )


# By the digest: a number may be given again, a content never changes.
@lru_cache(maxsize=16)
def _facts(digest: str, pk: int) -> SuiteFacts:
    suite = read_suite(SuiteVersion.objects.values_list("document", flat=True).get(pk=pk))
    return SuiteFacts(
        tuple(dict.fromkeys(spec.name for spec in suite.evaluators)),
        {case.index: case.tags for case in suite.cases},
        {case.index: case.split for case in suite.cases},
    )
