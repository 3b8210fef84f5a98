"""What a variant does, in plain words. Pure, but for the rows that it reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments_app.models import Variant
from unified_app.parameters import ALIASES, PARAMETERS
from unified_app.recipes import ENSEMBLE, REALISED

SHOWN = 40
STRATEGIES = {
    "majority_vote": "Every member answers; the answer that most of them give wins, each with its weight.",
    "best_of_n": "Every member answers, several times if asked to, and the judge chooses the best answer.",
    "cascade": "The first member answers; the next one is asked only when the answer before is not sure enough.",
    "fan_out": "Every member answers, and one model sums the answers up.",
}
TYPES = {
    "parameter_tuning": "parameters",
    "prompt_engineering": "prompt",
    "fine_tuning": "adapter",
    "ensemble": "ensemble",
}


def change_line(recipe: Mapping[str, Any] | None) -> str:
    """Return what a recipe changes in one line: `temperature 0.2, top_p 0.9`, `3 members, majority vote`."""
    recipe = recipe or {}
    if recipe.get("kind") == ENSEMBLE:
        return ", ".join(_ensemble(recipe))
    parts = [f"{name} {value}" for name, value, _ in parameters(recipe)]
    if system := recipe.get("system"):
        parts.append(f"system prompt “{clipped(system)}”")
    if recipe.get("template"):
        parts.append("a template")
    if count := len(recipe.get("messages") or ()):
        parts.append(f"{count} example message{'s' * (count != 1)}")
    if adapter := recipe.get("adapter"):
        parts.append(f"adapter {str(adapter)[:12]}")
    return ", ".join(parts) or "nothing"


def _ensemble(recipe: Mapping[str, Any]) -> list[str]:
    count = len(recipe.get("members") or ())
    found = [f"{count} member{'s' * (count != 1)}", str(recipe.get("strategy", "")).replace("_", " ")]
    found += [f"{name} {recipe[name]}" for name in ("n", "threshold") if name in recipe]
    return found + ["with a judge"] * bool(recipe.get("judge"))


def short(value: Any) -> str:
    """Return a parameter's value as one would say it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return " or ".join(f"“{clipped(str(item).replace(chr(10), '⏎'))}”" for item in value)
    if isinstance(value, dict):
        return str(value.get("type") or f"of {len(value)}")
    return f"{value:g}" if isinstance(value, float) else str(value)


def clipped(text: str, length: int = SHOWN) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= length else f"{flat[: length - 1].rstrip()}…"


def parameters(recipe: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return (name, value, what it means) of the parameters that a recipe pins."""
    given = ordered(recipe.get("parameters") or {})
    return [(name, short(value), PARAMETERS[name].note if name in PARAMETERS else "") for name, value in given]


def ordered(given: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return parameters in the order of their table, since a database keeps none."""
    places = {name: at for at, name in enumerate(PARAMETERS)}
    return sorted(given.items(), key=lambda item: places.get(ALIASES.get(item[0], item[0]), len(places)))


def search_line(given: Mapping[str, Any]) -> str:
    """Return what a search tried: `grid of temperature 0.2, 0.8 and seed 1, 2`; "" when it was none."""
    search = given.get("search") if isinstance(given, Mapping) else None
    if not isinstance(search, Mapping):
        return ""
    space = search.get("space") or {}
    told = " and ".join(f"{name} {_values(values)}" for name, values in ordered(space))
    return f"{'grid' if search.get('method') == 'grid' else 'random points'} of {told}"


def _values(values: Any) -> str:
    told = [short(value) for value in values[:6]]
    return ", ".join(told) + (f" and {len(values) - 6} more" if len(values) > 6 else "")


def description(variant: Variant) -> str:
    """Return what somebody wrote of it; what the registry writes by itself only repeats type and base."""
    told = (variant.model.description or "") if variant.model else ""
    kind = variant.experiment.experiment_type.replace("_", " ").capitalize()
    return "" if told == f"{kind} of {variant.experiment.base.name}." else told


def state_of(variant: Variant) -> tuple[str, str]:
    """Return the state's word for its shape, and what is said."""
    shown = variant.shown_status
    is_pending = variant.model is not None and (variant.model.recipe or {}).get("kind") == REALISED
    if is_pending and not variant.realised and shown == Variant.Status.ACTIVE:
        return "queued", f"being made on {variant.host}"
    if variant.is_lost and shown in (Variant.Status.ACTIVE, Variant.Status.PROMOTED):
        return "failed", f"{variant.host} lost its model"
    return shown, shown
