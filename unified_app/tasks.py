"""Celery tasks: each wakes one function. Arguments are ids; results are ignored; the job row is the truth."""

from __future__ import annotations

from celery import shared_task

from unified_app import jobs


@shared_task(name="unified_app.run_job")
def run_job(job_id: int) -> str:
    return jobs.run(job_id)


@shared_task(name="unified_app.reconcile")
def reconcile() -> int:
    return len(jobs.reconcile())


@shared_task(name="unified_app.check_served_models")
def check_served_models() -> dict[str, int]:
    from unified_app.serving import health

    return health.reconcile()


@shared_task(name="unified_app.sync_all")
def sync_all() -> int:
    from unified_app import syncing

    return int(syncing.request_sync(by="schedule").pk)


@shared_task(name="unified_app.clean_up")
def clean_up() -> dict[str, int]:
    from unified_app import retention

    return retention.clean_up()
