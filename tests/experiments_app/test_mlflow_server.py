"""A real tracking server on our store: what `make mlflow` starts, and logging over HTTP to it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress

import requests
from django.test import override_settings

from experiments_app.source import ExperimentSource
from tests.experiments_app.mlflow_case import MLflowCase, empty_store


class ServerTests(MLflowCase):
    """It takes seconds to start, so one test looks at everything."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server_home = tempfile.mkdtemp(prefix="mlflow-server-")
        cls.addClassCleanup(shutil.rmtree, cls.server_home, ignore_errors=True)
        # With its tables: to make them is most of what a start takes.
        shutil.copy(empty_store(), cls.server_home)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        cls.address = f"http://127.0.0.1:{port}"
        environment = {**os.environ, "REGISTRY_HOME": cls.server_home, "MLFLOW_UI_PORT": str(port)}
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        command = [sys.executable, "manage.py", "mlflowui"]
        cls.server = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        cls.addClassCleanup(cls.stop)
        cls.wait_for(f"{cls.address}/health")

    @classmethod
    def wait_for(cls, address):
        until = time.monotonic() + 240
        while time.monotonic() < until:
            assert cls.server.poll() is None, "the server has ended"
            try:
                if requests.get(address, timeout=2).ok:
                    return
            except requests.RequestException:
                time.sleep(0.2)
        raise AssertionError("the server did not start")

    @classmethod
    def stop(cls):
        for how in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(cls.server.pid, how)
                cls.server.wait(20)
                return

    def test_a_client_that_knows_only_the_server_finds_everything(self):
        from mlflow import MlflowClient

        with override_settings(MLFLOW_TRACKING_URI=self.address):
            made = self.make("prompt_engineering", {"system": "Be brief."}, name="terse")
            assert self.run_jobs() == ["done"]
            client = MlflowClient(self.address, registry_uri=self.address)
            client.create_registered_model("foreign")
            client.create_model_version("foreign", "s3://bucket/model", await_creation_for=0)
            assert [model.name for model in ExperimentSource("mlflow").fetch()] == ["foreign", "foreign/1"]
        experiment = client.get_experiment_by_name("llama3.1:8b")
        (run,) = client.search_runs([experiment.experiment_id])
        assert run.data.tags["registry.model_id"] == made["id"] and run.data.params["system"] == "Be brief."
        path = client.download_artifacts(run.info.run_id, "Modelfile", self.server_home)
        with open(path) as file:
            assert "Be brief." in file.read()
        assert client.search_model_versions("name='terse'")[0].run_id == run.info.run_id
