"""Work that follows a variant: its record in MLflow, its model on a host. Queued with the rows, done by workers."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from experiments_app.models import RunModel, Variant
from unified_app import jobs

MLFLOW, REALISE = "mlflow", "realise"


def announce(variants: Sequence[Variant], *, by: str) -> None:
    """Queue what follows new or changed variants; call it in the transaction that writes them."""
    announce_to_mlflow(variants, by=by)
    _queue(REALISE, [variant for variant in variants if variant.host and not variant.realised], by)


def announce_to_mlflow(variants: Sequence[Variant], *, by: str) -> None:
    _queue(MLFLOW, variants, by)


def announce_evaluations(entries: Sequence[RunModel], *, by: str) -> None:
    """Queue the record in MLflow of what a run found of each model; call it in the transaction that writes that."""
    if entries and MLFLOW in settings.JOB_KINDS:
        # A job that is under way has read the results of an earlier end.
        keys = {entry.pk: f"{MLFLOW}:evaluation:{entry.pk}:{entry.run.finished_at}" for entry in entries}
        wanted = {keys[entry.pk]: {"evaluation_model": entry.pk} for entry in entries}
        jobs.enqueue_many(MLFLOW, wanted, by=by)


def unique_key(kind: str, variant: Variant) -> str:
    return f"{kind}:{variant.pk}"


def _queue(kind: str, variants: Sequence[Variant], by: str) -> None:
    # A set-up without this kind of work keeps its variants all the same.
    if variants and kind in settings.JOB_KINDS:
        wanted = {unique_key(kind, variant): {"variant": variant.pk} for variant in variants}
        jobs.enqueue_many(kind, wanted, by=by)
