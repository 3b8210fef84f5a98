"""Runs as if they had been done, for the pages: rows with results that a test decides, without a single call."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from experiments_app.evaluation import suite_rows, summaries
from experiments_app.evaluation.results.concluding import run_end_job
from experiments_app.evaluation.results.finishing import run_finished
from experiments_app.models import CaseResult, EvaluationRun, RunModel, SuiteVersion
from unified_app import jobs
from unified_app.models import Job, UnifiedModel

# What a model makes of a case: passed or not, None for undecided, "" for no answer; or whole columns of a result.
Made = bool | None | str | Mapping[str, Any]
State = CaseResult.State


def suite_of(cases: int = 10, name: str = "sums", **more: Any) -> dict[str, Any]:
    """A suite in which the answer is to contain what is expected; every second case is tagged `even`."""
    data = [{"input": f"What is {n} + 1?", "expected": str(n + 1), "tags": TAGS[n % 2]} for n in range(cases)]
    return {
        "name": name,
        "description": "Sums that a child can do.",
        "category": "cloud",
        "messages": [{"role": "user", "content": "{{input}}"}],
        "testData": data,
        "evaluators": [{"name": "right", "string": {"contains": "{{expected}}"}}],
        **more,
    }


TAGS = (["even"], ["odd", "hard"])


def keep(cases: int = 10, **more: Any) -> SuiteVersion:
    return suite_rows.keep(suite_of(cases, **more), by="ann").version


def add_run(
    version: SuiteVersion,
    models: Sequence[UnifiedModel],
    made: Callable[[int, int, int], Made] = lambda model, case, repeat: True,
    *,
    ends: bool = True,
    cases: Sequence[int] | None = None,
    state: str = "done",
    days_ago: float = 0,
    **columns: Any,
) -> EvaluationRun:
    """A run whose results are what `made` says of (place of the model, index of the case, repeat)."""
    indexes = range(version.case_count) if cases is None else cases
    repeats = columns.get("repeats", 1)
    now = timezone.now() - timedelta(days=days_ago)
    total = version.case_count * len(models) * repeats
    told = {"state": state, "total": total, "created_by": "ann", "started_at": now - timedelta(minutes=3)}
    if state not in ("queued", "running"):
        told["finished_at"] = now
    run = EvaluationRun.objects.create(suite_version=version, **{**told, **columns})
    EvaluationRun.objects.filter(pk=run.pk).update(created_at=now - timedelta(minutes=4))
    entries = [
        RunModel.objects.create(
            run=run,
            model=model,
            position=place,
            version=model.version,
            fingerprint=hashlib.sha256(f"{model.pk}{model.version}".encode()).hexdigest(),
        )
        for place, model in enumerate(models)
    ]
    rows = [
        _result(entry, index, repeat, made(place, index, repeat))
        for place, entry in enumerate(entries)
        for index in indexes
        for repeat in range(repeats)
    ]
    CaseResult.objects.bulk_create(rows, batch_size=2_000)
    run.done, run.failed = len(rows), sum(row.state == State.FAILED for row in rows)
    run.tokens_used = sum(row.tokens_in + row.tokens_out for row in rows)
    run.save(update_fields=["done", "failed", "tokens_used"])
    if state == "done":
        for entry in entries:
            entry.summary = summaries.summarise([row for row in rows if row.run_model_id == entry.pk])
            entry.save(update_fields=["summary"])
        if ends:
            end(run)
    return run


def end(run: EvaluationRun) -> None:
    """Do what follows a run, as its job would."""
    run_finished(run)
    jobs.run(Job.objects.filter(kind="evaluation_end").latest("pk").pk)


def _result(entry: RunModel, index: int, repeat: int, made: Made) -> CaseResult:
    columns: dict[str, Any] = {
        "run": entry.run,
        "run_model": entry,
        "case_index": index,
        "case_digest": f"{index:064d}",
        "repeat": repeat,
        "latency": 0.4 + 0.2 * entry.position + (index % 7) / 50,
        "tokens_in": 12,
        "tokens_out": 8,
        "cost": Decimal("0.00002"),
        "state": State.DONE,
        "finished_at": timezone.now(),
    }
    if made == "":
        error = {"code": "upstream_error", "message": "The server answered 500."}
        return CaseResult(**{**columns, "state": State.FAILED, "latency": None, "cost": None, "error": error})
    if isinstance(made, Mapping):
        return CaseResult(**{**columns, **made})
    score = {"name": "right", "score": None if made is None else float(made), "passed": made, "details": ""}
    if made is None:
        score |= {"error": "unparsed", "details": "The judge said neither yes nor no."}
    else:
        score["details"] = f"Expected to contain: '{index + 1}'"
    output = f"It is {index + 1}." if made else f"I think it is {index + 7}."
    return CaseResult(**columns, passed=made, scores=[score], output=output)


__all__ = ["add_run", "end", "keep", "run_end_job", "suite_of"]
