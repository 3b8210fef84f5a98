"""What a model is made from and what is made from it, at any distance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from unified_app.models import ModelOrigin, UnifiedModel
from unified_app.recipes import MAX_DEPTH


def lineage(model: UnifiedModel) -> dict[str, list[dict[str, Any]]]:
    """Return `ancestors` and `descendants`, the near ones first; a query for each level, of which there are few.

    `depth` counts the steps, `role` is what the ancestor was to its variant, or the descendant's origin to it,
    and `of` is the id of the model at the other end of that step.
    """
    return {
        "ancestors": _walk(model.pk, near="model", far="origin"),
        "descendants": _walk(model.pk, near="origin", far="model"),
    }


def _walk(start: str, *, near: str, far: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    seen, level = {start}, {start}
    # One more than may be built, so that a chain that is too deep is seen.
    for depth in range(1, MAX_DEPTH + 2):
        steps = ModelOrigin.objects.filter(**{f"{near}__in": level}).select_related(far).order_by("pk")
        told = [(getattr(step, far), step.role, getattr(step, f"{near}_id")) for step in steps]
        found += [_row(model, role, of, depth) for model, role, of in _first_of_each(told) if model.pk not in seen]
        level = {model.pk for model, _, _ in told} - seen
        seen |= level
        if not level:
            break
    return found


def _first_of_each(steps: Iterable[tuple[UnifiedModel, str, str]]) -> list[tuple[UnifiedModel, str, str]]:
    """A judge may be a member too, and a member belong to several: each step of the level stands, once."""
    return list({(model.pk, role, of): (model, role, of) for model, role, of in steps}.values())


def _row(model: UnifiedModel, role: str, of: str, depth: int) -> dict[str, Any]:
    return {
        "id": model.pk,
        "name": model.name,
        "role": role,
        "of": of,
        "depth": depth,
        "model_type": model.model_type,
        "status": model.status,
    }
