"""What is known of models and adapters when variants are decided: plain values, and where they are read from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from experiments_app.models import Adapter
from unified_app.lookup import find_model
from unified_app.models import ModelOrigin, Placement, UnifiedModel
from unified_app.recipes import ENSEMBLE, MAX_DEPTH, OVERLAY
from unified_app.sources import source_class


@dataclass(frozen=True)
class PlaceFacts:
    """One place that answers for a model."""

    place: str
    protocol: str
    upstream_name: str = ""
    is_available: bool = True
    source: str = ""


@dataclass(frozen=True)
class ModelFacts:
    """A model as a base or member; `depth` is how many recipes it stands on, `places` are those that it runs on."""

    id: str
    name: str
    category: str = "thinking"
    categories: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    context_length: int | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    endpoint: str | None = None
    is_retired: bool = False
    recipe: dict[str, Any] | None = None
    depth: int = 0
    places: tuple[PlaceFacts, ...] = ()

    @property
    def protocols(self) -> set[str]:
        return {place.protocol for place in self.places}

    @property
    def hosts(self) -> list[str]:
        """The Ollama hosts that have it, those that answer first."""
        found = [place for place in self.places if place.protocol == "ollama"]
        return [place.place for place in sorted(found, key=lambda p: (not p.is_available, p.place))]

    @property
    def is_program(self) -> bool:
        return bool(self.recipe) and (self.recipe or {}).get("kind") == ENSEMBLE

    @property
    def can_chat(self) -> bool:
        """Only what is known to embed and nothing else cannot; unknown abilities count as chat."""
        return "text_generation" in self.capabilities or not (
            "text_embedding" in self.capabilities or self.category == "embedding"
        )

    @property
    def architectures(self) -> set[str]:
        told = (self.parameters.get(name) for name in ("family", "architecture"))
        return {str(word).lower() for word in told if word}


@dataclass(frozen=True)
class AdapterFacts:
    """What an adapter's header claims; empty where it says nothing."""

    sha256: str
    format: str = "gguf"
    architecture: str = ""
    rank: int | None = None
    base_model: str = ""
    width: int | None = None


class Known(Protocol):
    """Where generators look things up; tests give a table of their own."""

    def model(self, called: str) -> ModelFacts:
        """Return a model by id, alias or name. Raises NotFound."""

    def adapter(self, sha256: str) -> AdapterFacts | None: ...

    def adapter_problem(self, host: str, adapter: AdapterFacts, base: ModelFacts) -> str:
        """Return why this host cannot put the adapter on the base; empty when it can."""


class Registry:
    """The registry's tables."""

    def model(self, called: str) -> ModelFacts:
        return facts_of(find_model(called))

    def adapter(self, sha256: str) -> AdapterFacts | None:
        row = Adapter.objects.filter(pk=sha256).first()
        return AdapterFacts(row.pk, row.format, row.architecture, row.rank, row.base_model, row.width) if row else None

    def adapter_problem(self, host: str, adapter: AdapterFacts, base: ModelFacts) -> str:
        there = next((place for place in base.places if place.place == host and place.protocol == "ollama"), None)
        if there is None:
            return ""  # told as what is wrong with the host
        return source_class(there.source).adapter_problem(host, adapter.format, base.architectures)


class RememberedRegistry(Registry):
    """The registry's tables for the time of one request: each model is read once."""

    def __init__(self) -> None:
        self._models: dict[str, ModelFacts] = {}

    def model(self, called: str) -> ModelFacts:
        if called not in self._models:
            found = super().model(called)
            self._models |= {called: found, found.id: found}
        return self._models[called]


def facts_of(row: UnifiedModel) -> ModelFacts:
    """Return what is known of a row; a few queries."""
    return ModelFacts(
        id=row.pk,
        name=row.name,
        category=row.category,
        categories=tuple(row.category_rows.values_list("category", flat=True)),
        capabilities=tuple(row.capabilities),
        context_length=row.context_length,
        parameters=dict(row.parameters),
        endpoint=row.endpoint,
        is_retired=row.is_retired,
        recipe=row.recipe,
        depth=depth_of(row.pk) if row.recipe else 0,
        places=tuple(_places(row)),
    )


def depth_of(model_id: str) -> int:
    """Return how many levels of recipes a model stands on; MAX_DEPTH + 1 for more, and for a circle."""
    level = {model_id}
    for depth in range(MAX_DEPTH + 1):
        level = set(ModelOrigin.objects.filter(model__in=level).values_list("origin", flat=True))
        if not level:
            return depth
    return MAX_DEPTH + 1


def runs_on(row: UnifiedModel) -> UnifiedModel | None:
    """Return the model whose placements answer for a variant: the end of its chain; None when there is none yet."""
    found: UnifiedModel | None = row
    for _ in range(MAX_DEPTH + 1):
        if found is None or not found.recipe:
            return found
        kind = found.recipe.get("kind")
        called = found.recipe.get("base") if kind == OVERLAY else found.recipe.get("model")
        found = UnifiedModel.objects.filter(pk=called).first() if called else None
    return None


def _places(row: UnifiedModel) -> list[PlaceFacts]:
    root = runs_on(row)
    if root is None:
        return []
    return [
        PlaceFacts(p.place, p.protocol, p.upstream_name, p.state == Placement.State.AVAILABLE, p.source)
        for p in root.placements.present()
    ]
