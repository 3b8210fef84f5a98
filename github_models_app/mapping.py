"""The rule by which a catalog row becomes a model of the registry. Pure.

| the catalog tells | the registry keeps |
|---|---|
| id | name; a name never changes its case, look-ups do not mind it |
| `text` among the output modalities | capability text_generation |
| `embeddings` among the output modalities | capability text_embedding |
| `image` among the output modalities | capability image_generation |
| `image` among the input modalities | capability vision |
| `audio` among the input modalities | capability audio |
| capability `tool-calling` | capability function_calling |
| capability or tag `reasoning` | capability reasoning |
| none of these, and no output modality either | capabilities unknown, category external |
| limits.max_input_tokens | context_length |
| summary | description |
| version, publisher, tier, limits, modalities | version and parameters |

The category follows from the capabilities like that of any model (unified_app.categories): embedding, vision,
thinking, tools, in this order. `cloud` means Ollama's cloud models and is none of these: every model here is remote,
so it would tell nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

from github_models_app.addresses import routes
from github_models_app.catalog import GitHubModel
from unified_app.categories import primary_category
from unified_app.model_objects import PlacementObject, UnifiedModelObject

SOURCE = "github"
PLACE = "github"
PROTOCOL = "openai"
_MADE = {"text": "text_generation", "embeddings": "text_embedding", "image": "image_generation"}
_TAKEN = {"image": "vision", "audio": "audio"}


def capabilities_of(model: GitHubModel) -> list[str] | None:
    """Return what the model can do; None when the catalog does not tell."""
    found = {_MADE[name] for name in model.output_modalities if name in _MADE}
    found |= {_TAKEN[name] for name in model.input_modalities if name in _TAKEN}
    if "tool-calling" in model.capabilities:
        found.add("function_calling")
    if "reasoning" in model.capabilities or "reasoning" in model.tags:
        found.add("reasoning")
    return sorted(found) if found or model.output_modalities else None


def parameters_of(model: GitHubModel) -> dict[str, Any]:
    """Return what is told of the model beside its columns."""
    return {
        "title": model.name,
        "publisher": model.publisher,
        "rate_limit_tier": model.rate_limit_tier,
        "limits": model.limits,
        "max_output_tokens": model.max_output_tokens,
        "modalities": {"input": list(model.input_modalities), "output": list(model.output_modalities)},
        "catalog_capabilities": list(model.capabilities),
        "catalog_tags": list(model.tags),
    }


def digest_of(model: GitHubModel) -> str:
    """Return what stands for the content behind the name; the catalog tells no digest, only a version."""
    return hashlib.sha256(f"{model.key}\0{model.version}".encode()).hexdigest()


def to_unified(model: GitHubModel, base_url: str) -> UnifiedModelObject:
    """Return the model as the registry takes it, with its one placement at the service of `base_url`."""
    abilities = capabilities_of(model)
    at = routes(base_url)
    return UnifiedModelObject(
        name=model.id,
        version=model.version,
        category=primary_category(abilities, is_cloud=False),
        source=SOURCE,
        capabilities=abilities,
        parameters=parameters_of(model),
        endpoint=at.embeddings if embeds(abilities) else at.chat,
        description=model.summary,
        context_length=model.max_input_tokens,
        placements=[
            PlacementObject(
                place=PLACE,
                upstream_name=model.id,
                base_url=base_url,
                protocol=PROTOCOL,
                digest=digest_of(model),
                version=model.version,
                credential="setting:GITHUB_TOKEN",
            )
        ],
    )


def embeds(capabilities: Collection[str] | None) -> bool:
    """Whether a model is called by its embeddings: it makes them, and no text."""
    found = capabilities or ()
    return "text_embedding" in found and "text_generation" not in found
