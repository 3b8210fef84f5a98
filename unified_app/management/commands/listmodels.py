"""The registry's models in the shell: the API's list."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from unified_app import rows
from unified_app.console import RegistryCommand, json_option, size
from unified_app.filters import filtered_models
from unified_app.models import UnifiedModel
from unified_app.models.catalog import UnifiedModelQuerySet
from unified_app.serializers.catalog import ModelSerializer

# Options that are the parameters of the API's list.
FILTERS = {
    "category": "embedding, vision, tools, thinking, cloud or external: every model that can do it.",
    "model-type": "base, experimental or variant.",
    "source": "Such as ollama; `external` includes `github`.",
    "status": "available, busy, error, retired, or any; without it retired and hidden models are left out.",
    "capability": "Such as function_calling.",
    "host": "Name of a host or endpoint that answers for the model.",
    "drift": "true or false: whether its hosts hold different digests under one name.",
    "q": "Words in the name, display name, description or tags.",
    "ordering": "Such as name or -size; several separated by commas.",
}
TITLES = ("NAME", "CATEGORY", "SOURCE", "STATUS", "SIZE", "CONTEXT", "HOSTS")


class Command(RegistryCommand):
    help = "Lists the registry's models."

    def add_arguments(self, parser: CommandParser) -> None:
        for name, told in FILTERS.items():
            parser.add_argument(f"--{name}", help=told)
        json_option(parser)

    def handle(self, **options: Any) -> None:
        wanted = {name: options[name] for name in (option.replace("-", "_") for option in FILTERS)}
        models = filtered_models(UnifiedModel.objects.listed(), **wanted)
        if options["json"]:
            self.print_json(as_list(models))
            return
        self.print_table(TITLES, (_row(model) for model in models))
        self.stdout.write(f"{len(models)} models")


def as_list(models: UnifiedModelQuerySet) -> dict[str, Any]:
    """Return the whole list in the shape of the API's, on one page."""
    shown = ModelSerializer(models, many=True, context={"demo_places": rows.demo_places()}).data
    return {"models": shown, "count": len(shown), "next": None, "previous": None}


def _row(model: UnifiedModel) -> tuple[object, ...]:
    return (
        model.name,
        model.category,
        model.source,
        model.status,
        size(model.size),
        model.context_length,
        ", ".join(rows.host_names(model)),
    )
