"""What differs between a variant and its base, or between two variants, by path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unified_app import rows
from unified_app.models import UnifiedModel
from unified_app.recipes import ENSEMBLE, MAX_DEPTH, compose

# Where a variant stands and what it is called tells nothing of what it does.
_LEFT_OUT = ("kind", "base", "model", "host", "upstream_name")
_MISSING = object()


def diff(variant: UnifiedModel, other: UnifiedModel | None = None) -> list[dict[str, Any]]:
    """Return [{path, base, variant}] against `other`, or against the variant's base; a few queries."""
    against = other if other is not None else _base_of(variant)
    return compared(effective(against) if against else {}, effective(variant))


def compared(base: Mapping[str, Any], variant: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the paths at which two nested values differ, in order; null where one has nothing. Pure."""
    before, after = flat(base), flat(variant)
    return [
        {"path": path, "base": before.get(path), "variant": after.get(path)}
        for path in sorted(before.keys() | after.keys())
        if before.get(path, _MISSING) != after.get(path, _MISSING)
    ]


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Return {path: leaf}, such as `parameters.temperature` and `messages.0.content`. A list of texts is one leaf."""
    if isinstance(value, Mapping):
        items = [(str(name), item) for name, item in value.items()]
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        items = [(str(index), item) for index, item in enumerate(value)]
    else:
        return {path: value}
    found: dict[str, Any] = {}
    for name, item in items:
        found |= flat(item, f"{path}.{name}" if path else name)
    return found


def effective(model: UnifiedModel) -> dict[str, Any]:
    """Return what a model does by itself: its own recipe laid over all that its bases say."""
    recipe = model.recipe
    for _ in range(MAX_DEPTH):
        base = _base_of(model)
        if recipe is None or base is None:
            break
        recipe, model = compose_known(recipe, base), base
    return {name: value for name, value in (recipe or _own(model)).items() if name not in _LEFT_OUT and value}


def compose_known(recipe: Mapping[str, Any], base: UnifiedModel) -> dict[str, Any]:
    """Return the recipe laid over its base's: a variant's recipe, or what a model's source tells of it."""
    inner = base.recipe or {**_own(base), "base": base.pk}
    if inner.get("kind") == ENSEMBLE:
        inner = {"base": base.pk}
    merged = compose(recipe, {**inner, "base": inner.get("base") or base.pk})
    return {**merged, **({"adapter": recipe["adapter"]} if recipe.get("adapter") else {})}


def _own(model: UnifiedModel) -> dict[str, Any]:
    """Return a source's model as if it were an overlay: its own parameters, system text and template."""
    texts = _texts(model)
    own = {name: texts[name] for name in ("system", "template") if texts.get(name)}
    return {"parameters": _renamed(model.parameters.get("default_parameters") or {}), **own}


def _texts(model: UnifiedModel) -> dict[str, str]:
    listed = UnifiedModel.objects.listed().filter(pk=model.pk).first()
    return rows.texts_of(listed) if listed else {}


def _renamed(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {("max_tokens" if name == "num_predict" else name): value for name, value in parameters.items()}


def _base_of(model: UnifiedModel) -> UnifiedModel | None:
    base_id = (model.recipe or {}).get("base")
    return UnifiedModel.objects.filter(pk=base_id).first() if base_id else None
