"""Is the demo upstream needed, and which model that is real can be called?"""

from __future__ import annotations

from django.conf import settings

from ollama_app.hosts import any_source_answers, set_demo_host
from ollama_app.models import Host
from registry_project.supervisor import table
from unified_app.models import Placement, UnifiedModel
from unified_app.models.catalog import Category, ModelStatus

CHOICES = ("auto", "on", "off")


def may_run() -> bool:
    """Is it possible that the demo runs? Asked before the database is there."""
    return str(settings.DEMO) != "off"


def decide() -> bool:
    """Return whether the demo runs, and make its host in the registry agree with that."""
    wanted = settings.DEMO == "on" or (settings.DEMO == "auto" and not any_source_answers())
    set_demo_host(table.demo_url() if wanted else None)
    return wanted


def example_model() -> str:
    """Return the name of the smallest chat model on a real host, as the last sync left it; "" when there is none."""
    demo = Host.objects.filter(origin=Host.Origin.DEMO).values("name")
    real = Placement.objects.filter(state=Placement.State.AVAILABLE).exclude(place__in=demo)
    # What runs in a cloud has no size that tells its cost.
    local = UnifiedModel.objects.shown().filter(status=ModelStatus.AVAILABLE, size__gt=0, placements__in=real)
    chat = local.with_capability("text_generation").exclude(source_category=Category.CLOUD)
    return chat.order_by("size").values_list("name", flat=True).first() or ""
