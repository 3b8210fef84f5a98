"""What all generators of variants have in common: from a base and a configuration to recipes. Pure, but for `known`.

Everything that is wrong is an InvalidInput that names the field and says what to do.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

from experiments_app.facts import Known, ModelFacts, Registry
from experiments_app.objects import ModelVariant
from experiments_app.validation import Problems, check_parameters
from unified_app.errors import InvalidInput
from unified_app.recipes import MAX_DEPTH, OVERLAY, REALISED

Config = Mapping[str, Any]


class BaseVariantGenerator(ABC):
    """`config` is what the API calls `parameters`; `host` asks for a model of its own on that Ollama host."""

    experiment_type: ClassVar[str]

    def __init__(self, known: Known | None = None) -> None:
        self.known = known or Registry()

    def knowing(self, known: Known) -> Self:
        """Return the same generator that looks things up in `known`."""
        other = copy.copy(self)
        other.known = known
        return other

    def generate_variant(self, base_model: ModelFacts | str, config: Config, *, host: str = "") -> ModelVariant:
        """Return the one variant that `config` describes. Raises InvalidInput, NotFound."""
        found = self.generate_variants(base_model, config, host=host)
        if len(found) != 1:
            message = f"This search makes {len(found)} variants; ask for all of them."
            raise InvalidInput(f"parameters.search: {message}", details={"parameters.search": [message]})
        return found[0]

    def generate_variants(self, base_model: ModelFacts | str, config: Config, *, host: str = "") -> list[ModelVariant]:
        """Return the family that `config` describes: one, unless it is a search."""
        check_parameters(self.experiment_type, config)
        base = self.known.model(base_model) if isinstance(base_model, str) else base_model
        return self.decide(base, config, host=host)

    def decide(self, base: ModelFacts, config: Config, *, host: str = "") -> list[ModelVariant]:
        """Like `generate_variants`, for what its schema has taken already."""
        problems = Problems()
        self.check_base(base, host, problems)
        self.check(base, config, host, problems)
        problems.refuse()
        return [self.variant(base, config, recipe) for recipe in self.recipes(base, config, host)]

    @abstractmethod
    def check(self, base: ModelFacts, config: Config, host: str, problems: Problems) -> None:
        """Add what a schema cannot see."""

    @abstractmethod
    def recipes(self, base: ModelFacts, config: Config, host: str) -> Iterable[dict[str, Any]]:
        """Return the recipe of each variant."""

    def check_base(self, base: ModelFacts, host: str, problems: Problems) -> None:
        if base.is_retired:
            problems.add("base_model", f"{base.name} is retired. Choose a model that is available.")
        if base.depth >= MAX_DEPTH:
            text = f"{base.name} is {MAX_DEPTH} recipes deep already, which is the most. Build on its base instead."
            problems.add("base_model", text)
        if host and base.is_program:
            problems.add("realise", "An ensemble runs in the gateway and cannot be put on a host. Leave realise out.")
        elif host and host not in base.hosts:
            problems.add("realise.host", no_host(base, host))

    def variant(self, base: ModelFacts, config: Config, recipe: dict[str, Any]) -> ModelVariant:
        """Return the variant of one recipe; it can do what its base can."""
        return ModelVariant(
            base_model=base.id,
            experiment_type=self.experiment_type,
            parameters=dict(config),
            recipe=recipe,
            category=base.category,
            categories=base.categories or (base.category,),
            capabilities=base.capabilities,
            context_length=base.context_length,
            endpoint=base.endpoint,
            facts=base.parameters,
        )


def no_host(base: ModelFacts, host: str) -> str:
    if not base.hosts:
        return f"{base.name} is on no Ollama host, so it cannot be realised there. Leave realise out."
    return f"{base.name} is not on an Ollama host named {host!r}. Hosts that have it: {', '.join(base.hosts)}."


def laid_over(base: ModelFacts, parts: dict[str, Any], host: str) -> dict[str, Any]:
    """Return the recipe: an overlay, or a model of its own when a host is to hold it."""
    if not host:
        return {"kind": OVERLAY, "base": base.id, **parts}
    return {"kind": REALISED, "base": base.id, "model": None, "host": host, "upstream_name": "", **parts}
