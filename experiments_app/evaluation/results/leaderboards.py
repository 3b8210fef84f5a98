"""Leaderboards: the newest finished results of each model on the newest content of each suite."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db.models import F

from experiments_app.evaluation.measures import UnknownMetric, metric_named
from experiments_app.evaluation.results.comparisons import Wanted, documents, main_metrics, suite_of
from experiments_app.evaluation.results.finished import finished, newest
from experiments_app.evaluation.results.result_rows import facts_of
from experiments_app.models import RunModel, Suite, SuiteVersion
from unified_app.models.catalog import ModelStatus

# Every two models are compared: of more, those that were evaluated last.
MAX_MODELS = 60


def of_category(category: str = "", metric: str = "") -> list[dict[str, Any]]:
    """Return a board for each suite of the category, or of all, that has results and knows the metric."""
    versions = _newest_versions(archived_at=None, **({"category": category} if category else {}))
    known = [version for version in versions if not metric or _knows(version, metric)]
    return [board for board in boards(known, metric) if board["models"]]


def of_suite(suite: Suite, metric: str = "") -> list[dict[str, Any]]:
    """Return the one board of a suite, which may have no models yet. Raises InvalidInput for an unknown metric."""
    return boards(_newest_versions(pk=suite.pk), metric)


def boards(versions: Sequence[SuiteVersion], metric: str = "") -> list[dict[str, Any]]:
    """Return a board for each version, in a number of queries that does not depend on how many there are.

    Only comparisons that nobody has made yet cost more.
    """
    entries = _entries([version.pk for version in versions])
    some = [version for version in versions if version.pk in entries]
    main = {} if metric else main_metrics(some, [entry for each in entries.values() for entry in each])
    wanted = [Wanted(version, tuple(entries[version.pk]), metric or main[version.pk]) for version in some]
    made = {each.version.pk: document for each, document in zip(wanted, documents(wanted), strict=True)}
    return [_board(version, entries.get(version.pk, []), made.get(version.pk, {})) for version in versions]


def _newest_versions(**of_suites: Any) -> list[SuiteVersion]:
    narrowed = {f"suite__{name}": value for name, value in of_suites.items()}
    rows = SuiteVersion.objects.filter(pk=F("suite__latest"), **narrowed).select_related("suite")
    return list(rows.defer("document").order_by("suite__name"))


def _knows(version: SuiteVersion, metric: str) -> bool:
    try:
        metric_named(metric, facts_of(version).evaluators, repeats=1_000)
    except UnknownMetric:
        return False
    return True


def _entries(versions: Collection[int]) -> dict[int, list[RunModel]]:
    """Return the newest results by version, without models that are retired or hidden."""
    rows = finished().filter(run__suite_version__in=versions, model__hidden=False)
    found: dict[int, list[RunModel]] = defaultdict(list)
    for entry in newest(rows.exclude(model__status=ModelStatus.RETIRED)):
        found[entry.run.suite_version_id].append(entry)
    return {pk: entries[:MAX_MODELS] for pk, entries in found.items()}


def _board(version: SuiteVersion, entries: Sequence[RunModel], document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the board; what was judged by different judges, or asked a different number of times, is told."""
    told = {name: value for name, value in document.items() if name != "pairs"}
    empty = {"metric": "", "models": [], "tags": [], "pareto": [], "metrics": [], "cases": 0}
    judges, repeats = ({getattr(entry.run, name) for entry in entries} for name in ("judge", "repeats"))
    same = {"judges": sorted(judges), "repeats": sorted(repeats)}
    return {"suite": suite_of(version), **empty, **told, **same}
