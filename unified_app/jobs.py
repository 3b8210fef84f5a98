"""Jobs: queue, claim, run, finish. The row is the truth; a Celery message only wakes it.

A worker owns a job while the row says `running` with the attempt number that its claim wrote. Each later write
is conditional on that number, so a worker that was thought dead can change nothing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from unified_app.errors import Conflict, RegistryError
from unified_app.history import record
from unified_app.models import Job, SyncRun

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 5.0
# Seconds before attempt 2, 3, ...; the last one repeats.
BACKOFF = (5, 30, 120, 600)
ATTEMPTS = 5
WOKEN_AT_ONCE = 50
# A running job that has been silent for longer does not keep others of its kind waiting.
SILENT = timedelta(seconds=3 * HEARTBEAT_SECONDS)


class JobLost(Exception):
    """The row no longer says that this worker owns the job."""


class JobCancelled(Exception):
    """Somebody asked for the job to stop."""


class Final(RegistryError):
    """An error that no later attempt of the job should try to mend, whatever its code says."""

    def __init__(self, error: RegistryError) -> None:
        super().__init__(error.message, details=error.details)
        self.code, self.status_code = error.code, error.status_code


class Handle:
    """What a job's function gets: its arguments, and the only ways to write to its row."""

    def __init__(self, job: Job) -> None:
        self.job_id: int = job.pk
        self.kind: str = job.kind
        self.attempt = job.attempt
        self.arguments: dict[str, Any] = job.arguments
        self.created_by = job.created_by

    def fence(self) -> None:
        """Raise JobLost unless this worker still owns the job; call it inside the transaction it protects.

        It writes the row, so that on PostgreSQL another claim waits for this transaction to end.
        """
        if not self._owned().update(heartbeat_at=timezone.now()):
            raise JobLost(f"job {self.job_id} attempt {self.attempt}")

    def progress(self, **values: Any) -> None:
        """Show `values` as the job's progress; raises JobLost, or JobCancelled when a stop was asked for."""
        self.check()
        self._owned().update(progress=values, heartbeat_at=timezone.now())

    def check(self) -> None:
        """Raise JobLost or JobCancelled when going on would be wrong."""
        row = self._owned().values_list("cancel_requested", flat=True).first()
        if row is None:
            raise JobLost(f"job {self.job_id} attempt {self.attempt}")
        if row:
            raise JobCancelled(f"job {self.job_id}")

    def _owned(self) -> Any:
        return Job.objects.filter(pk=self.job_id, state=Job.State.RUNNING, attempt=self.attempt)


def enqueue(
    kind: str,
    arguments: dict[str, Any] | None = None,
    *,
    unique_key: str = "",
    by: str = "",
    delay: float = 0.0,
    wake_worker: bool = True,
) -> Job:
    """Queue a job, or return the active one that has the same `unique_key`. `delay` is in seconds.

    Without `wake_worker` the caller runs it at once; a worker takes it up should the caller die first.
    """
    if kind not in settings.JOB_KINDS:
        raise LookupError(f"settings.JOB_KINDS has no kind {kind!r}")
    for _ in range(5):
        if unique_key and (active := Job.objects.active().filter(unique_key=unique_key).first()):
            return active
        try:
            with transaction.atomic():
                job = Job.objects.create(
                    kind=kind,
                    arguments=arguments or {},
                    unique_key=unique_key,
                    created_by=by,
                    max_attempts=_attempts(kind),
                    run_after=timezone.now() + timedelta(seconds=delay),
                )
        except IntegrityError:
            continue  # another process queued it between the look and the insert
        if wake_worker and not delay:
            transaction.on_commit(partial(wake, job.pk))
        return job
    raise Conflict(f"The job {unique_key!r} is being queued and ended by others at once. Try again.")


def enqueue_many(kind: str, wanted: Mapping[str, dict[str, Any]], *, by: str = "") -> None:
    """Queue a job for each {unique key: arguments} that has no active one, in a constant number of queries."""
    if kind not in settings.JOB_KINDS:
        raise LookupError(f"settings.JOB_KINDS has no kind {kind!r}")
    active = set(Job.objects.active().filter(unique_key__in=wanted).values_list("unique_key", flat=True))
    Job.objects.bulk_create(
        [
            Job(kind=kind, arguments=arguments, unique_key=key, created_by=by, max_attempts=_attempts(kind))
            for key, arguments in wanted.items()
            if key not in active
        ],
        ignore_conflicts=True,  # another process queued it between the look and the insert
    )
    # The reconciler wakes the rest: thousands of hints at once would only keep the caller waiting.
    transaction.on_commit(partial(_wake_keys, list(wanted)[:WOKEN_AT_ONCE]))


