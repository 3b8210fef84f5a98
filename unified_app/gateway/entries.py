"""Keys, routes and models as the gateway keeps them. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from unified_app.programs import Program
from unified_app.recipes import Recipe
from unified_app.sources import Upstream


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """One usable key; `expires_at` is a POSIX time and is compared per call."""

    id: int
    user: str
    scopes: frozenset[str]
    expires_at: float | None
    # Requests a minute: None as the setting says, 0 without a limit.
    rate_limit: int | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """One placement that may be called."""

    placement: int
    place: str
    upstream: Upstream
    takes_slot: bool
    version: str = ""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model as the gateway calls it; times in seconds."""

    id: str
    name: str
    version: str
    created: int
    digest: str
    size: int
    modified_at: str
    category: str
    capabilities: tuple[str, ...]
    context_length: int | None
    parameters: dict[str, Any]
    routes: tuple[Route, ...]
    retired: str = ""
    hidden: bool = False
    # Why none of its places can be called, where their source knows.
    away: str = ""
    state: str = "stopped"
    served_at: int | None = None
    # The placement at which it was started, and is kept in memory.
    served_placement: int | None = None
    timeout: int = 300
    max_concurrent: int = 8
    max_queue: int = 64
    # The model that is started, queued for and counted when this one is called: itself, unless it is a variant.
    runs_on: str = ""
    # What is laid over a call, by the protocol of the upstream; None for every model that is no variant.
    overlay: Mapping[str, Recipe] | None = None
    # An ensemble, which has no place of its own.
    program: Program | None = None
    # How many recipes it stands on.
    depth: int = 0

    @property
    def is_callable(self) -> bool:
        return bool(self.routes) or self.program is not None

    @property
    def details_known(self) -> bool:
        """Whether `show` has told us of this model, and with it what the model itself sets."""
        return "weights_digest" in self.parameters or "parameter_count" in self.parameters

    @property
    def own_parameters(self) -> dict[str, Any]:
        """The parameters that the model itself sets, such as its Modelfile's temperature."""
        own: dict[str, Any] = self.parameters.get("default_parameters") or {}
        return own
