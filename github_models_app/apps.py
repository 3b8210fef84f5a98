"""App configuration."""

from __future__ import annotations

from django.apps import AppConfig


class GitHubModelsAppConfig(AppConfig):
    name = "github_models_app"
    verbose_name = "Remote models"
