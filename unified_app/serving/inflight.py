"""Open calls over all processes: each process keeps one row and says every second that it lives."""

from __future__ import annotations

import os
import socket
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from unified_app.models import GatewayProcess, ModelServingConfig, ModelServingStatus, UnifiedModel
from unified_app.models.catalog import ModelStatus
from unified_app.serving import places, states

# Within 10 s of a crash the sums must be right: silence for this long, and a second until somebody writes them.
LIVE = timedelta(seconds=7)
FORGOTTEN = timedelta(seconds=60)


def report(
    process_id: str, in_flight: dict[str, int], requests: dict[str, int], errors: dict[str, int]
) -> dict[str, int]:
    """Tell what this process has under way, and the calls since the last report; return what the others have."""
    now = timezone.now()
    told = {"heartbeat_at": now, "in_flight": {model: n for model, n in in_flight.items() if n}}
    about = {"host": socket.gethostname(), "pid": os.getpid()}
    GatewayProcess.objects.update_or_create(pk=process_id, defaults=told, create_defaults={**told, **about})
    if called := {model for model, n in (*in_flight.items(), *requests.items(), *errors.items()) if n}:
        _count(called, requests, errors, now)
    by_process = dict(_live().values_list("pk", "in_flight"))
    write_totals(_sum(by_process.values()))
    return dict(_sum(calls for pk, calls in by_process.items() if pk != process_id))


def withdraw(process_id: str) -> None:
    """Forget a process that ends."""
    GatewayProcess.objects.filter(pk=process_id).delete()
    write_totals(totals())


def totals() -> Counter[str]:
    """Return the open calls of each model over all processes that live."""
    return _sum(_live().values_list("in_flight", flat=True))


def is_live(process: GatewayProcess) -> bool:
    """Whether the process is still heard of."""
    return process.heartbeat_at > timezone.now() - LIVE


def forget_dead() -> None:
    """Delete the rows of processes that are long gone."""
    GatewayProcess.objects.filter(heartbeat_at__lt=timezone.now() - FORGOTTEN).delete()


def write_totals(open_calls: Counter[str]) -> None:
    """Bring the columns that tell of open calls up to date; rows that are right are not written."""
    stale = ModelServingStatus.objects.exclude(concurrent_requests=0).values_list("model_id", "concurrent_requests")
    stored = dict(stale)
    for model_id in stored.keys() | open_calls.keys():
        if stored.get(model_id, 0) != open_calls[model_id]:
            rows = ModelServingStatus.objects.filter(model_id=model_id)
            rows.update(concurrent_requests=open_calls[model_id])
    _mark_busy(open_calls)


def _mark_busy(open_calls: Counter[str]) -> None:
    # The status tells people; the gateway does not read it, so the epoch stays.
    configured = ModelServingConfig.objects.filter(model_id__in=open_calls)
    limits = dict(configured.values_list("model_id", "max_concurrent_requests"))
    full = {model for model, n in open_calls.items() if n >= limits.get(model, places.DEFAULTS.max_concurrent_requests)}
    rows = UnifiedModel.objects.order_by()
    marked = set(rows.filter(status=ModelStatus.BUSY).values_list("pk", flat=True))
    for ids, before, after in (
        (full - marked, ModelStatus.AVAILABLE, ModelStatus.BUSY),
        (marked - full, ModelStatus.BUSY, ModelStatus.AVAILABLE),
    ):
        if ids:
            rows.filter(pk__in=ids, status=before).update(status=after)


def _count(called: set[str], requests: dict[str, int], errors: dict[str, int], now: datetime) -> None:
    known = set(ModelServingStatus.objects.filter(model_id__in=called).values_list("model_id", flat=True))
    for model_id in UnifiedModel.objects.filter(pk__in=called - known).values_list("pk", flat=True):
        with states.changing():
            states.row_of(model_id)
        known.add(model_id)
    with transaction.atomic():
        for model_id in sorted(known):
            ModelServingStatus.objects.filter(model_id=model_id).update(
                total_requests=F("total_requests") + requests.get(model_id, 0),
                errors=F("errors") + errors.get(model_id, 0),
                last_used=now,
            )


def _live() -> QuerySet[GatewayProcess]:
    return GatewayProcess.objects.filter(heartbeat_at__gt=timezone.now() - LIVE)


def _sum(rows: Iterable[dict[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for calls in rows:
        total.update({model: int(n) for model, n in calls.items()})
    return total
