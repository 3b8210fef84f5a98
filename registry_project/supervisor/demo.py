"""Is the demo upstream needed, and which model that is real can be called?"""

from __future__ import annotations

from typing import Any

from django.conf import settings

from github_models_app import service as github
from github_models_app.endpoints.endpoints import ENDPOINTS, set_demo_endpoint
from ollama_app.hosts import HOSTS, set_demo_host
from registry_project.example import chat_models
from registry_project.supervisor import table
from unified_app.errors import RegistryError
from unified_app.models import Placement
from unified_app.models.servers import Server
from unified_app.rows import demo_places
from unified_app.servers import ServerVerbs
from unified_app.sources import source_classes

CHOICES = ("auto", "on", "off")
ENDPOINT_NAME = "demo-endpoint"
# How long a server may take to say that it is there while somebody waits for the start.
PROBE_SECONDS = 2.0


def decide() -> bool:
    """Return whether the demo runs, and make its places in the registry agree with that."""
    wanted = settings.DEMO == "on" or (settings.DEMO == "auto" and not real_source_answers())
    set_demo_host(table.demo_url() if wanted else None)
    set_demo_endpoint(table.demo_endpoint_url() if wanted else None, name=ENDPOINT_NAME)
    github.set_demo(table.demo_github_url() if wanted else None)
    return wanted


def real_source_answers() -> bool:
    """Whether an Ollama host or an endpoint answers a short probe, or another source did when it was last synced.

    A GitHub token alone is no source: many shells have one, and the public service is gone.
    """
    if _any_answers(HOSTS) or _any_answers(ENDPOINTS):
        return True
    probed = (HOSTS.source, ENDPOINTS.source)
    others = [source for name, source in source_classes().items() if name not in probed]
    places = [place for source in others for place in source.places()]
    return any(place.state == Server.State.UP and not place.is_demo for place in places)


def example_model() -> str:
    """Return the name of the smallest chat model of a real place, as the last sync left it; "" when there is none."""
    real = Placement.objects.filter(state=Placement.State.AVAILABLE)
    for source, place in demo_places():
        real = real.exclude(source=source, place=place)
    chat = chat_models().filter(size__gt=0, placements__in=real)
    return chat.values_list("name", flat=True).first() or ""


def _any_answers(verbs: ServerVerbs[Any]) -> bool:
    rows = [row for row in verbs.rows.enabled() if not row.is_demo]
    return any(not isinstance(answer, RegistryError) for _, answer in verbs.probed(rows, PROBE_SECONDS))
