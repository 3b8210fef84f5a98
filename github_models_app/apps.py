"""App configuration."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class GitHubModelsAppConfig(AppConfig):
    name = "github_models_app"
    verbose_name = "Remote models"

    def ready(self) -> None:
        from github_models_app import checks, service_checks  # noqa: F401

        post_migrate.connect(seed, sender=self, dispatch_uid="github_models_app.seed")


def seed(**_: Any) -> None:
    """Make the endpoints of the environment, and the row that tells of the GitHub Models service."""
    from github_models_app import service
    from github_models_app.endpoints.endpoints import ensure_environment_endpoints

    ensure_environment_endpoints()
    service.row()
