"""Rows of results: what a case's outcome is in the table, and how many are written at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils import timezone

from experiments_app.evaluation.cases import Case
from experiments_app.evaluation.plain_data import plain, text
from experiments_app.evaluation.replies import CallFailed, Reply
from experiments_app.evaluation.runner.completing import Spent
from experiments_app.evaluation.runner.lanes import Task
from experiments_app.evaluation.runner.pricing import PLACES
from experiments_app.evaluation.scores import CaseOutcome
from experiments_app.models import CaseResult, RunModel

_KEYS = ("run_model", "case_index", "repeat")
_WRITTEN = [
    field.name for field in CaseResult._meta.concrete_fields if field.name not in ("id", "run", "case_digest", *_KEYS)
]


@dataclass
class Finished:
    """What a thread made of a task: an outcome, a failure of the case, or a `stray` error that is not the case's."""

    task: Task
    outcome: CaseOutcome | None = None
    failure: CallFailed | None = None
    stray: BaseException | None = None
    spent: Spent = field(default_factory=Spent)


def begun(task: Task, case: Case, run_model: RunModel) -> CaseResult:
    """Return the row of a call that is about to be made."""
    return CaseResult(
        run_id=run_model.run_id,
        run_model=run_model,
        case_index=case.index,
        case_digest=case.digest,
        repeat=task.repeat,
        state=CaseResult.State.RUNNING,
        attempts=task.attempts + 1,
    )


def ended(finished: Finished, case: Case, run_model: RunModel) -> CaseResult:
    """Return the row of a case that is final."""
    row = begun(finished.task, case, run_model)
    row.finished_at = timezone.now()
    if finished.outcome is None:
        failure = finished.failure or CallFailed("internal", "The case could not be evaluated; see the worker's log.")
        row.state = CaseResult.State.FAILED
        row.error = plain({"code": failure.code, "message": failure.message})
        return row
    row.state, row.passed = CaseResult.State.DONE, finished.outcome.passed
    row.scores = plain([score.to_dict() for score in finished.outcome.scores])
    row.judge_tokens = finished.outcome.judge_tokens
    _fill(row, finished.outcome.reply)
    return row


def write(rows: Iterable[CaseResult]) -> None:
    """Insert or replace rows, each known by model, case and repeat, in one statement."""
    CaseResult.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=list(_KEYS), update_fields=_WRITTEN, batch_size=500
    )


def _fill(row: CaseResult, reply: Reply) -> None:
    row.output = text(reply.text)
    row.message = plain(_beside_text(reply)) or None
    row.latency, row.first_token, row.thinking_seconds = reply.latency, reply.first_token, reply.thinking_seconds
    row.tokens_in, row.tokens_out = reply.usage.prompt, reply.usage.completion
    row.tokens_thinking = reply.usage.thinking
    row.cost = None if reply.cost is None else Decimal(repr(reply.cost)).quantize(PLACES)
    row.cached = reply.cached


def _beside_text(reply: Reply) -> dict[str, Any]:
    told: dict[str, Any] = {"reasoning": reply.reasoning, "tool_calls": [dict(call) for call in reply.tool_calls]}
    # The vectors themselves are large and say nothing to a reader.
    told["dimensions"] = len(reply.embeddings[0]) if reply.embeddings else 0
    told["finish_reason"] = reply.finish_reason
    told["estimated"] = reply.usage.estimated
    return {name: value for name, value in told.items() if value}
