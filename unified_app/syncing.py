"""Syncs: read every place at once, write each one's outcome on its own, so that a dead place stops no other."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.utils import timezone

from unified_app import jobs, writing
from unified_app.errors import NotFound, RegistryError, UpstreamError, UpstreamInvalid
from unified_app.model_objects import RejectedRow, SyncResult, UnifiedModelObject
from unified_app.models import Job, RegistryEpoch, SyncRun
from unified_app.naming import name_key
from unified_app.planning import SyncPlan, plan_sync
from unified_app.sources import Source, owner_of, source_class, source_classes

logger = logging.getLogger(__name__)

# Hosts that are read at the same time.
MAX_READERS = 8
JOIN_POLL_SECONDS = 0.2
# A run that another job began is waited for this long before its host is left to that job.
JOIN_SECONDS = 120.0
# A listing can hold a million rows that are not right; a run tells the first ones.
MAX_FAILURES = 100


@dataclass
class Reading:
    """What one place told, or why it could not be read."""

    models: list[UnifiedModelObject] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)
    error: RegistryError | None = None


def request_sync(*, source: str | None = None, place: str | None = None, by: str = "") -> Job:
    """Queue a sync of everything, of one source, or of one of its places; join the one that is active.

    A request that an active, wider sync covers joins that one. Raises NotFound for an unknown source or place.
    """
    if place is not None:
        source = owner_of(place, source)
    elif source is not None:
        source_class(source)
    for wider in _keys(source, place)[:-1]:
        if active := Job.objects.active().filter(unique_key=wider).first():
            return active
    return jobs.enqueue("sync", {"source": source, "place": place}, unique_key=_keys(source, place)[-1], by=by)


def run_sync_job(handle: jobs.Handle) -> dict[str, Any]:
    """Do a job of kind `sync`; its result is the body of the sync call."""
    places = places_to_sync(handle.arguments.get("source"), handle.arguments.get("place"))
    result = sync_places(places, by=handle.created_by, handle=handle)
    return {**result.to_dict(), "job_id": handle.job_id}


def places_to_sync(source: str | None, place: str | None) -> list[Source]:
    """Return a source object for every place that a request means; an unknown place is NotFound.

    Whoever names a source means its places even when a sync of all leaves them out.
    """
    classes = [source_class(source)] if source else list(source_classes().values())
    if place is None:
        found = [cls(p.name) for cls in classes for p in cls.places()]
        return found or [cls(name) for cls in classes if source for name in sorted(cls.place_names())]
    found = [cls(place) for cls in classes if place in cls.place_names()]
    if not found:
        raise NotFound(f"No enabled host is named {place!r}.")
    return found


def sync_places(sources: list[Source], *, by: str, handle: jobs.Handle | None = None) -> SyncResult:
    """Sync every given place and return the sum. Network in threads, database in this one."""
    began = time.monotonic()
    runs = [run for source in sources for run in [_begin(source, by, handle)]]
    done: list[SyncRun] = []
    seen: dict[str, str] = {}
    mine = [(source, run) for source, (run, is_mine) in zip(sources, runs, strict=True) if is_mine]
    for source, run, reading in _read_all(mine, handle):
        plan = _write(source, run, reading, handle)
        seen |= plan.seen
        done.append(run)
        if handle:
            handle.progress(done=len(done), total=len(sources), current=run.place)
    joined = [_joined(run, handle) for run, is_mine in runs if not is_mine]
    return _sum(done, joined, seen, time.monotonic() - began)


def retire_place(source: str, place: str, reason: str) -> SyncPlan:
    """Take away all placements of a place that was deleted or disabled; models left without one retire."""
    now = timezone.now()
    with transaction.atomic():
        RegistryEpoch.lock()
        stored = writing.stored_models(source, place, ())
        plan = plan_sync(
            source, place, stored, [], names=writing.names_in_use(source, (), has_new=False), gone_reason=reason
        )
        writing.perform(plan, source, now)
    return plan


def apply(
    source: str,
    place: str,
    reading: Reading,
    *,
    complete: bool = True,
    covers: Callable[[str], bool] = lambda name: True,
    before_commit: Callable[[SyncPlan], None] = lambda plan: None,
) -> SyncPlan:
    """Make the registry agree with one reading, in one transaction; return what was done.

    `covers` tells of a name whether the reading would list it: what it does not cover has not vanished.
    `before_commit` runs in the same transaction: what it raises undoes everything.
    """
    now = timezone.now()
    with transaction.atomic():
        RegistryEpoch.lock()
        keys = {name_key(m.name) for m in reading.models}
        stored = writing.stored_models(source, place, keys)
        stored = {key: model for key, model in stored.items() if key in keys or covers(model.name)}
        names = writing.names_in_use(source, (m.name for m in reading.models), has_new=not keys <= stored.keys())
        plan = plan_sync(source, place, stored, reading.models, names=names, complete=complete)
        writing.perform(plan, source, now)
        writing.touch(source, place, now)
        before_commit(plan)
    return plan


def read(source: Source) -> Reading:
    """Read one place; whatever goes wrong is in the reading, so that other places are not stopped."""
    reading = Reading()
    try:
        for item in source.fetch():
            if isinstance(item, RejectedRow):
                reading.rejected.append(item)
            else:
                reading.models.append(item)
    except RegistryError as error:
        reading.error = error
    except Exception as error:  # a bug in a source must not stop the other sources
        logger.exception("reading %s %s", source.name, source.place)
        reading.error = UpstreamError(f"The answer could not be read ({type(error).__name__}).")
    return reading


def count_categories(seen: dict[str, str]) -> dict[str, int]:
    """Return how many of the models seen have each primary category."""
    return dict(sorted(Counter(seen.values()).items()))


def _keys(source: str | None, place: str | None) -> list[str]:
    keys = ["sync:*"]
    if source:
        keys.append(f"sync:{source}")
    if place:
        keys.append(f"sync:{source}:{place}")
    return keys


def _begin(source: Source, by: str, handle: jobs.Handle | None) -> tuple[SyncRun, bool]:
    """Return the run of this place and whether it is ours; the constraint lets one run at a time in."""
    for _ in range(5):
        try:
            with transaction.atomic():
                if handle:
                    handle.fence()
                return SyncRun.objects.create(
                    job_id=handle.job_id if handle else None,
                    source=source.name,
                    place=source.place,
                    started_at=timezone.now(),
                    by=by or "schedule",
                ), True
        except IntegrityError:
            other = _running(source)
            if other is not None and not _close_if_abandoned(other):
                return other, False
    raise UpstreamError(f"The sync of {source.place} is begun and ended by others at once. Try again.")


def _running(source: Source) -> SyncRun | None:
    running: SyncRun | None = SyncRun.objects.filter(
        source=source.name, place=source.place, state=SyncRun.State.RUNNING
    ).first()
    return running


def _close_if_abandoned(run: SyncRun) -> bool:
    """Close a run whose job is not running: its process was killed."""
    if run.job_id is None:
        abandoned = (timezone.now() - run.started_at).total_seconds() > JOIN_SECONDS
    else:
        abandoned = not Job.objects.filter(pk=run.job_id, state=Job.State.RUNNING).exists()
    if abandoned:
        failure = [_failure(run.source, run.place, "interrupted", "The process that synced was stopped.")]
        SyncRun.objects.filter(pk=run.pk, state=SyncRun.State.RUNNING).update(
            state=SyncRun.State.FAILED, finished_at=timezone.now(), failed=failure
        )
    return abandoned


def _read_all(
    mine: list[tuple[Source, SyncRun]], handle: jobs.Handle | None
) -> Iterator[tuple[Source, SyncRun, Reading]]:
    """Yield each place's reading as it arrives; looks for a cancel every second while it waits."""
    if not mine:
        return
    pool = ThreadPoolExecutor(max_workers=MAX_READERS, thread_name_prefix="sync")
    try:
        pending: dict[Future[Reading], tuple[Source, SyncRun]] = {
            pool.submit(read, source): (source, run) for source, run in mine
        }
        while pending:
            done, _ = wait(pending, timeout=1.0, return_when=FIRST_COMPLETED)
            if handle and not done:
                handle.check()
            for future in done:
                source, run = pending.pop(future)
                yield source, run, future.result()
    finally:
        # Each call has its own time-out, so a reader that nobody waits for ends by itself.
        pool.shutdown(wait=False, cancel_futures=True)


