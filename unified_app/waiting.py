"""Waiting for a job's row, for callers who would rather have the outcome than a receipt."""

from __future__ import annotations

import time

from unified_app.errors import RegistryError, status_of
from unified_app.models import Job

# Proxies commonly give up after 30 s, so the receipt must be out before.
WAIT_SECONDS = 25.0
POLL_SECONDS = 0.2


class JobFailed(RegistryError):
    """The job that was waited for ended without a result; code and status are those of its error."""

    def __init__(self, job: Job) -> None:
        error = job.error or {}
        super().__init__(f"Job {job.pk} {job.state}: {error.get('message', 'it ended without a result')}")
        self.code = error.get("code", "conflict" if job.state == Job.State.CANCELLED else "internal")
        self.status_code = 409 if job.state == Job.State.CANCELLED else status_of(self.code)


def wait_for(job: Job, seconds: float | None = None, poll: float = POLL_SECONDS) -> Job:
    """Return the job as it is when it has ended, or after WAIT_SECONDS: without a worker it stays queued."""
    deadline = time.monotonic() + (WAIT_SECONDS if seconds is None else seconds)
    while job.is_active and time.monotonic() < deadline:
        time.sleep(poll)
        job.refresh_from_db()
    return job
