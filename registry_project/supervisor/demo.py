"""Is the demo upstream needed, and which model that is real can be called?"""

from __future__ import annotations

from django.conf import settings

from ollama_app.hosts import any_source_answers, set_demo_host
from ollama_app.models import Host
from registry_project.example import chat_models
from registry_project.supervisor import table
from unified_app.models import Placement

CHOICES = ("auto", "on", "off")


def decide() -> bool:
    """Return whether the demo runs, and make its host in the registry agree with that."""
    wanted = settings.DEMO == "on" or (settings.DEMO == "auto" and not any_source_answers())
    set_demo_host(table.demo_url() if wanted else None)
    return wanted


def example_model() -> str:
    """Return the name of the smallest chat model on a real host, as the last sync left it; "" when there is none."""
    demo = Host.objects.filter(origin=Host.Origin.DEMO).values("name")
    real = Placement.objects.filter(state=Placement.State.AVAILABLE).exclude(place__in=demo)
    chat = chat_models().filter(size__gt=0, placements__in=real)
    return chat.values_list("name", flat=True).first() or ""
