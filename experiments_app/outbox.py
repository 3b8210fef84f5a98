"""Work that follows a variant: its record in MLflow, its model on a host. Queued with the rows, done by workers."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from experiments_app.models import Variant
from unified_app import jobs

MLFLOW, REALISE = "mlflow", "realise"


def announce(variants: Sequence[Variant], *, by: str) -> None:
    """Queue what follows new or changed variants; call it in the transaction that writes them."""
    announce_to_mlflow(variants, by=by)
    _queue(REALISE, [variant for variant in variants if variant.host and not variant.realised], by)


def announce_to_mlflow(variants: Sequence[Variant], *, by: str) -> None:
    _queue(MLFLOW, variants, by)


def unique_key(kind: str, variant: Variant) -> str:
    return f"{kind}:{variant.pk}"


def _queue(kind: str, variants: Sequence[Variant], by: str) -> None:
    # A set-up without this kind of work keeps its variants all the same.
    if variants and kind in settings.JOB_KINDS:
        wanted = {unique_key(kind, variant): {"variant": variant.pk} for variant in variants}
        jobs.enqueue_many(kind, wanted, by=by)
