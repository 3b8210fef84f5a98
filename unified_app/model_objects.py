"""Plain values that sources yield and the registry takes: no Django, no I/O."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Self

# What one place may list: one transaction writes it all, and more would hold up every other writer for too long.
MAX_ROWS = 10_000


@dataclass(frozen=True)
class ModelCapability:
    """One thing that a model can do; `capability_type` is text, vision, embedding or function_calling."""

    capability_name: str
    capability_type: str
    description: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    examples: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class ModelServingConfig:
    """How a model is served: `timeout` and `health_check_interval` in seconds."""

    endpoint: str = ""
    protocol: str = "http"
    timeout: int = 300
    max_concurrent_requests: int = 8
    health_check_interval: int = 30


@dataclass(frozen=True)
class ServingEndpoint:
    """Where a started model answers."""

    model_id: str
    endpoint: str
    protocol: str = "http"
    status: str = "ready"


@dataclass(frozen=True)
class PlacementObject:
    """One place that answers for a model, as its source saw it.

    `modified_at` is when the place says the model last changed; `size` is in bytes; `credential` names the row
    that holds the key and is never the key itself.
    """

    place: str
    upstream_name: str
    base_url: str
    protocol: str
    digest: str = ""
    version: str = "1"
    size: int | None = None
    modified_at: datetime | None = None
    credential: str = ""


@dataclass
class UnifiedModelObject:
    """A model as a source yields it and `register_model` takes it.

    `capabilities` None means unknown, which is not the same as none. `is_cloud` says that the place only
    forwards to a cloud. `context_length` counts tokens.
    """

    id: str = ""
    name: str = ""
    version: str = "1"
    ollama_name: str | None = None
    category: str = ""
    model_type: str = "base"
    source: str = "external"
    capabilities: list[str] | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    endpoint: str | None = None
    status: str = "available"
    created_at: datetime | None = None
    updated_at: datetime | None = None
    description: str = ""
    performance_metrics: dict[str, Any] = field(default_factory=dict)
    is_cloud: bool = False
    size: int | None = None
    context_length: int | None = None
    placements: list[PlacementObject] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data; times are ISO 8601."""
        data: dict[str, Any] = _plain(asdict(self))
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the object that `to_dict` described; a key that no field has is a TypeError."""
        values = dict(data)
        unknown = set(values) - {f.name for f in fields(cls)}
        if unknown:
            raise TypeError(f"unknown fields: {', '.join(sorted(unknown))}")
        for name in ("created_at", "updated_at"):
            values[name] = _time(values.get(name))
        values["placements"] = [
            PlacementObject(**{**row, "modified_at": _time(row.get("modified_at"))})
            for row in values.get("placements", [])
        ]
        return cls(**values)

    def get_serving_endpoint(self) -> str | None:
        """Return the upstream address that answers for this model, or None when there is none."""
        return self.endpoint

    def is_available(self) -> bool:
        """Whether a call may be tried now."""
        return self.status == "available"


@dataclass(frozen=True)
class RejectedRow:
    """A row of a listing that is not right, with the reason.

    `kept` says that the model was yielded all the same with what is known of it. A row that was not kept may
    hide a model that we know, so a listing with one retires nothing.
    """

    row: str
    message: str
    code: str = "invalid_row"
    kept: bool = False


@dataclass
class SyncResult:
    """What a sync did. `failed` holds {"source", "host", "code", "message"}; `duration` is in seconds."""

    result: str = "success"
    synced_models: int = 0
    categories: dict[str, int] = field(default_factory=dict)
    duration: float = 0.0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    retired: int = 0
    failed: list[dict[str, str]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the body of the sync call: the duration reads like `2.5s`."""
        return {**asdict(self), "duration": f"{self.duration:.1f}s"}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _time(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
