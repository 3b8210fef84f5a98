"""The contract between the core and its sources. The core knows no source: settings.MODEL_SOURCES names them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from unified_app.errors import NotFound, RegistryError, UnsupportedOperation
from unified_app.model_objects import RejectedRow, UnifiedModelObject
from unified_app.programs import Program

if TYPE_CHECKING:  # settings name sources before the tables are loaded
    from unified_app.models import Placement


@dataclass(frozen=True)
class Place:
    """One host or endpoint of a source, as pages and syncs see it; `state` is up, down or unknown.

    `down_since` is when a place that is down was first found so.
    """

    name: str
    url: str
    state: str = "unknown"
    version: str = ""
    last_seen: datetime | None = None
    down_since: datetime | None = None
    error: str = ""
    is_demo: bool = False


class Pace(Protocol):
    """How often a placement may be called; kept by its source for the whole process, over all of them with Redis.

    Asked in a thread, where the database and Redis may be.
    """

    def acquire(self) -> float:
        """Return 0.0 and count a call, or the seconds after which to ask again."""

    def learn(self, status: int, headers: Mapping[str, str], text: str) -> None:
        """Take what an answer that was an error tells of the limits, or of the end of the service."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where and how a placement is called; `protocol` is `ollama` or `openai`, `timeout` in seconds.

    `refuses` names the parameters that this model is known not to take; `concurrent` is how many calls it takes at
    once, None for as many as the model's configuration says.
    """

    url: str
    # Keys are among them: a traceback or a log that prints a route must not tell them.
    headers: dict[str, str] = field(repr=False)
    protocol: str
    model: str
    timeout: float = 300.0
    pace: Pace | None = None
    concurrent: int | None = None
    refuses: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ServingObservation:
    """What a place was seen to do with a model: `ready`, `stopped` or `failed`; `code` is the error's."""

    state: str
    reason: str = ""
    code: str = ""

    @classmethod
    def failed(cls, place: str, error: RegistryError) -> ServingObservation:
        return cls("failed", f"{error.code} at {place}: {error.message}", error.code)


