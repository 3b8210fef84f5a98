"""What the factory and the generators hand out: plain values, no Django."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class ModelVariant:
    """A variant as its generator decided it; `id`, `name` and what follows are filled in once it is a row.

    `base_model` is the id of its base; the abilities are those that its model will have.
    """

    base_model: str
    experiment_type: str
    parameters: dict[str, Any]
    recipe: dict[str, Any]
    category: str = ""
    categories: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    context_length: int | None = None
    endpoint: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    id: str = ""
    name: str = ""
    status: str = "active"
    mlflow_run_id: str | None = None
    # ISO 8601. Another registry that tells the same MLflow may have a variant of the same id.
    made: str = ""

    @property
    def host(self) -> str:
        """The host that is to hold it as a model of its own; empty for what the gateway does itself."""
        return str(self.recipe.get("host") or "")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class ExperimentalModel:
    """A variant that is there: what the API tells of it."""

    id: str
    name: str
    base_model: str
    experiment_type: str
    parameters: dict[str, Any]
    created_at: datetime
    status: str = "active"
    mlflow_run_id: str | None = None
    recipe: dict[str, Any] = field(default_factory=dict)
    realised: bool = False
    description: str = ""
    experiment: int = 0
    variants: tuple[ModelVariant, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "created_at": self.created_at.isoformat()}
