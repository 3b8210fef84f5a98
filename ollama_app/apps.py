"""App configuration."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class OllamaAppConfig(AppConfig):
    name = "ollama_app"
    verbose_name = "Ollama"

    def ready(self) -> None:
        from ollama_app import checks  # noqa: F401

        post_migrate.connect(seed, sender=self, dispatch_uid="ollama_app.seed")


def seed(**_: Any) -> None:
    """Make the hosts of the environment and the schedule that watches hosts."""
    from ollama_app.hosts import ensure_environment_hosts
    from unified_app.schedules import ensure_schedule

    ensure_environment_hosts()
    ensure_schedule(
        "Check hosts",
        "ollama_app.check_hosts",
        seconds=30,
        help_text="Asks every enabled Ollama host whether it is there.",
    )
