"""A real SQLite store of MLflow for a class of tests, and variants that are not logged yet."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from django.test import override_settings

from experiments_app.mlflow_integration import MLflowManager
from tests.experiments_app.experiments_case import ExperimentCase
from unified_app import jobs
from unified_app.models import Job


@cache
def empty_store() -> Path:
    """Return a store with its tables, made once a process: that takes longer than all that is done with it."""
    home = Path(tempfile.mkdtemp(prefix="mlflow-tests-empty-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    with override_settings(REGISTRY_HOME=home):
        MLflowManager().client()
    return home / "mlflow.db"


class MLflowCase(ExperimentCase):
    """Each class has a store of its own."""

    @classmethod
    def setUpClass(cls):
        cls.home = Path(tempfile.mkdtemp(prefix="mlflow-tests-"))
        cls.addClassCleanup(shutil.rmtree, cls.home, ignore_errors=True)
        shutil.copy(empty_store(), cls.home)
        cls.enterClassContext(override_settings(REGISTRY_HOME=cls.home))
        super().setUpClass()

    def client_of_mlflow(self):
        """Return a client that knows nothing but the store's address."""
        from mlflow import MlflowClient

        uri = f"sqlite:///{self.home / 'mlflow.db'}"
        return MlflowClient(tracking_uri=uri, registry_uri=uri)

    def run_jobs(self) -> list[str]:
        """Do what is queued for MLflow, whenever it was meant to be done."""
        queued = Job.objects.filter(kind="mlflow", state=Job.State.QUEUED).order_by("pk")
        ids = list(queued.values_list("pk", flat=True))
        queued.update(run_after="2000-01-01T00:00:00Z")
        return [jobs.run(pk) for pk in ids]
