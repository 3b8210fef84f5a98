"""What variants are called, and the ids of their models."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.db.models.functions import Lower

from unified_app.errors import InvalidInput
from unified_app.models import Alias, UnifiedModel
from unified_app.naming import name_key, slug

_WORDS = {"parameter_tuning": "tuning", "prompt_engineering": "prompt", "fine_tuning": "lora", "ensemble": "ensemble"}


def model_id(base_name: str, number: int) -> str:
    """Return the id of a variant's model: `exp_llama3_1_8b_12`."""
    return f"{id_prefix(base_name)}{number}"


def id_prefix(base_name: str) -> str:
    return f"exp_{slug(base_name)}_"


def names(wanted: str, base_name: str, experiment_type: str, numbers: Sequence[int]) -> list[str]:
    """Return a free name for each variant: the wanted one, numbered when there are several, or one made of its base's.

    Raises InvalidInput when a wanted name is taken.
    """
    if not wanted:
        return _first_free([f"{base_name}+{_WORDS[experiment_type]}-{number}" for number in numbers])
    found = [wanted] if len(numbers) == 1 else [f"{wanted}-{at}" for at in range(1, len(numbers) + 1)]
    if taken := sorted(_taken(found)):
        message = f"A model or alias is called {', '.join(taken[:3])} already. Choose another name."
        raise InvalidInput(f"name: {message}", details={"name": [message]})
    return found


def upstream_name(name: str, number: int) -> str:
    """Return what an Ollama host calls a realised variant; its names have fewer characters, and a tag."""
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.")[:80] or "variant"
    return f"{plain}:v{number}"


def _first_free(found: list[str]) -> list[str]:
    names, mark = list(found), 2
    while taken := _taken(names):
        names = [f"{first}-{mark}" if name in taken else name for first, name in zip(found, names, strict=True)]
        mark += 1
    return names


def _taken(wanted: list[str]) -> set[str]:
    """Return those that a model or an alias has, whatever their case; also as an id, which would come first."""
    keys = {name: name_key(name) for name in wanted}
    models = UnifiedModel.objects.order_by()
    used = set(models.filter(name_key__in=keys.values()).values_list("name_key", flat=True))
    ids = set(models.filter(pk__in=wanted).values_list("pk", flat=True))
    folded = Alias.objects.annotate(folded=Lower("name")).filter(folded__in=[name.lower() for name in wanted])
    aliases = set(folded.order_by().values_list("folded", flat=True))
    return {name for name, key in keys.items() if key in used or name in ids or name.lower() in aliases}
