"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class UnifiedAppConfig(AppConfig):
    name = "unified_app"
    verbose_name = "Registry"

    def ready(self) -> None:
        from unified_app import checks, schema, seeds  # noqa: F401

        post_migrate.connect(seeds.seed, sender=self, dispatch_uid="unified_app.seed")
