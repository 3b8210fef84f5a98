"""The Celery application of workers, beat and of everything that wakes a job."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry_project.settings")

TRANSPORT_ALIASES["filesystem"] = "registry_project.file_broker:Transport"

app = Celery("registry")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_ready.connect
def wake_what_is_due(**_: Any) -> None:
    """Take up at once what was queued, or left behind by a worker that died, while no worker was there."""
    from django.db import close_old_connections

    from unified_app import jobs
    from unified_app.tasks import check_served_models

    jobs.reconcile()
    # A task: it asks hosts, and one that does not answer must not keep the worker from its queue.
    check_served_models.delay()
    close_old_connections()
