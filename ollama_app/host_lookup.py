"""Finding hosts for lists and by what people call them."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from ollama_app.models import Host
from ollama_app.source import OllamaSource
from unified_app.errors import NotFound
from unified_app.models import Placement

# Longer digits are no id; a name may be digits too.
MAX_ID_DIGITS = 18


def counted_hosts() -> Any:
    """Return all hosts with `models`: how many models each answers for; one query."""
    placed = Placement.objects.present().filter(source=OllamaSource.name, place=OuterRef("name")).order_by()
    counted = placed.values("place").annotate(models=Count("pk")).values("models")
    return Host.objects.annotate(models=Coalesce(Subquery(counted), 0))


def find_host(called: str) -> Host:
    """Return the host of this name, or else of this id. Raises NotFound."""
    wanted = Q(name=called)
    if called.isascii() and called.isdecimal() and len(called) <= MAX_ID_DIGITS:
        wanted |= Q(pk=int(called))
    # A host that is named like another's id is found by its name.
    found: Host | None = next(iter(sorted(Host.objects.filter(wanted), key=lambda host: host.name != called)), None)
    if found is None:
        raise NotFound(f"There is no host with the id or name {called!r}.")
    return found
