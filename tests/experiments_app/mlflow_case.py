"""A real SQLite store of MLflow for a class of tests, and variants that are not logged yet."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from django.test import override_settings

from tests.experiments_app.experiments_case import ExperimentCase
from unified_app import jobs
from unified_app.models import Job


class MLflowCase(ExperimentCase):
    """Each class has a store of its own; making its tables is the slow part."""

    @classmethod
    def setUpClass(cls):
        cls.home = Path(tempfile.mkdtemp(prefix="mlflow-tests-"))
        cls.addClassCleanup(shutil.rmtree, cls.home, ignore_errors=True)
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
