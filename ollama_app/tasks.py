"""Celery tasks of the Ollama source."""

from __future__ import annotations

from celery import shared_task


@shared_task(name="ollama_app.check_hosts")
def check_hosts() -> dict[str, str]:
    from ollama_app import hosts

    return hosts.check_hosts()