def _write(source: Source, run: SyncRun, reading: Reading, handle: jobs.Handle | None) -> SyncPlan:
    if reading.error is not None:
        source.record_failure(reading.error)
        return _fail(run, reading.error, handle)

    def close(plan: SyncPlan) -> None:
        source.record_reading()
        rejected = [*reading.rejected, *plan.rejected]
        state = SyncRun.State.PARTIAL if rejected else SyncRun.State.SUCCESS
        _close(run, state, handle, failed=_failures(run, rejected), **_counts(plan))

    whole = all(rejected.kept for rejected in reading.rejected)
    try:
        plan = apply(source.name, source.place, reading, complete=whole, before_commit=close)
    except RegistryError as error:
        return _fail(run, error, handle)
    except DataError as error:  # a value that this database cannot hold: this place's failure, no other's
        logger.warning("storing %s %s: %s", source.name, source.place, type(error).__name__)
        return _fail(run, UpstreamInvalid("It told a value that the database cannot hold."), handle)
    source.record_success()
    return plan


def _fail(run: SyncRun, error: RegistryError, handle: jobs.Handle | None) -> SyncPlan:
    failure = _failure(run.source, run.place, error.code, error.message)
    _close(run, SyncRun.State.FAILED, handle, failed=[failure])
    return SyncPlan()


