"""The registry's Ollama models by category, as the specification spells them."""

from __future__ import annotations

from typing import Any

from ollama_app.category_loader import OLLAMA_CATEGORIES, check_category
from ollama_app.source import OllamaSource
from unified_app import rows
from unified_app.models import ModelCategory, UnifiedModel


def names_by_category() -> dict[str, list[str]]:
    """Return the names of all shown models in every category of what they can do; one query."""
    found: dict[str, list[str]] = {category: [] for category in OLLAMA_CATEGORIES}
    pairs = ModelCategory.objects.filter(model__in=_shown(), category__in=OLLAMA_CATEGORIES)
    for category, name in pairs.order_by("model__name").values_list("category", "model__name"):
        found[category].append(name)
    return found


def models_in(category: str) -> list[dict[str, Any]]:
    """Return the shown models of a category. Raises NotFound, naming the valid ones."""
    check_category(category)
    return [_model(row) for row in _shown().in_category(category).listed()]


def _shown() -> Any:
    return UnifiedModel.objects.shown().filter(source=OllamaSource.name)


def _model(row: UnifiedModel) -> dict[str, Any]:
    digest = rows.digest_of(row)
    return {
        "name": row.name,
        "size": row.size,
        "digest": f"sha256:{digest}" if digest else "",
        "capabilities": [capability.replace("_", "-") for capability in row.capabilities],
        "parameters": row.parameters,
    }