def wake(job_id: int) -> None:
    """Send the hint that makes a worker look at the row. A broker that is down costs only time."""
    from unified_app.tasks import run_job

    try:
        run_job.delay(job_id)
    except Exception as error:  # whatever the broker's library raises: the reconciler wakes the job later
        logger.warning("job %s stays queued until the broker is back: %s", job_id, type(error).__name__)


def run(job_id: int) -> str:
    """Claim the job and do it; return the state it was left in, or `skipped` when it was not ours to do."""
    job = _claim(job_id)
    if job is None:
        return "skipped"
    try:
        return _do(job)
    finally:
        _wake_next(job.kind)


def _do(job: Job) -> str:
    handle = Handle(job)
    with _heartbeat(handle):
        try:
            result = _function(job.kind)(handle)
        except JobLost:
            logger.warning("job %s attempt %s was taken over", job.pk, job.attempt)
            return "lost"
        except JobCancelled:
            return _finish(handle, Job.State.CANCELLED)
        except RegistryError as error:
            final = isinstance(error, Final) or error.status_code < 500
            return _failed(handle, job, error.code, error.message, final=final, details=error.details)
        except Exception as error:  # a bug or a database that went away: recorded, tried again
            logger.exception("job %s (%s) failed", job.pk, job.kind)
            return _failed(handle, job, "internal", f"{type(error).__name__}: see the worker's log")
        return _finish(handle, Job.State.DONE, result=result)


def cancel(job: Job, by: str) -> Job:
    """Stop a job: a queued one at once, a running one at its next step. One that has ended is a Conflict."""
    now = timezone.now()
    with transaction.atomic():
        queued = Job.objects.filter(pk=job.pk, state=Job.State.QUEUED)
        if queued.update(state=Job.State.CANCELLED, finished_at=now, error=_cancelled(by)):
            _close_runs(job.pk, SyncRun.State.CANCELLED)
            _tell_of_end(job.kind, job.pk)
        elif not Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(cancel_requested=True):
            job.refresh_from_db()
            raise Conflict(f"The job has ended already: {job.state}.")
        record("job", job.pk, by, {"cancel_requested": (False, True)})
    job.refresh_from_db()
    return job


def retry(job: Job, by: str) -> Job:
    """Queue a job again that failed or was cancelled, as a new job; one that may still succeed is a Conflict."""
    if job.state not in (Job.State.FAILED, Job.State.CANCELLED):
        raise Conflict(f"Only what failed or was cancelled can be tried again; this job is {job.state}.")
    return enqueue(job.kind, job.arguments, unique_key=job.unique_key, by=by)


def reconcile() -> list[int]:
    """Give up on workers that died, wake what is due; return the ids woken."""
    for job in Job.objects.dead(timezone.now()):
        _revive(job)
    due = list(Job.objects.due(timezone.now()).order_by("run_after").values_list("pk", flat=True)[:500])
    for job_id in due:
        wake(job_id)
    return due


def _wake_keys(keys: list[str]) -> None:
    for job_id in Job.objects.due(timezone.now()).filter(unique_key__in=keys).values_list("pk", flat=True):
        wake(job_id)


def _claim(job_id: int) -> Job | None:
    now = timezone.now()
    job: Job | None = Job.objects.due(now).filter(pk=job_id).first()
    if job is None or _is_full(job.kind):
        return None
    claimed = Job.objects.filter(pk=job_id, state=Job.State.QUEUED, attempt=job.attempt).update(
        state=Job.State.RUNNING, attempt=job.attempt + 1, heartbeat_at=now, started_at=now
    )
    if not claimed:
        return None
    job.attempt += 1
    return job


