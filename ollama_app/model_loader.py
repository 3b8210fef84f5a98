"""Turns an Ollama host's models into the registry's objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ollama_app.category_loader import OllamaCategoryLoader, OllamaModel, parameters_of
from unified_app.errors import NotFound
from unified_app.model_objects import PlacementObject, RejectedRow, UnifiedModelObject
from unified_app.naming import name_key

VERSION_DIGITS = 12


class OllamaModelLoader:
    """Loads models of the host that the category loader reads."""

    def __init__(self, category_loader: OllamaCategoryLoader) -> None:
        self.category_loader = category_loader

    def load_model(self, model_name: str) -> OllamaModel:
        """Return one model. Raises NotFound when the host does not have it."""
        return self.category_loader.find(model_name)

    def load_models_batch(self, model_names: Iterable[str]) -> list[OllamaModel]:
        """Return the named models, in that order, from one listing. Raises NotFound naming what is missing."""
        names = list(model_names)
        keys = {name_key(name) for name in names}
        rows = self.category_loader.listing(lambda tag: name_key(tag.name) in keys)
        listed = {name_key(row.tag.name): row for row in rows if isinstance(row, OllamaModel)}
        missing = [name for name in names if name_key(name) not in listed]
        if missing:
            raise NotFound(f"The host at {self.category_loader.base_url} lacks: {', '.join(missing)}.")
        return [listed[name_key(name)] for name in names]

    def validate_model(self, model_name: str) -> bool:
        """Whether the host has the model now. An unreadable host is an error, not False."""
        try:
            self.load_model(model_name)
        except NotFound:
            return False
        return True

    def load_all(self) -> Iterator[OllamaModel | RejectedRow]:
        """Yield everything that the host lists."""
        return self.category_loader.listing()


def to_unified(model: OllamaModel, *, place: str, base_url: str, credential: str) -> UnifiedModelObject:
    """Return a host's model as the registry takes it, with its one placement."""
    tag = model.tag
    version = tag.digest[:VERSION_DIGITS]
    route = "embed" if model.primary == "embedding" else "generate"
    return UnifiedModelObject(
        name=tag.name,
        version=version,
        ollama_name=tag.name,
        category=model.primary,
        source="ollama",
        capabilities=model.capabilities,
        parameters=parameters_of(model),
        endpoint=f"{base_url}/api/{route}",
        description=describe(model),
        is_cloud=model.is_cloud,
        size=tag.size,
        context_length=model.context_length,
        placements=[
            PlacementObject(
                place=place,
                upstream_name=tag.name,
                base_url=base_url,
                protocol="ollama",
                digest=tag.digest,
                version=version,
                size=tag.size,
                modified_at=tag.modified_at,
                credential=credential,
            )
        ],
    )


def describe(model: OllamaModel) -> str:
    """Return one plain line: size, family, quantisation and where it runs."""
    tag = model.tag
    words = [tag.parameter_size, tag.family, "embedding model" if model.primary == "embedding" else "model"]
    line = " ".join(word for word in words if word)
    if tag.quantization and tag.quantization != "unknown":
        line += f", {tag.quantization}"
    if model.is_cloud:
        host = (tag.remote_host or "a cloud").removeprefix("https://").removesuffix(":443")
        line += f", runs at {host}"
    return line[:1].upper() + line[1:]
