"""Waiting for a job's row, for callers who would rather have the outcome than a receipt."""

from __future__ import annotations

import time

from unified_app.errors import RegistryError
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
        self.status_code = 409 if job.state == Job.State.CANCELLED else _status_of(self.code)


def wait_for(job: Job) -> Job:
    """Return the job as it is when it has ended, or after WAIT_SECONDS: without a worker it stays queued."""
    deadline = time.monotonic() + WAIT_SECONDS
    while job.is_active and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        job.refresh_from_db()
    return job


def _status_of(code: str) -> int:
    statuses = {kind.code: kind.status_code for kind in _kinds(RegistryError)}
    return statuses.get(code, 500)


def _kinds(kind: type[RegistryError]) -> list[type[RegistryError]]:
    return [kind, *(found for child in kind.__subclasses__() for found in _kinds(child))]