def _is_full(kind: str) -> bool:
    """Whether as many jobs of this kind run as may. Two claims at once may make it one more: it is no lock."""
    limit = settings.JOB_LIMITS.get(kind)
    if limit is None:
        return False
    running = Job.objects.filter(kind=kind, state=Job.State.RUNNING, heartbeat_at__gt=timezone.now() - SILENT)
    return running.count() >= limit


def _wake_next(kind: str) -> None:
    """Let the next jobs of a limited kind have the place that has become free; what is too much is only skipped."""
    if limit := settings.JOB_LIMITS.get(kind):
        waiting = Job.objects.due(timezone.now()).filter(kind=kind).order_by("run_after")
        for job_id in waiting.values_list("pk", flat=True)[:limit]:
            wake(job_id)


def _attempts(kind: str) -> int:
    attempts: int = settings.JOB_ATTEMPTS.get(kind, ATTEMPTS)
    return attempts


def _function(kind: str) -> Callable[[Handle], Any]:
    function: Callable[[Handle], Any] = import_string(settings.JOB_KINDS[kind])
    return function


def _finish(handle: Handle, state: Job.State, **values: Any) -> str:
    with transaction.atomic():
        ended = handle._owned().update(state=state, finished_at=timezone.now(), **values)
        if ended:
            run_state = SyncRun.State.CANCELLED if state == Job.State.CANCELLED else SyncRun.State.FAILED
            _close_runs(handle.job_id, run_state)
            _tell_of_end(handle.kind, handle.job_id)
    return state.value if ended else "lost"


def _failed(
    handle: Handle, job: Job, code: str, message: str, *, final: bool = False, details: dict[str, Any] | None = None
) -> str:
    error = {"code": code, "message": message, **({"details": details} if details else {})}
    if final or job.attempt >= job.max_attempts:
        return _finish(handle, Job.State.FAILED, error=error)
    backoff = settings.JOB_BACKOFF.get(job.kind, BACKOFF)
    delay = backoff[min(job.attempt, len(backoff)) - 1]
    with transaction.atomic():
        handle._owned().update(state=Job.State.QUEUED, run_after=timezone.now() + timedelta(seconds=delay), error=error)
        _close_runs(handle.job_id, SyncRun.State.FAILED)
    return Job.State.QUEUED.value


def _revive(job: Job) -> None:
    """Queue a dead worker's job again, or fail it when it has killed workers often enough."""
    error = {"code": "worker_died", "message": "The worker stopped in the middle of this attempt."}
    mine = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, attempt=job.attempt)
    with transaction.atomic():
        if job.cancel_requested:
            ended = mine.update(state=Job.State.CANCELLED, finished_at=timezone.now())
        elif job.attempt >= job.max_attempts:
            ended = mine.update(state=Job.State.FAILED, finished_at=timezone.now(), error=error)
        else:
            ended = mine.update(state=Job.State.QUEUED, run_after=timezone.now(), error=error)
        if ended:
            _close_runs(job.pk, SyncRun.State.FAILED)
            _tell_of_end(job.kind, job.pk)


def _close_runs(job_id: int, state: SyncRun.State) -> None:
    """No run stays unfinished once its job's attempt has ended."""
    failure = [{"source": "", "host": "", "code": "interrupted", "message": "The sync was stopped in the middle."}]
    SyncRun.objects.filter(job_id=job_id, state=SyncRun.State.RUNNING).update(
        state=state, finished_at=timezone.now(), failed=failure
    )


def _tell_of_end(kind: str, job_id: int) -> None:
    """Let the rows that a job of this kind works on end with it, in the transaction that ends it."""
    job = Job.objects.get(pk=job_id) if kind in settings.JOB_ENDINGS else None
    if job and not job.is_active:
        import_string(settings.JOB_ENDINGS[kind])(job)


def _cancelled(by: str) -> dict[str, str]:
    return {"code": "cancelled", "message": f"Cancelled by {by} before it began."}


class _heartbeat:  # noqa: N801 - reads as a verb at its one use
    """Writes the heartbeat from a thread of its own while the job's function runs."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True, name=f"heartbeat-{handle.job_id}")

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT_SECONDS):
            try:
                self._handle._owned().update(heartbeat_at=timezone.now())
            except Exception as error:  # the database is away: the next beat tries again
                logger.warning("no heartbeat for job %s: %s", self._handle.job_id, type(error).__name__)
            finally:
                connection.close()