class Source(ABC):
    """A way to get models, bound to one of its places. Built per use and cheap.

    `fetch` runs in a thread of its own and does HTTP only; everything that needs the database is read in the
    constructor and written in the `record_*` hooks, which run in the caller's thread.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    # Whether a started model holds memory of one of our places, and so takes one of MAX_SERVING_MODELS slots.
    serves_locally: ClassVar[bool] = False

    def __init__(self, place: str) -> None:
        self.place = place

    @classmethod
    @abstractmethod
    def places(cls) -> list[Place]:
        """Return the enabled hosts or endpoints, the ones that a sync visits. Queries the database."""

    @classmethod
    def place_names(cls) -> set[str]:
        """Return every place that may be named in a request, also one that a sync of all leaves out."""
        return {place.name for place in cls.places()}

    @abstractmethod
    def fetch(self) -> Iterable[UnifiedModelObject | RejectedRow]:
        """Yield every model that this place lists now, each with its one placement here.

        A row that cannot be used is yielded as a RejectedRow. A place that cannot be read at all raises an
        UpstreamError, never an empty listing.
        """

    @classmethod
    def texts(cls, digest: str) -> dict[str, str]:
        """Return long texts that are kept of one digest, such as its template and licence; queries the database."""
        return {}

    def record_reading(self) -> None:  # noqa: B027 - a hook: doing nothing is right for most
        """Keep what was read beside the models; runs in the transaction that writes them.

        Raises Conflict when the place is no longer the one that was read, which undoes the write.
        """

    def record_success(self) -> None:  # noqa: B027 - a hook too
        """Note that the place answered; queue what may follow later. Called after the registry was written."""

    def record_failure(self, error: RegistryError) -> None:  # noqa: B027 - a hook too
        """Note that the place could not be read."""

    @classmethod
    def routes(cls, placements: Sequence[Placement]) -> dict[int, Upstream]:
        """Return by placement id how each is called, in one query. What cannot be called now is left out."""
        return {}

    @classmethod
    def why_unroutable(cls, place: str) -> str:
        """Return a sentence why no model of this place can be called now, or ""; queries the database."""
        return ""

    @classmethod
    def program(cls, recipe: Mapping[str, Any]) -> Program | None:
        """Return what runs a model that this recipe makes a program; None for a recipe that is none of ours."""
        return None

    @classmethod
    def why_unmade(cls, model_ids: Sequence[str]) -> dict[str, str]:
        """Return by model id why variants could not be made models of their own; queries the database."""
        return {}

    @classmethod
    def takes_slot(cls, placement: Placement) -> bool:
        return cls.serves_locally and not placement.facts.get("is_cloud")

    @classmethod
    def runner_of(cls, placement: Placement) -> str:
        """Return what runs the model at its place; models of one place that share it are loaded and unloaded as one."""
        return f"placement:{placement.pk}"

    @classmethod
    def start(cls, placement: Placement, *, timeout: float = 300.0) -> ServingObservation:
        """Return once the model is ready. Raises an error of the tree, within `timeout` seconds or so."""
        return ServingObservation("ready")

    @classmethod
    def stop(cls, placement: Placement) -> ServingObservation:
        """Let the place forget the model; open calls may finish. Nobody else may need its runner then."""
        return ServingObservation("stopped")

    @classmethod
    def observe(cls, placements: Sequence[Placement]) -> dict[int, ServingObservation]:
        """Return by placement id what is seen of served models now; each place is asked once, no error is raised."""
        return {placement.pk: ServingObservation("ready") for placement in placements}

    @classmethod
    def health(cls, placement: Placement) -> ServingObservation:
        return cls.observe([placement])[placement.pk]

    @classmethod
    def adapter_problem(cls, place: str, format: str, architectures: Collection[str]) -> str:
        """Return a sentence why an adapter of this format cannot be put on a model of these architectures at a place,
        or ""; no architecture stands for one that is not known. Queries the database.
        """
        return f"Adapters cannot be put on models of {cls.label} places."

    def upload(self, sha256: str, file: BinaryIO, size: int) -> None:
        """Put a file at this place, for a recipe that names it; what is there already is not sent again."""
        raise UnsupportedOperation(f"Files cannot be put on {self.label} places.")

    def create(
        self,
        name: str,
        recipe: Mapping[str, Any],
        *,
        replace: bool = False,
        progress: Callable[[Mapping[str, Any]], None] = lambda line: None,
    ) -> None:
        """Make a model: `from` (a name at this place), parameters (canonical), system, template, messages, adapters.

        `adapters` is {file name: sha256} of what was uploaded, all files of one adapter. Raises Conflict when the name
        is taken, unless it is to be replaced; what the place says against it is an UpstreamError with its words.
        """
        raise UnsupportedOperation(f"Models cannot be made on {self.label} places.")

    def pull(self, name: str) -> None:
        raise UnsupportedOperation(f"Models cannot be pulled to {self.label} places.")

    def copy(self, name: str, destination: str) -> None:
        raise UnsupportedOperation(f"Models cannot be copied on {self.label} places.")

    def delete(self, name: str) -> None:
        raise UnsupportedOperation(f"Models cannot be deleted on {self.label} places.")


def source_classes() -> dict[str, type[Source]]:
    """Return the sources that settings.MODEL_SOURCES names, in its order."""
    return {name: import_string(path) for name, path in settings.MODEL_SOURCES.items()}


def source_class(name: str) -> type[Source]:
    """Return one source; an unknown name is NotFound and tells the valid ones."""
    try:
        return source_classes()[name]
    except KeyError:
        valid = ", ".join(settings.MODEL_SOURCES)
        raise NotFound(f"There is no source {name!r}. Sources are: {valid}.") from None


def owner_of(place: str, source: str | None = None) -> str | None:
    """Return the source that has an enabled place of this name; None when several have. Raises NotFound."""
    candidates = [source_class(source)] if source else list(source_classes().values())
    owners = [found.name for found in candidates if place in found.place_names()]
    if not owners:
        raise NotFound(f"No enabled host or endpoint is named {place!r}.")
    return owners[0] if len(owners) == 1 else None


def sources_meant_by(name: str) -> list[str]:
    """Return the sources that `source=name` means in a list: itself, or the members of a group."""
    members: list[str] = settings.MODEL_SOURCE_GROUPS.get(name, [name])
    return members
