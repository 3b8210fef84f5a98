"""Starts that are asked for: a job, so that a process that is killed in the middle loses nothing."""

from __future__ import annotations

import threading
import time
from typing import Any

from django.db import connection

from unified_app import jobs, waiting
from unified_app.errors import RegistryError, Told
from unified_app.models import Job, ModelServingStatus, UnifiedModel
from unified_app.serving import places, starting, states, status

# Others start it too when a job is joined; our own part of a load must not be felt.
POLL_SECONDS = 0.02


def serve(called: str, *, by: str) -> dict[str, Any]:
    """Start a model and return its state when it is ready, or after WAIT_SECONDS, when it is still starting.

    Raises what kept it from starting.
    """
    model = places.find_servable(called)
    deadline = time.monotonic() + waiting.WAIT_SECONDS
    if not is_served(model):
        places.candidates(model)
        job, thread = request_start(model, by=by)
        thread.join(waiting.WAIT_SECONDS)
        job.refresh_from_db()
        waiting.wait_for(job, deadline - time.monotonic(), POLL_SECONDS)
        if job.state in (Job.State.FAILED, Job.State.CANCELLED):
            raise _told(job)
    return status.of_model(model)


def request_start(model: UnifiedModel, *, by: str) -> tuple[Job, threading.Thread]:
    """Queue the start and do it here at once, in a thread; return both.

    No worker is woken: taking the job from a queue would add to every load. If this process dies, the reconciler
    finds the job and a worker goes on.
    """
    job = jobs.enqueue("serve", {"model": model.pk}, unique_key=f"serve:{model.pk}", by=by, wake_worker=False)
    thread = threading.Thread(target=_run, args=[job.pk], name=f"job-{job.pk}", daemon=True)
    thread.start()
    return job, thread


def run_serve_job(handle: jobs.Handle) -> dict[str, Any]:
    """Start the model. An error ends the job: who asked is told, and may ask again."""
    model = places.find_servable(handle.arguments["model"])
    try:
        starting.start(model)
    except RegistryError as error:
        raise jobs.Final(error) from error
    return {"model_id": model.pk, "placement": status.of_model(model)["placement"]}


def is_served(model: UnifiedModel) -> bool:
    """Whether the model is ready at a place that can be called. Queries."""
    row = ModelServingStatus.objects.told().filter(model=model).first()
    return row is not None and states.is_served(row)


def _told(job: Job) -> RegistryError:
    error = job.error or {}
    if job.state == Job.State.CANCELLED:
        return Told("conflict", f"The start was cancelled: {error.get('message', '')}")
    return Told(error.get("code", "internal"), error.get("message", ""), details=error.get("details"))


def _run(job_id: int) -> None:
    try:
        jobs.run(job_id)
    finally:
        connection.close()
