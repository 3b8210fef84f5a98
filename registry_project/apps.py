"""The project as an app, so that its commands and pages are found and Celery is configured on start."""

from __future__ import annotations

from django.apps import AppConfig


class RegistryProjectConfig(AppConfig):
    name = "registry_project"

    def ready(self) -> None:
        # The package's __init__ stays empty (the demo imports it without Django), so Celery is set up here.
        from registry_project import celery  # noqa: F401
