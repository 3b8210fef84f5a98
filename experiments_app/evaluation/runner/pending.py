"""What is still to be done of a run, as its rows say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import Count

from experiments_app.evaluation.cases import Case
from experiments_app.evaluation.runner.lanes import Task
from experiments_app.models import CaseResult, EvaluationRun, RunModel

State = CaseResult.State
FINAL = (State.DONE, State.FAILED)


def chosen(cases: Sequence[Case], split: str, tags: Sequence[str]) -> list[Case]:
    """Return the cases that a run is about: those of a split, and of any of the tags."""
    wanted = set(tags)
    return [
        case
        for case in cases
        if (not split or case.split == split) and (not wanted or not wanted.isdisjoint(case.tags))
    ]


def final_counts(run: EvaluationRun) -> dict[int, int]:
    """Return by run model how many results are final."""
    rows = CaseResult.objects.filter(run=run, state__in=FINAL).order_by().values("run_model")
    return {row["run_model"]: row["n"] for row in rows.annotate(n=Count("pk"))}


def tasks(model: int, run_model: RunModel, cases: Sequence[Case], repeats: int) -> Iterator[Task]:
    """Yield what a model still has to do: first what was begun, then the cases in their order, repeat by repeat."""
    places = {case.index: place for place, case in enumerate(cases)}
    rows = CaseResult.objects.filter(run_model=run_model).order_by("case_index", "repeat")
    known: set[tuple[int, int]] = set()
    begun: list[Task] = []
    for index, repeat, state, attempts in rows.values_list("case_index", "repeat", "state", "attempts"):
        known.add((index, repeat))
        if state not in FINAL:
            is_lost = state == State.RUNNING
            begun.append(Task(model, places[index], repeat, attempts, was_lost=is_lost, asks_anew=not is_lost))
    yield from begun
    for repeat in range(repeats):
        for case in cases:
            if (case.index, repeat) not in known:
                yield Task(model, places[case.index], repeat)
