"""What a model's page says of the variants made from it."""

from __future__ import annotations

from typing import Any

from django import template

from experiments_app.models import Variant
from registry_project.pages.experiments import described
from unified_app.models import UnifiedModel

register = template.Library()

SHOWN = 10


@register.inclusion_tag("site/variants_of.html", takes_context=True)
def variants_of(context: dict[str, Any], model: UnifiedModel) -> dict[str, Any]:
    """The newest variants, a link to all, and one to make another. Of a variant: its own page."""
    rows = list(Variant.objects.listed().shown().filter(experiment__base=model)[: SHOWN + 1])
    return {
        "model": model,
        "rows": described(rows[:SHOWN]),
        "has_more": len(rows) > SHOWN,
        "may_make": "experiment" in context["scopes"] and not model.is_retired,
    }