def _failures(run: SyncRun, rejected: list[RejectedRow]) -> list[dict[str, str]]:
    """Return the run's failures; of very many rows the first ones and how many more there are."""
    shown = row_failures(run.source, run.place, rejected[:MAX_FAILURES])
    if len(rejected) > MAX_FAILURES:
        more = len(rejected) - MAX_FAILURES
        shown.append(_failure(run.source, run.place, "invalid_row", f"{more} more rows that are not right"))
    return shown


def row_failures(source: str, place: str, rejected: Iterable[RejectedRow]) -> list[dict[str, str]]:
    """Return the failures that rows are: beside the message each names its row."""
    return [_failure(source, place, r.code, f"{r.row}: {r.message}") | {"row": r.row} for r in rejected]


def _close(run: SyncRun, state: SyncRun.State, handle: jobs.Handle | None, **values: Any) -> None:
    """Write the run's outcome in the transaction that wrote the registry: both or neither."""
    with transaction.atomic():
        if handle:
            handle.fence()
        values |= {"state": state, "finished_at": timezone.now()}
        if not SyncRun.objects.filter(pk=run.pk, state=SyncRun.State.RUNNING).update(**values):
            raise jobs.JobLost(f"sync run {run.pk} was closed by another")
    for name, value in values.items():
        setattr(run, name, value)


def _counts(plan: SyncPlan) -> dict[str, Any]:
    retired = [p.id for p in plan.retire if p.columns]
    changes = {
        "created": [p.id for p in plan.create],
        "updated": [p.id for p in plan.update],
        "retired": retired,
    }
    return {
        "seen": len(plan.seen),
        "unchanged": len(plan.unchanged),
        "changes": changes,
        **{name: len(ids) for name, ids in changes.items()},
    }


def _joined(run: SyncRun, handle: jobs.Handle | None) -> SyncRun:
    """Wait for the run that another process does, and take its outcome as ours."""
    deadline = time.monotonic() + JOIN_SECONDS
    while run.state == SyncRun.State.RUNNING and time.monotonic() < deadline:
        time.sleep(JOIN_POLL_SECONDS)
        if handle:
            handle.check()
        _close_if_abandoned(run)
        run.refresh_from_db()
    return run


def _sum(done: list[SyncRun], joined: list[SyncRun], seen: dict[str, str], duration: float) -> SyncResult:
    """Return what all runs did. One model on two hosts is one model, so ids are counted, not the runs' numbers.

    What another process saw and left alone is known by its number only.
    """
    runs = [*done, *joined]
    created, updated, retired = (_changed(runs, kind) for kind in ("created", "updated", "retired"))
    updated -= created
    return SyncResult(
        result=_verdict(runs),
        synced_models=len(seen) + sum(run.seen for run in joined),
        categories=count_categories(seen),
        duration=duration,
        created=len(created),
        updated=len(updated),
        unchanged=len(seen.keys() - created - updated) + sum(run.unchanged for run in joined),
        # One host lost it and another, read later, has it.
        retired=len(retired - created - updated - seen.keys()),
        failed=[failure for run in runs for failure in run.failed],
    )


def _changed(runs: list[SyncRun], kind: str) -> set[str]:
    return {model_id for run in runs for model_id in run.changes.get(kind, ())}


def _verdict(runs: list[SyncRun]) -> str:
    unread = [run for run in runs if run.state in (SyncRun.State.FAILED, SyncRun.State.CANCELLED)]
    if runs and len(unread) == len(runs):
        return "failed"
    return "partial" if unread or any(run.failed for run in runs) else "success"


def _failure(source: str, place: str, code: str, message: str) -> dict[str, str]:
    return {"source": source, "host": place, "code": code, "message": message}
