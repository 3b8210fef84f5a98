"""Comparisons of the registry's results. One of results that no longer change is made once and kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from experiments_app.evaluation.comparing import Field, compare
from experiments_app.evaluation.digests import digest_of
from experiments_app.evaluation.measures import Metric, UnknownMetric, main_metric, metric_named, names_in
from experiments_app.evaluation.results.result_rows import SuiteFacts, facts_of, read_rows, sample_rows
from experiments_app.models import EvaluationRun, KeptComparison, Measure, RunModel, SuiteVersion
from unified_app.errors import InvalidInput

# Part of the key: what is computed in another way is another comparison.
_FORMAT = 2


@dataclass(frozen=True)
class Wanted:
    """What is to be compared: models of runs on one content of a suite; their run and model are selected."""

    version: SuiteVersion
    entries: tuple[RunModel, ...]
    metric: str
    tag: str = ""
    split: str = ""

    @cached_property
    def key(self) -> str:
        """The SHA-256 of all that decides the answer: a run that goes on gets another end."""
        of = [[entry.pk, entry.run.finished_at, entry.run.done, entry.run.failed] for entry in self.entries]
        return digest_of([_FORMAT, of, self.metric, self.tag, self.split])

    @property
    def is_final(self) -> bool:
        return not any(entry.run.is_active for entry in self.entries)

    @property
    def repeats(self) -> int:
        return max((entry.run.repeats for entry in self.entries), default=1)


def compare_run(run: EvaluationRun, metric: str = "", *, tag: str = "", split: str = "") -> dict[str, Any]:
    """Return the comparison of a run's models; without a metric by the one that its suite is about.

    Raises InvalidInput for a metric, tag or split that the run does not have.
    """
    entries = entries_of(run)
    metric = metric or main_metrics([run.suite_version], entries)[run.suite_version.pk]
    [document] = documents([Wanted(run.suite_version, tuple(entries), metric, tag, split)])
    told = {"evaluation": run.pk, "state": run.state, "suite": suite_of(run.suite_version), "repeats": run.repeats}
    return told | {"tag": tag, "split": split or run.split} | document


def entries_of(run: EvaluationRun) -> list[RunModel]:
    """Return a run's models in the order of the request, with their rows."""
    return list(RunModel.objects.filter(run=run).select_related("run", "model").order_by("position"))


def documents(wanted: Sequence[Wanted]) -> list[dict[str, Any]]:
    """Return the comparison of each; those that were kept come in one query."""
    kept = {row.key: row.document for row in KeptComparison.objects.filter(key__in=[each.key for each in wanted])}
    made = {each.key: _made(each) for each in wanted if each.key not in kept}
    final = {each.key for each in wanted if each.is_final}
    new = [KeptComparison(key=key, document=document) for key, document in made.items() if key in final]
    KeptComparison.objects.bulk_create(new, ignore_conflicts=True)
    return [_named({**kept, **made}[each.key], each.entries) for each in wanted]


def main_metrics(versions: Iterable[SuiteVersion], entries: Sequence[RunModel]) -> dict[int, str]:
    """Return by version what its suite is about, as its results show."""
    told = Measure.objects.filter(run_model__in=[entry.pk for entry in entries], is_main=True)
    known: dict[int, str] = dict(told.values_list("run_model__run__suite_version", "metric"))
    for version in versions:
        if version.pk not in known:
            here = [entry for entry in entries if entry.run.suite_version_id == version.pk]
            known[version.pk] = main_metric(sample_rows(here), facts_of(version).evaluators)
    return known


def metric_in(name: str, facts: SuiteFacts, repeats: int, known: Iterable[str] = ()) -> Metric:
    """Return the metric of that name. Raises InvalidInput."""
    try:
        return metric_named(name, facts.evaluators, repeats)
    except UnknownMetric as error:
        raise _no_metric(str(error), known) from error


def suite_of(version: SuiteVersion) -> dict[str, Any]:
    suite = version.suite
    told = {"id": suite.pk, "name": suite.name, "category": suite.category}
    return told | {"version": version.number, "digest": version.digest}


def comparisons_before(before: Any) -> Any:
    """Return what RETENTION_DAYS takes away; it is made again when somebody asks."""
    return KeptComparison.objects.filter(created_at__lt=before)


def _made(wanted: Wanted) -> dict[str, Any]:
    facts, sample = facts_of(wanted.version), sample_rows(wanted.entries)
    names = names_in(sample, facts.evaluators, wanted.repeats)
    metric = metric_in(wanted.metric, facts, wanted.repeats, names)
    rows = read_rows(wanted.entries, metric, _cases(wanted, facts))
    all_of = Field(metric, {str(pk): found for pk, found in rows.items()}, wanted.repeats, facts.tags)
    document = compare(all_of)
    has_values = any(row["n"] for row in document["models"])
    if not has_values and sample and metric.name not in names and not (wanted.tag or wanted.split):
        raise _no_metric(f"No result has the metric {metric.name!r}.", names)
    return document | {"metrics": names, "all_tags": sorted({tag for own in facts.tags.values() for tag in own})}


def _cases(wanted: Wanted, facts: SuiteFacts) -> Collection[int] | None:
    if not (wanted.tag or wanted.split):
        return None
    for field, told, known in (
        ("tag", wanted.tag, {tag for own in facts.tags.values() for tag in own}),
        ("split", wanted.split, set(facts.splits.values())),
    ):
        if told and told not in known:
            message = f"No case has the {field} {told!r}. There are: {', '.join(sorted(known)) or 'none'}."
            raise InvalidInput(f"{field}: {message}", details={field: [message]})
    return facts.cases(wanted.tag, wanted.split)


def _named(document: Mapping[str, Any], entries: Iterable[RunModel]) -> dict[str, Any]:
    """Return the document with the models' ids in place of our numbers, and what their rows say now."""
    by_key = {str(entry.pk): entry for entry in entries}
    ids = {key: entry.model_id for key, entry in by_key.items()}
    return {
        **document,
        "models": [_told(by_key[row["model"]]) | {**row, "model": ids[row["model"]]} for row in document["models"]],
        "pairs": [{**pair, "a": ids[pair["a"]], "b": ids[pair["b"]]} for pair in document["pairs"]],
        "tags": [
            {**each, "models": {ids[key]: told for key, told in each["models"].items()}} for each in document["tags"]
        ],
        "pareto": [ids[key] for key in document["pareto"]],
    }


def _told(entry: RunModel) -> dict[str, Any]:
    model = entry.model
    return {
        "model": model.pk,
        "name": model.name,
        "model_type": model.model_type,
        "source": model.source,
        "version": entry.version,
        "is_current": entry.version == model.version,
        "evaluation": entry.run_id,
        "at": entry.run.finished_at,
    }


def _no_metric(problem: str, known: Iterable[str]) -> InvalidInput:
    names = ", ".join(known)
    message = f"{problem} There are: {names}." if names else problem
    return InvalidInput(f"metric: {message}", details={"metric": [message]})
