"""Finding finished results: what leaderboards, gates and trends are made of."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Max, QuerySet

from experiments_app.models import EvaluationRun, RunModel


def finished() -> QuerySet[RunModel]:
    """Return models of runs that are done and were about all cases of their suite."""
    return RunModel.objects.filter(run__state=EvaluationRun.State.DONE, run__split="", run__tags=[])


def newest(rows: QuerySet[RunModel]) -> list[RunModel]:
    """Return the newest of each model on each content of a suite, with run and model, in two queries."""
    found = rows.order_by().values("model", "run__suite_version").annotate(newest=Max("pk"))
    return with_rows([each["newest"] for each in found])


def with_rows(pks: Iterable[int]) -> list[RunModel]:
    """Return them with what comparisons look at, the newest first."""
    there = RunModel.objects.filter(pk__in=list(pks)).select_related("model", "run__suite_version__suite")
    # Documents are long, and none is looked at here.
    return list(there.defer("run__suite_version__document").order_by("-run_id", "position"))


def last_of(model_id: str, **where: object) -> RunModel | None:
    """Return a model's newest finished results, narrowed down by `where`."""
    pk = finished().filter(model_id=model_id, **where).order_by("-pk").values_list("pk", flat=True).first()
    return next(iter(with_rows([pk])), None) if pk else None
