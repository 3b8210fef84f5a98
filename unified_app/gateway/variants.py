"""What variants are called like: the routes, state and limits of what they run on, under their own name. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from unified_app.gateway.entries import ModelEntry
from unified_app.parameters import BOTH, OLLAMA, PARAMETERS
from unified_app.programs import Program
from unified_app.recipes import ENSEMBLE, MAX_DEPTH, OVERLAY, REALISED, Recipe, at_ollama, compose
from unified_app.templates import NEEDS_A_PLACE

# A recipe that changes nothing of a call.
NOTHING: Recipe = {}


class Variants:
    """`models` are all models as if they were none's variant, `recipes` those of the variants by id."""

    def __init__(
        self,
        models: Mapping[str, ModelEntry],
        recipes: Mapping[str, Recipe],
        programs: Mapping[str, Program],
        unmade: Mapping[str, str],
    ) -> None:
        self._models = models
        self._recipes = recipes
        self._programs = programs
        self._unmade = unmade

    def entries(self) -> dict[str, ModelEntry]:
        return {model_id: self._entry(model_id) for model_id in self._recipes if model_id in self._models}

    def _entry(self, model_id: str) -> ModelEntry:
        entry, recipe = self._models[model_id], self._recipes[model_id]
        overlay: Recipe = NOTHING
        for depth in range(1, MAX_DEPTH + 1):
            kind = recipe.get("kind")
            if kind != OVERLAY:
                return self._ending(entry, model_id, recipe, overlay, depth)
            overlay = compose(overlay, recipe) if overlay else recipe
            model_id = str(recipe.get("base"))
            if model_id not in self._recipes:
                return self._on(entry, model_id, overlay, depth)
            recipe = self._recipes[model_id]
        return _away(entry, f"It stands on more than {MAX_DEPTH} recipes, or on itself.")

    def _ending(self, entry: ModelEntry, model_id: str, recipe: Recipe, overlay: Recipe, depth: int) -> ModelEntry:
        """Return the variant whose chain ends at a recipe that is no overlay."""
        if recipe.get("kind") == REALISED:
            if made := recipe.get("model"):
                return self._on(entry, made, overlay, depth)
            return _away(entry, self._unmade.get(model_id) or f"It is being made on host {recipe.get('host')}.")
        program = self._programs.get(model_id)
        if recipe.get("kind") != ENSEMBLE or program is None:
            return _away(entry, "Nothing here runs its recipe.")
        if problem := self._gone(model_id):
            return _away(entry, problem)
        root = self._models[model_id]
        return replace(
            entry,
            timeout=root.timeout,
            max_concurrent=root.max_concurrent,
            max_queue=root.max_queue,
            runs_on=model_id,
            program=program,
            overlay=by_protocol(overlay),
            depth=depth,
            away="",
        )

    def _on(self, entry: ModelEntry, root_id: str, overlay: Recipe, depth: int) -> ModelEntry:
        """Return the variant as one that is called at the places of `root_id`."""
        if problem := self._gone(root_id):
            return _away(entry, problem)
        root = self._models[root_id]
        return replace(
            root,
            id=entry.id,
            name=entry.name,
            version=entry.version,
            created=entry.created,
            category=entry.category,
            capabilities=_able(entry.capabilities or root.capabilities, overlay, root),
            context_length=entry.context_length or root.context_length,
            retired=entry.retired,
            hidden=entry.hidden,
            runs_on=root_id,
            overlay=by_protocol(overlay, root),
            depth=depth,
        )

    def _gone(self, model_id: str) -> str:
        root = self._models.get(model_id)
        if root is None:
            return f"There is no model {model_id} any more."
        return f"{root.name}, on which it runs, is retired." if root.retired else ""


def by_protocol(overlay: Recipe, root: ModelEntry | None = None) -> dict[str, Recipe]:
    """Return the overlay for each kind of upstream: without the parameters that only the other kind knows.

    An Ollama host adds what `root` says by itself, so the overlay for it knows that.
    """
    found = {protocol: _for(overlay, protocol) for protocol in sorted(BOTH)}
    return found | {OLLAMA: at_ollama(found[OLLAMA], _own_prompt(root) if root else {})}


def _able(capabilities: tuple[str, ...], overlay: Recipe, root: ModelEntry) -> tuple[str, ...]:
    """Return what the variant can do: on Ollama hosts its template takes the place of the one that its base has."""
    if not overlay.get("template") or any(route.upstream.protocol != OLLAMA for route in root.routes):
        return capabilities
    return tuple(name for name in capabilities if name not in NEEDS_A_PLACE)


def _own_prompt(root: ModelEntry) -> dict[str, Any]:
    """Return the system text and the example messages that a model itself has, such as its Modelfile's."""
    told = {name: root.parameters.get(f"default_{name}") for name in ("system", "messages")}
    return {name: value for name, value in told.items() if value}


def _for(overlay: Recipe, protocol: str) -> Recipe:
    parameters: Mapping[str, Any] = overlay.get("parameters") or {}
    kept = {n: v for n, v in parameters.items() if n not in PARAMETERS or protocol in PARAMETERS[n].protocols}
    return overlay if len(kept) == len(parameters) else {**overlay, "parameters": kept}


def _away(entry: ModelEntry, why: str) -> ModelEntry:
    # A variant has no place of its own, whatever its row may have had.
    return replace(entry, routes=(), away=why, overlay=by_protocol(NOTHING))
