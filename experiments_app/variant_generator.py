"""The four kinds of variants: from a base and what is wanted of it to recipes. Pure, but for what `known` looks up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from experiments_app import searching
from experiments_app.base_generator import BaseVariantGenerator, Config, laid_over
from experiments_app.ensemble_generator import EnsembleGenerator
from experiments_app.facts import AdapterFacts, ModelFacts
from experiments_app.objects import ModelVariant
from experiments_app.validation import Problems
from unified_app.parameters import LOADING, OPTIONS, canonical, contradictions, unobeyed
from unified_app.recipes import PARTS
from unified_app.templates import problem_of


class ParameterTuningGenerator(BaseVariantGenerator):
    """Fixed parameters, or a search that makes a family."""

    experiment_type = "parameter_tuning"

    def check(self, base: ModelFacts, config: Config, host: str, problems: Problems) -> None:
        fixed, search = _split(config)
        _check_parameters(fixed, base, host, problems, "parameters.")
        if not search:
            return
        searching.check(search, fixed, problems)
        if host:
            problems.add("realise", "A search makes many. Leave realise out, and realise the best point on its own.")
        for name, values in search["space"].items():
            for value in values:
                _check_parameters({name: value}, base, host, problems, f"{searching.AT}.space.", alone=False)

    def recipes(self, base: ModelFacts, config: Config, host: str) -> Iterable[dict[str, Any]]:
        fixed, search = _split(config)
        for point in searching.points(search) if search else [{}]:
            yield laid_over(base, {"parameters": canonical({**fixed, **point})}, host)

    def decide(self, base: ModelFacts, config: Config, *, host: str = "") -> list[ModelVariant]:
        found = super().decide(base, config, host=host)
        problems = Problems()
        for variant in found if "search" in config else []:
            for name, message in contradictions(variant.recipe["parameters"]).items():
                problems.add(f"{searching.AT}.space.{name}", message)
        problems.refuse()
        return found

    def variant(self, base: ModelFacts, config: Config, recipe: dict[str, Any]) -> ModelVariant:
        return super().variant(base, recipe["parameters"] if "search" in config else config, recipe)


class PromptEngineeringGenerator(BaseVariantGenerator):
    """A system text, a template, examples, stop texts."""

    experiment_type = "prompt_engineering"

    def check(self, base: ModelFacts, config: Config, host: str, problems: Problems) -> None:
        if not base.can_chat:
            problems.add(
                "base_model", f"{base.name} only embeds, and a prompt is for models that chat. Choose another."
            )
        if "template" in config and not host and (problem := problem_of(config["template"])):
            problems.add("parameters.template", problem)
        _check_parameters(_stop(config), base, host, problems, "parameters.")

    def recipes(self, base: ModelFacts, config: Config, host: str) -> Iterable[dict[str, Any]]:
        parts = {name: config[name] for name in PARTS if name in config}
        yield laid_over(base, {**parts, "parameters": canonical(_stop(config))}, host)


class FineTuningGenerator(BaseVariantGenerator):
    """An adapter that exists, put on an Ollama host beside its base."""

    experiment_type = "fine_tuning"

    def check(self, base: ModelFacts, config: Config, host: str, problems: Problems) -> None:
        if not base.hosts:
            problems.add("base_model", f"{base.name} is on no Ollama host, and only there an adapter can be put on it.")
        adapter = self.known.adapter(config["adapter"])
        if adapter is None:
            problems.add("parameters.adapter", "No adapter with this sha256 is here. Upload it to POST /api/adapters.")
        elif problem := _misfit(adapter, base) or self._refusals(adapter, base, host)[1]:
            problems.add("adapter", problem)

    def recipes(self, base: ModelFacts, config: Config, host: str) -> Iterable[dict[str, Any]]:
        parts = {"adapter": config["adapter"], "parameters": {}}
        adapter = self.known.adapter(config["adapter"])
        assert adapter is not None
        yield laid_over(base, parts, self._refusals(adapter, base, host)[0])

    def _refusals(self, adapter: AdapterFacts, base: ModelFacts, host: str) -> tuple[str, str]:
        """Return the first host that takes the adapter and "", or "" and why the first one does not."""
        said = {name: self.known.adapter_problem(name, adapter, base) for name in ([host] if host else base.hosts)}
        taking = next((name for name, problem in said.items() if not problem), "")
        return taking, "" if taking else next(iter(said.values()), "")


def _misfit(adapter: AdapterFacts, base: ModelFacts) -> str:
    """Return how an adapter does not fit its base; empty where neither tells."""
    if adapter.architecture and base.architectures and adapter.architecture.lower() not in base.architectures:
        told = ", ".join(sorted(base.architectures))
        return f"It is made for {adapter.architecture}, and {base.name} is {told}. Choose a base or adapter to fit."
    width = base.parameters.get("embedding_length")
    if adapter.width and isinstance(width, int) and adapter.width != width:
        return (
            f"It is made for models of width {adapter.width}, and {base.name} has {width}. Choose a base or adapter to "
            "fit."
        )
    return ""


def _split(config: Config) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return (what is fixed, the search or {})."""
    fixed = {name: value for name, value in config.items() if name != "search"}
    return fixed, dict(config.get("search") or {})


def _stop(config: Config) -> dict[str, Any]:
    return {"stop": config["stop"]} if "stop" in config else {}


def _check_parameters(
    given: Config, base: ModelFacts, host: str, problems: Problems, at: str, *, alone: bool = True
) -> None:
    """Add what is wrong with parameters together, at this base, and on a host that is to hold them."""
    wrong = contradictions(given)
    if not alone:
        wrong.pop("top_logprobs", None)
    found = canonical({name: value for name, value in given.items() if name not in wrong})
    spelled = {own: name for name in given for own in canonical({name: given[name]}) if name not in wrong}
    for own, message in unobeyed(found, base.protocols).items():
        wrong[spelled[own]] = message
    for own in found:
        if not base.can_chat and own not in LOADING:
            wrong[spelled[own]] = f"{base.name} only embeds: it obeys {', '.join(sorted(LOADING))}. Leave this out."
        elif host and own not in OPTIONS:
            wrong[spelled[own]] = "A model on a host cannot hold this. Leave it out, or leave realise out."
    for name, message in wrong.items():
        problems.add(at + name, message)


def all_generators() -> dict[str, BaseVariantGenerator]:
    """Return a generator for each experiment type."""
    kinds = (ParameterTuningGenerator, PromptEngineeringGenerator, FineTuningGenerator, EnsembleGenerator)
    return {kind.experiment_type: kind() for kind in kinds}


__all__ = [
    "BaseVariantGenerator",
    "EnsembleGenerator",
    "FineTuningGenerator",
    "ParameterTuningGenerator",
    "PromptEngineeringGenerator",
    "all_generators",
]
