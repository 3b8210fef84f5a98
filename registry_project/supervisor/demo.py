"""Is the demo upstream needed?"""

from __future__ import annotations

from django.conf import settings

from ollama_app.hosts import any_source_answers, set_demo_host
from registry_project.supervisor import table

CHOICES = ("auto", "on", "off")


def may_run() -> bool:
    """Is it possible that the demo runs? Asked before the database is there."""
    return str(settings.DEMO) != "off"


def decide() -> bool:
    """Return whether the demo runs, and make its host in the registry agree with that."""
    wanted = settings.DEMO == "on" or (settings.DEMO == "auto" and not any_source_answers())
    set_demo_host(table.demo_url() if wanted else None)
    return wanted
