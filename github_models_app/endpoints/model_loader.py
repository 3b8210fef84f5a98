"""From what a server tells of a model to the registry's value. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from github_models_app.endpoints.listings.facts import Facts
from github_models_app.endpoints.listings.reading import Told
from unified_app.model_objects import PlacementObject, RejectedRow, UnifiedModelObject
from unified_app.naming import name_key

NOTHING = Facts()


def models_of(told: Told, typed: Sequence[str]) -> Iterator[tuple[str, Facts] | RejectedRow]:
    """Yield the models of an endpoint: exactly those typed in, if any are, else those that it lists.

    A row that is not right is no news where the names are typed in.
    """
    if not typed:
        yield from told.rejected
        yield from told.models.items()
        return
    by_key = {name_key(name): facts for name, facts in told.models.items()}
    for name in typed:
        yield name, by_key.get(name_key(name), NOTHING)


def to_unified(name: str, facts: Facts, *, endpoint: str, base: str, credential: str) -> UnifiedModelObject:
    """Return one model of the endpoint called `endpoint`, whose API is at `base`."""
    version = facts.version or "1"
    return UnifiedModelObject(
        name=f"{endpoint}/{name}",
        version=version,
        source="external",
        capabilities=None if facts.capabilities is None else list(facts.capabilities),
        parameters=facts.parameters,
        endpoint=f"{base}{_path(facts)}",
        description=facts.description,
        size=facts.size,
        context_length=facts.context_length,
        placements=[
            PlacementObject(
                place=endpoint,
                upstream_name=name,
                base_url=base,
                protocol="openai",
                digest=facts.digest,
                version=version,
                size=facts.size,
                modified_at=facts.modified_at,
                credential=credential,
            )
        ],
    )


def _path(facts: Facts) -> str:
    """A model of which nothing is known is most likely one to chat with."""
    can = facts.capabilities or ()
    return "/embeddings" if "text_embedding" in can and "text_generation" not in can else "/chat/completions"
