"""The table of children: one function each. A new part is one function and one line in `children()`."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from django.conf import settings

from registry_project import demo_paths
from registry_project.supervisor import broker, probes
from registry_project.supervisor.children import ChildSpec
from registry_project.supervisor.ports import Port

# The libraries of the page and of tracking would call home, or write to the current folder, without these.
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "GIT_PYTHON_REFRESH": "quiet",
}
PAGE_PORT = 7860
# Nothing to act on: static files come from the packages, small and whole; tasks are JSON, not pickle.
UNSAID = ",".join(
    (
        "ignore:No directory at",
        "ignore:You're running the worker with superuser privileges",
        "ignore:StreamingHttpResponse must consume synchronous iterators",
    )
)


def children(*, demo: bool) -> list[ChildSpec]:
    """Return what is to run, in the order in which it starts."""
    return [*([demo_upstream()] if demo else []), site(), worker(), beat(), page()]


def site() -> ChildSpec:
    host, port = settings.SITE_HOST, str(settings.SITE_PORT)
    server = ["uvicorn", "registry_project.asgi:application", "--host", host, "--port", port]
    # Lifespan starts the gateway: with "on", a start that fails is said and ends the process.
    options = ["--no-access-log", "--timeout-graceful-shutdown", "5", "--loop", "uvloop", "--lifespan", "on"]
    return ChildSpec("site", [*server, *options], probes.site_answers(site_url()), url=site_url())


def worker() -> ChildSpec:
    # There is one worker, so there is nobody to gossip or mingle with.
    options = ["--pool", "threads", "-n", "worker@%h", "--without-gossip", "--without-mingle"]
    return ChildSpec("worker", celery("worker", *options), probes.worker_answers, before=tidy_broker)


def beat() -> ChildSpec:
    # No PID file: one left behind by a crash would keep beat from starting again.
    return ChildSpec("beat", celery("beat", "--pidfile", ""), probes.lives())


def page() -> ChildSpec:
    """The page for evaluators; its imports alone take some seconds."""
    probe = probes.http_answers(f"{page_url()}/config")
    return ChildSpec("page", ["registry_project.gradio_app"], probe, url=page_url(), is_vital=False)


def celery(command: str, *options: str) -> list[str]:
    """Return a Celery command line that keeps our log level: Celery would set all logs to WARNING."""
    level = ["--loglevel", logging.getLevelName(logging.getLogger().level)]
    return ["celery", "--quiet", "-A", "registry_project", command, *level, *options]


def demo_upstream() -> ChildSpec:
    url = demo_url()
    command = ["registry_project.demo", "--port", str(settings.DEMO_PORT)]
    return ChildSpec("demo", command, probes.http_answers(url), url=url)


def ports(*, demo: bool) -> list[Port]:
    """Return the ports that the children will listen on."""
    taken_by_demo = [Port(settings.DEMO_PORT, "DEMO_PORT")] if demo else []
    host = settings.SITE_HOST
    return [Port(settings.SITE_PORT, "SITE_PORT", host), Port(page_port(), "GRADIO_PORT", host), *taken_by_demo]


def site_url() -> str:
    return _url(settings.SITE_PORT)


def page_url() -> str:
    return _url(page_port())


def page_port() -> int:
    """Return the page's port. Unset it is 0 in the settings, since a site by itself has no page beside it."""
    return int(settings.GRADIO_PORT) or PAGE_PORT


def _url(port: int) -> str:
    """Return where this machine reaches a port of ours: a wildcard address is not one to call."""
    host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(settings.SITE_HOST, settings.SITE_HOST)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def demo_url() -> str:
    return f"http://127.0.0.1:{settings.DEMO_PORT}"


def demo_endpoint_url() -> str:
    return demo_url() + demo_paths.ENDPOINT


def demo_github_url() -> str:
    return demo_url() + demo_paths.GITHUB


def environment() -> dict[str, str]:
    """Return the environment of the children: ours, with what is set there kept.

    What the page reads is told in full, since it knows neither the settings nor their defaults.
    """
    home: Path = settings.REGISTRY_HOME
    folders = {"GRADIO_TEMP_DIR": str(home / "gradio"), "MPLCONFIGDIR": str(home / "matplotlib")}
    told = {
        "REGISTRY_HOME": str(home),
        "REGISTRY_API_URL": os.environ.get("REGISTRY_API_URL") or site_url(),
        "SITE_HOST": settings.SITE_HOST,
        "GRADIO_PORT": str(page_port()),
        "PYTHONUNBUFFERED": "1",
    }
    return {**QUIET, **folders, "PYTHONWARNINGS": UNSAID, **os.environ, **told}


def tidy_broker() -> None:
    broker.tidy(settings.REGISTRY_HOME / "broker")
