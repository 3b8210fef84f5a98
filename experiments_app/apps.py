"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class ExperimentsAppConfig(AppConfig):
    name = "experiments_app"
    verbose_name = "Experiments"

    def ready(self) -> None:
        from experiments_app import changes  # noqa: F401 - its receivers
        from experiments_app.evaluation import digest_changes  # noqa: F401 - its receiver
