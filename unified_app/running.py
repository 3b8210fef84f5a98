"""Doing a job from the shell: a worker does it when one is there, this process when not, and both can be watched."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.utils import timezone

from unified_app import jobs
from unified_app.models import Job

# A worker that is there takes a queued job well within this.
WORKER_SECONDS = 1.0
POLL_SECONDS = 0.1


def run_or_follow(job: Job) -> Iterator[dict[str, Any]]:
    """Yield the job's progress as it changes until it has ended, or failed and waits for its next attempt.

    `job` is then as it was left. One that no worker takes is run here. Interrupting it cancels the job.
    """
    told: dict[str, Any] = {}
    own: threading.Thread | None = None
    queued_since = time.monotonic()
    try:
        while job.is_active and not _waits_for_later(job):
            if _is_due(job) and time.monotonic() - queued_since > WORKER_SECONDS and not _is_alive(own):
                own = _start(job)
            elif job.state == Job.State.RUNNING and Job.objects.dead(timezone.now()).filter(pk=job.pk).exists():
                # Left by a process that was killed, and there may be no worker to see it.
                jobs.reconcile()
            time.sleep(POLL_SECONDS)
            job.refresh_from_db()
            if job.progress != told:
                told = job.progress
                yield told
    except BaseException:
        _stop(job)
        raise
    finally:
        if own is not None:
            own.join()


def _is_due(job: Job) -> bool:
    return job.state == Job.State.QUEUED and job.run_after <= timezone.now()


def _waits_for_later(job: Job) -> bool:
    return job.state == Job.State.QUEUED and not _is_due(job)


def _is_alive(thread: threading.Thread | None) -> bool:
    return thread is not None and thread.is_alive()


def _start(job: Job) -> threading.Thread:
    thread = threading.Thread(target=_run, args=[job.pk], name=f"job-{job.pk}", daemon=True)
    thread.start()
    return thread


def _run(job_id: int) -> None:
    try:
        jobs.run(job_id)
    finally:
        connection.close()


def _stop(job: Job) -> None:
    """Cancel the job unless it has ended meanwhile."""
    job.refresh_from_db()
    if job.is_active:
        jobs.cancel(job, "shell")
