"""The models of a run as they are now: what makes their answers, where they run, what they cost, how much they bear."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from experiments_app.evaluation.digests import digest_of
from experiments_app.evaluation.runner.pricing import FREE, Price, price_of
from unified_app.models import ModelServingConfig, Placement, UnifiedModel
from unified_app.recipes import ENSEMBLE, MAX_DEPTH, OVERLAY, origins
from unified_app.rows import demo_places
from unified_app.sources import source_classes

# What holds for a model that nobody configured.
_DEFAULTS = ModelServingConfig()


@dataclass(frozen=True)
class Entrant:
    """One model, as a run meets it."""

    id: str
    name: str
    version: str
    # The SHA-256 of what makes its answers: its content, and for a variant its recipe and what it stands on.
    fingerprint: str
    # What the gateway may tell as the version of an answer.
    versions: frozenset[str]
    # The model whose places answer for it; several variants share their base's.
    runs_on: str
    is_callable: bool
    # Whether it takes memory of one of our hosts while it is called; those of the demo have all there is.
    is_local: bool
    places: int
    max_concurrent: int
    price: Price | None

    def limit(self, concurrency: int) -> int:
        """Return how many of its calls may be under way: the gateway keeps one place for a person."""
        return max(1, min(concurrency * max(1, self.places), self.max_concurrent - 1))


def entrants(model_ids: Iterable[str]) -> dict[str, Entrant]:
    """Return the models that exist, by id, in a number of queries that does not depend on how many they are."""
    wanted = list(dict.fromkeys(model_ids))
    known = _Known(wanted)
    return {model_id: known.entrant(model_id) for model_id in wanted if model_id in known.models}


class _Known:
    """Models with all that they stand on."""

    def __init__(self, wanted: Iterable[str]) -> None:
        self.models: dict[str, UnifiedModel] = {}
        missing = set(wanted)
        for _ in range(MAX_DEPTH + 2):
            found = UnifiedModel.objects.in_bulk(missing) if missing else {}
            self.models |= found
            missing = {below for row in found.values() for below in _below(row.recipe)} - self.models.keys()
        self._placements: dict[str, list[Placement]] = {}
        for placement in Placement.objects.present().filter(model__in=self.models).order_by("place"):
            self._placements.setdefault(placement.model_id, []).append(placement)
        self._demo = demo_places()
        configs = ModelServingConfig.objects.filter(model__in=self.models)
        self._max_concurrent = {config.model_id: config.max_concurrent_requests for config in configs}

    def entrant(self, model_id: str) -> Entrant:
        row, root = self.models[model_id], self._root(model_id)
        places = self._placements.get(root.pk, []) if root else []
        at_once = self._max_concurrent.get(root.pk if root else model_id, _DEFAULTS.max_concurrent_requests)
        is_program = root is not None and _kind(root) == ENSEMBLE
        return Entrant(
            id=row.pk,
            name=row.name,
            version=row.version,
            fingerprint=self._fingerprint(model_id, MAX_DEPTH + 1),
            versions=frozenset({row.version, *(place.version for place in places)}),
            runs_on=root.pk if root else model_id,
            is_callable=not row.is_retired and root is not None and (bool(places) or is_program),
            is_local=any(self._takes_memory(place) for place in places),
            places=sum(place.state == Placement.State.AVAILABLE for place in places),
            max_concurrent=at_once,
            price=self._price(model_id, MAX_DEPTH + 1),
        )

    def _root(self, model_id: str) -> UnifiedModel | None:
        """Return the model that is called in the end, as the gateway finds it; an ensemble is called itself."""
        row = self.models.get(model_id)
        for _ in range(MAX_DEPTH + 1):
            if row is None or not row.recipe or _kind(row) == ENSEMBLE:
                return row
            row = self.models.get(row.recipe.get("base" if _kind(row) == OVERLAY else "model") or "")
        return None

    def _fingerprint(self, model_id: str, depth: int) -> str:
        row = self.models.get(model_id)
        if row is None or not depth:
            return "unknown"
        here = sorted({_content(place) for place in self._placements.get(model_id, ())})
        below = {other: self._fingerprint(other, depth - 1) for other in _below(row.recipe)}
        return digest_of({"id": row.pk, "content": here or [row.version], "recipe": row.recipe, "on": below})

    def _price(self, model_id: str, depth: int) -> Price | None:
        root = self._root(model_id)
        if root is None or not depth:
            return None
        if _kind(root) == ENSEMBLE:
            # Its members' tokens come in one sum, so only members without a price can be told apart from each other.
            prices = {self._price(member, depth - 1) for _, member in origins(root.recipe)}
            return FREE if prices == {FREE} else None
        if told := price_of(root.parameters.get("pricing")):
            return told
        places = self._placements.get(root.pk, [])
        return FREE if places and all(map(_is_ours, places)) else None

    def _takes_memory(self, place: Placement) -> bool:
        return _is_ours(place) and (place.source, place.place) not in self._demo


def _below(recipe: Mapping[str, Any] | None) -> list[str]:
    """Return the ids of what a recipe stands on, the model that was made by it among them."""
    made = [recipe["model"]] if recipe and recipe.get("model") else []
    return [*made, *(model_id for _, model_id in origins(recipe))]


def _kind(row: UnifiedModel) -> str:
    return str((row.recipe or {}).get("kind", ""))


def _content(place: Placement) -> str:
    return place.digest or f"version {place.version}"


def _is_ours(place: Placement) -> bool:
    """Whether a model runs on a host of ours."""
    source = source_classes().get(place.source)
    return source is not None and source.takes_slot(place)
