"""MLflow's own pages, for looking at variants."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from experiments_app import mlflow_store
from unified_app.console import RegistryCommand

# Its job runner alone would be thirteen more processes.
QUIET = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}


class Command(RegistryCommand):
    help = "Starts MLflow's pages on this set-up's store, on loopback at MLFLOW_UI_PORT, until it is interrupted."

    def handle(self, **_: Any) -> None:
        uri = mlflow_store.tracking_uri()
        if mlflow_store.is_server(uri):
            raise CommandError("MLFLOW_TRACKING_URI names a server, which has its own pages. Open those.")
        root = mlflow_store.artifact_root()
        root.mkdir(parents=True, exist_ok=True)
        os.environ.update(QUIET)
        self.stderr.write(f"MLflow's pages: http://127.0.0.1:{settings.MLFLOW_UI_PORT}")
        port = str(settings.MLFLOW_UI_PORT)
        # By the environment: the address of a database holds its password, and everybody may read arguments.
        os.environ["MLFLOW_BACKEND_STORE_URI"] = uri
        options = ["--artifacts-destination", str(root), "--host", "127.0.0.1", "--port", port, "--workers", "1"]
        os.execv(sys.executable, [sys.executable, "-m", "mlflow", "server", *options])
