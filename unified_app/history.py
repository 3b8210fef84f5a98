"""Recording what people change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from unified_app.models import HistoryEntry

# The name that a variant has taken at a host: by it we know later that we may replace what stands there.
HOST_MODEL = "host_model"
# Fields whose entries something decides by; they outlive RETENTION_DAYS.
KEPT = (HOST_MODEL,)


def record(kind: str, object_id: object, by: str, changes: Mapping[str, tuple[Any, Any]]) -> None:
    """Write one entry per changed field; `changes` maps a field to (old, new). Equal values are left out."""
    now = timezone.now()
    HistoryEntry.objects.bulk_create(
        HistoryEntry(kind=kind, object_id=str(object_id), at=now, by=by, field=field, old=old, new=new)
        for field, (old, new) in changes.items()
        if old != new
    )
