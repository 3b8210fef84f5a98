"""Lists an Ollama host's models by category; asks `show` only for digests that are not known."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ollama_app.abilities import capabilities_of
from ollama_app.client import OllamaClient
from ollama_app.replies import ShowReply, TagRow
from unified_app.categories import all_categories, primary_category
from unified_app.errors import NotFound, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from unified_app.model_objects import RejectedRow
from unified_app.naming import name_key
from unified_app.upstream import JsonClient

# The categories that Ollama models can have, in the order of the specification.
OLLAMA_CATEGORIES = ("embedding", "vision", "tools", "thinking", "cloud")
# `show` calls at once; a real server spends about 85 ms of CPU on a first one.
SHOWS_AT_ONCE = 4
# After so many calls that time out or reach nobody, the host is not asked further in this reading.
MAX_DEAD_SHOWS = 3
# Nor after so many seconds: other hosts wait for this one. What was told is kept, so the next reading goes on.
SHOWS_SECONDS = 60.0


@dataclass(frozen=True)
class OllamaModel:
    """One model of one host: its row of tags, and what show told, if that is known."""

    tag: TagRow
    show: ShowReply | None
    capabilities: list[str] | None
    guessed: bool

    @property
    def is_cloud(self) -> bool:
        """Whether the host only forwards to a cloud: told by the remote host, never by the name."""
        return bool(self.tag.remote_host or (self.show and self.show.remote_host))

    @property
    def primary(self) -> str:
        return primary_category(self.capabilities, is_cloud=self.is_cloud)

    @property
    def categories(self) -> list[str]:
        return all_categories(self.capabilities, is_cloud=self.is_cloud, primary=self.primary)

    @property
    def context_length(self) -> int | None:
        """Tokens the model was trained for; what is in force on a host may be less."""
        return self.tag.context_length or (self.show.context_length if self.show else None)

    @property
    def embedding_length(self) -> int | None:
        return self.tag.embedding_length or (self.show.embedding_length if self.show else None)


class OllamaCategoryLoader:
    """Reads one host. `shown` maps digests to what show told before; what is asked anew is added to it.

    `details_of` names digests whose show is wanted for its own sake; without it show is asked only where tags
    does not tell the capabilities.
    """

    def __init__(
        self,
        ollama_base_url: str = "http://localhost:11434",
        *,
        client: OllamaClient | None = None,
        shown: MutableMapping[str, ShowReply] | None = None,
        details_of: Container[str] | None = None,
    ) -> None:
        self.base_url = ollama_base_url.rstrip("/")
        self.client = client or OllamaClient(JsonClient(self.base_url))
        self.shown: MutableMapping[str, ShowReply] = {} if shown is None else shown
        self.details_of = details_of
        self.failed_shows: dict[str, str] = {}
        # Whether some shows were left out because the host answered too slowly.
        self.gave_up = False
        self._dead_shows = 0
        self._shows_end = 0.0

    def load_models_by_category(self, category: str) -> list[dict[str, Any]]:
        """Return the models that can do `category`: name, size (bytes), digest, capabilities, parameters.

        Raises NotFound for an unknown category and an UpstreamError when the host cannot be read.
        """
        check_category(category)
        return [model_dict(m) for m in self._models() if category in m.categories]

    def sync_all_categories(self) -> dict[str, list[dict[str, Any]]]:
        """Return every category with its models, from one listing of the host."""
        models = list(self._models())
        return {c: [model_dict(m) for m in models if c in m.categories] for c in OLLAMA_CATEGORIES}

    def get_model_details(self, model_name: str) -> dict[str, Any]:
        """Return all that the host tells of one model. Raises NotFound when it does not have it."""
        model = self.find(model_name)
        show = self.client.show(model.tag.name)
        self.shown[model.tag.digest] = show
        shown = _with_show(model.tag, show)
        return model_dict(shown) | {"category": shown.primary, **show.texts}

    def find(self, model_name: str) -> OllamaModel:
        """Return one listed model by name; `:latest` may be left out and case does not matter."""
        key = name_key(model_name)
        for model in self._models(lambda tag: name_key(tag.name) == key):
            return model
        raise NotFound(f"The host at {self.base_url} has no model {model_name!r}.")

    def listing(self, wanted: Callable[[TagRow], bool] = lambda tag: True) -> Iterator[OllamaModel | RejectedRow]:
        """Yield every wanted row of the host, complete enough to be registered, and each that cannot be used.

        The order does not depend on that of tags, which is not stable.
        """
        rows = self.client.tags()
        yield from (row for row in rows if isinstance(row, RejectedRow))
        tags = sorted((row for row in rows if isinstance(row, TagRow) and wanted(row)), key=_by_name)
        yield from self._ask_shows(tag for tag in tags if self._needs_show(tag))
        for tag in tags:
            yield _with_show(tag, self.shown.get(tag.digest))

    def _models(self, wanted: Callable[[TagRow], bool] = lambda tag: True) -> Iterator[OllamaModel]:
        return (row for row in self.listing(wanted) if isinstance(row, OllamaModel))

    def _needs_show(self, tag: TagRow) -> bool:
        if self.details_of is not None:
            return tag.digest in self.details_of and not (tag.remote_host and tag.capabilities)
        # show of a cloud model asks the cloud: too slow and too often refused for a sync to wait for it.
        return tag.digest not in self.shown and not tag.capabilities and not tag.remote_host

    def _ask_shows(self, tags: Iterable[TagRow]) -> Iterator[RejectedRow]:
        """Ask for each digest once, some at a time; yield a row for each that could not be read."""
        asked = list({tag.digest: tag for tag in tags}.values())
        if not asked:
            return
        self._dead_shows, self._shows_end = 0, time.monotonic() + SHOWS_SECONDS
        with ThreadPoolExecutor(SHOWS_AT_ONCE, thread_name_prefix="show") as pool:
            for failure in pool.map(self._ask_show, asked):
                # Without its details a model whose tags are complete is still whole.
                if failure and self.details_of is None:
                    yield failure

    def _ask_show(self, tag: TagRow) -> RejectedRow | None:
        if self._dead_shows >= MAX_DEAD_SHOWS or time.monotonic() > self._shows_end:
            self.gave_up = True
            return RejectedRow(tag.name, "not asked: the host answers too slowly", "upstream_timeout", kept=True)
        try:
            self.shown[tag.digest] = self.client.show(tag.name)
        except UpstreamError as error:
            # Another thread's count may be lost here; that costs one call more.
            self._dead_shows += isinstance(error, UpstreamTimeout | UpstreamUnreachable)
            self.failed_shows[tag.digest] = error.message
            return RejectedRow(tag.name, error.message, error.code, kept=True)
        return None


def check_category(category: str) -> None:
    """Raise NotFound, naming the valid ones, for a category that Ollama models cannot have."""
    if category not in OLLAMA_CATEGORIES:
        valid = ", ".join(OLLAMA_CATEGORIES)
        raise NotFound(f"There is no category {category!r}. Categories are: {valid}.")


def model_dict(model: OllamaModel) -> dict[str, Any]:
    """Return one model as the specification spells it: hyphens in capabilities, `sha256:` before the digest."""
    return {
        "name": model.tag.name,
        "size": model.tag.size,
        "digest": f"sha256:{model.tag.digest}",
        "capabilities": [c.replace("_", "-") for c in model.capabilities or []],
        "parameters": parameters_of(model),
    }


def parameters_of(model: OllamaModel) -> dict[str, Any]:
    """Return the facts of a model that the registry keeps as `parameters`; what is not told is left out."""
    tag, show = model.tag, model.show
    is_embedding = "text_embedding" in (model.capabilities or [])
    facts: dict[str, Any] = {
        "family": tag.family or (show.family if show else ""),
        "families": list(tag.families or (show.families if show else ())),
        "format": tag.format,
        "parameter_size": tag.parameter_size,
        "quantization": tag.quantization,
        "parent_model": tag.parent_model or (show.parent_model if show else ""),
        "max_tokens": model.context_length,
        "context_length": model.context_length,
        "embedding_length": model.embedding_length,
        "embedding_dimension": model.embedding_length if is_embedding else None,
        "remote_host": tag.remote_host or (show.remote_host if show else ""),
        "remote_model": tag.remote_model or (show.remote_model if show else ""),
        "capabilities_guessed": model.guessed,
    }
    if show is not None:
        facts |= {
            "parameter_count": show.parameter_count,
            "license": show.license_name,
            "default_parameters": show.parameters,
            "default_system": show.system,
            "default_messages": show.messages,
            "weights_digest": show.weights,
        }
    return {name: value for name, value in facts.items() if value not in (None, "", [], {}, False)}


def _by_name(tag: TagRow) -> tuple[str, str]:
    return tag.name, tag.digest


def _with_show(tag: TagRow, show: ShowReply | None) -> OllamaModel:
    capabilities, guessed = capabilities_of(tag, show)
    return OllamaModel(tag, show, capabilities, guessed)
