"""What MLflow is told of a variant, as plain data: parameters, tags, files, names. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from experiments_app.modelfile import BadFile, Parts, write_modelfile
from experiments_app.objects import ModelVariant
from unified_app.recipes import PARTS

# MLflow's own limits; the whole recipe stands in recipe.json.
MAX_VALUE = 6_000
MAX_KEY = 250
MAX_NAME = 200
MODEL_TAG, MADE_TAG = "registry.model_id", "registry.made"
RECIPE, MODELFILE, DIGESTS = "recipe.json", "Modelfile", "digests.json"


@dataclass(frozen=True)
class Record:
    """A variant as it is logged; `base_model` is the base's name, `told` are the aliases that MLflow has of us."""

    variant: ModelVariant
    base_model: str
    description: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    aliases: Sequence[str] = ()
    told: Sequence[str] = ()

    @property
    def params(self) -> dict[str, str]:
        return flatten(self.variant.recipe)

    @property
    def tags(self) -> dict[str, str]:
        return {
            MODEL_TAG: self.variant.id,
            MADE_TAG: self.variant.made,
            "registry.base_model": self.base_model,
            "registry.experiment_type": self.variant.experiment_type,
            "registry.name": self.variant.name[:MAX_VALUE],
            "registry.status": self.variant.status,
        }


def flatten(recipe: Mapping[str, Any]) -> dict[str, str]:
    """Return a recipe as MLflow's parameters: `parameters.temperature`, `members.0.model`.

    What is null is left out, since a parameter that is told once cannot change.
    """
    return {_key(path): value[:MAX_VALUE] for path, value in _leaves(recipe, "")}


def registered_name(name: str) -> str:
    """Return what MLflow's model registry calls the variant; `/` and `:` stand for other things there."""
    return re.sub(r"[/:]", "_", name)[:MAX_NAME]


def logged_name(name: str) -> str:
    """Return what MLflow calls the logged model; more characters are taken there."""
    return re.sub(r"[/:.%\"']", "_", name)[:MAX_NAME]


def alias_name(name: str) -> str:
    """Return an alias as MLflow takes it: it keeps `latest`, `v1`, `v2`, ... for itself."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:MAX_NAME]
    return f"alias_{plain}" if re.fullmatch(r"(?i)v\d+|latest", plain) else plain


def recipe_file(recipe: Mapping[str, Any]) -> str:
    return json.dumps(recipe, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def modelfile(recipe: Mapping[str, Any], base_model: str) -> str:
    """Return the recipe as Ollama's Modelfile; what Ollama has no word for is a comment."""
    if "members" in recipe:
        return f"# An ensemble runs in the gateway and has no Modelfile: see {RECIPE}.\n"
    told = {name: recipe[name] for name in PARTS if recipe.get(name)}
    try:
        return write_modelfile(Parts(base=base_model, adapter=recipe.get("adapter") or "", **told))
    except BadFile as error:
        return f"# {error} See {RECIPE}.\n"


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _leaves(part, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and any(isinstance(part, dict) for part in value):
        for at, part in enumerate(value):
            yield from _leaves(part, f"{path}.{at}")
    elif isinstance(value, str):
        yield path, value
    elif value is not None:
        yield path, json.dumps(value, ensure_ascii=False)


def _key(path: str) -> str:
    return re.sub(r"[^A-Za-z0-9_\-. :/]", "_", path)[:MAX_KEY]
