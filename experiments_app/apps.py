"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ExperimentsAppConfig(AppConfig):
    name = "experiments_app"
    verbose_name = "Experiments"

    def ready(self) -> None:
        from experiments_app import changes, seeds  # noqa: F401 - the receivers of changes
        from experiments_app.evaluation.gates import digest_changes  # noqa: F401 - its receiver

        post_migrate.connect(seeds.seed, sender=self, dispatch_uid="experiments_app.seed")
