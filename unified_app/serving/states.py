"""Who may move a model's serving state, and how: short transactions, one at a time, never across an HTTP call.

Starting and stopping take long, so each begins with a claim that raises the row's attempt number. Every later
write is conditional on that number: a holder that was thought dead, or was overruled, can change nothing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from unified_app.models import ModelServingStatus, Placement, RegistryEpoch
from unified_app.models.serving import ServingState

logger = logging.getLogger(__name__)

BEAT_SECONDS = 3.0
# A holder that has not said anything for so long is thought dead.
STALE = timedelta(seconds=15)
MOVING = (ServingState.STARTING, ServingState.STOPPING)
ACTIVE = (*MOVING, ServingState.READY)
EVICTED = "evicted by host"


class ClaimLost(Exception):
    """The row no longer says that this caller moves its state."""


@dataclass(frozen=True)
class Claim:
    """The right to move one model's state."""

    model_id: str
    attempt: int

    def write(self, **values: Any) -> None:
        """Write the row and tell everybody. Raises ClaimLost."""
        with changing():
            self.note(**values)
            RegistryEpoch.bump()

    def note(self, **values: Any) -> None:
        """Write what nobody else acts on. Raises ClaimLost."""
        if not self._row().update(heartbeat_at=timezone.now(), **values):
            raise ClaimLost(self.model_id)

    def beat(self) -> None:
        self._row().update(heartbeat_at=timezone.now())

    def check(self) -> None:
        """Raise ClaimLost when going on would be wrong."""
        if not self._row().exists():
            raise ClaimLost(self.model_id)

    def _row(self) -> Any:
        return ModelServingStatus.objects.filter(model_id=self.model_id, attempt=self.attempt, status__in=MOVING)


@contextmanager
def changing() -> Iterator[None]:
    """A transaction in which nobody else changes a serving state: there is one row per model, without a constraint."""
    with transaction.atomic():
        RegistryEpoch.lock()
        yield


def tell() -> None:
    """Let every process read anew what was changed beside the verbs."""
    with transaction.atomic():
        RegistryEpoch.bump()


def row_of(model_id: str) -> ModelServingStatus:
    """Return the model's row, made if it is missing; call it within `changing`."""
    row, _ = ModelServingStatus.objects.get_or_create(model_id=model_id)
    return row


def is_moving(row: ModelServingStatus, now: datetime | None = None) -> bool:
    """Whether somebody who lives is starting or stopping the model."""
    alive = row.heartbeat_at is not None and row.heartbeat_at > (now or timezone.now()) - STALE
    return row.status in MOVING and alive


def is_served(row: ModelServingStatus) -> bool:
    """Whether the model is ready at a place that can be called; reads the placement."""
    placement = row.placement
    return row.status == ServingState.READY and placement is not None and placement.state == Placement.State.AVAILABLE


def claim_start(model_id: str) -> Claim | ModelServingStatus:
    """Return the right to start the model, or its row when it is ready, or on its way to or from there."""
    with changing():
        row = row_of(model_id)
        if is_served(row) or is_moving(row):
            return row
        now = timezone.now()
        row.started_at, row.health_status, row.placement = now, "unknown", None
        return _claim(row, ServingState.STARTING, now)


def claim_stop(model_id: str) -> Claim | ModelServingStatus:
    """Return the right to stop the model, or its row when it is stopped or somebody is stopping it."""
    with changing():
        row = ModelServingStatus.objects.filter(model_id=model_id).first() or ModelServingStatus(model_id=model_id)
        is_stopping = row.status == ServingState.STOPPING and is_moving(row)
        if row.status == ServingState.STOPPED or is_stopping:
            return row
        return _claim(row, ServingState.STOPPING, timezone.now())


@contextmanager
def beating(claim: Claim) -> Iterator[None]:
    """Say that the claim's holder lives, from a thread of its own, while the block runs."""
    done = threading.Event()
    thread = threading.Thread(target=_beat, args=(claim, done), daemon=True, name=f"serving-{claim.model_id}")
    thread.start()
    try:
        yield
    finally:
        done.set()


def _claim(row: ModelServingStatus, state: ServingState, now: datetime) -> Claim:
    row.status, row.reason, row.error_code = state, "", ""
    row.attempt, row.heartbeat_at = row.attempt + 1, now
    row.save(
        update_fields=[
            *("status", "reason", "error_code", "attempt", "heartbeat_at"),
            *("started_at", "health_status", "placement"),
        ]
    )
    RegistryEpoch.bump()
    return Claim(row.model_id, row.attempt)


def _beat(claim: Claim, done: threading.Event) -> None:
    while not done.wait(BEAT_SECONDS):
        try:
            claim.beat()
        except Exception as error:  # the database is away: the next beat tries again
            logger.warning("no heartbeat for %s: %s", claim.model_id, type(error).__name__)
        finally:
            connection.close()
