"""Where MLflow keeps what it is told: settings only, so that every process may ask."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings


def tracking_uri() -> str:
    return str(settings.MLFLOW_TRACKING_URI) or f"sqlite:///{default_file()}"


def default_file() -> Path:
    return Path(settings.REGISTRY_HOME) / "mlflow.db"


def artifact_root() -> Path:
    """Return the folder of artifacts of a store that has no server of its own."""
    return Path(settings.REGISTRY_HOME) / "mlflow-artifacts"


def is_server(uri: str) -> bool:
    """Whether a tracking server answers there, which keeps the artifacts itself."""
    return uri.startswith(("http://", "https://", "databricks"))


def is_there() -> bool:
    """Whether there is something to read: a store that was named, or the default one once it was made."""
    return bool(settings.MLFLOW_TRACKING_URI) or default_file().exists()


def shown() -> str:
    """Return the store's address without what signs in there, and without this machine's folders."""
    parts = urlsplit(tracking_uri())
    if not parts.hostname:
        return f"{parts.scheme or 'file'}:///{Path(parts.path).name}"
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit((parts.scheme, f"{parts.hostname}{port}", parts.path, "", ""))
