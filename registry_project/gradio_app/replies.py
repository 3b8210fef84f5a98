"""The registry's answers as plain values: one explicit parser each, of only the fields that the page shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from registry_project.gradio_app.errors import BadAnswer


@dataclass(frozen=True)
class LogIn:
    key: str
    scopes: tuple[str, ...] = ()
    expires_at: str = ""


@dataclass(frozen=True)
class Model:
    id: str
    name: str
    model_type: str = "base"
    display_name: str = ""
    category: str = ""
    status: str = "available"
    capabilities: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    source: str = ""
    description: str = ""
    size: int | None = None
    context_length: int | None = None
    demo: bool = False

    @property
    def label(self) -> str:
        return f"{self.name} ({self.model_type})"


@dataclass(frozen=True)
class Serving:
    state: str
    reason: str = ""
    placement: str = ""
    started_at: str = ""
    health_status: str = ""
    concurrent_requests: int = 0
    total_requests: int = 0
    errors: int = 0


@dataclass(frozen=True)
class CallPart:
    """A piece of a tool call: the arguments arrive in fragments that belong to one `index`."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True)
class Usage:
    tokens_in: int
    tokens_out: int
    thinking: int = 0


@dataclass(frozen=True)
class Delta:
    """What one event of a streamed answer brings."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[CallPart, ...] = ()
    finish: str = ""
    usage: Usage | None = None


@dataclass(frozen=True)
class Embeddings:
    vectors: list[list[float]]
    tokens: int | None = None


def log_in(body: Any) -> LogIn:
    key = _object(body).get("key")
    if not isinstance(key, str) or not key:
        raise BadAnswer("The registry took the log-in but gave no key.")
    return LogIn(key, _texts(body.get("scopes")), _text(body.get("expires_at")))


def models(body: Any) -> list[Model]:
    return [model(row) for row in _list(_object(body).get("models"))]


def model(row: Any) -> Model:
    row = _object(row)
    return Model(
        id=_text(row.get("id")),
        name=_text(row.get("name")) or _text(row.get("id")),
        display_name=_text(row.get("display_name")),
        model_type=_text(row.get("model_type")) or "base",
        category=_text(row.get("category")),
        status=_text(row.get("status")) or "available",
        capabilities=_texts(row.get("capabilities")),
        hosts=_texts(row.get("hosts")),
        source=_text(row.get("source")),
        description=_text(row.get("description")),
        size=_number_or_none(row.get("size")),
        context_length=_number_or_none(row.get("context_length")),
        demo=row.get("demo") is True,
    )


def serving(body: Any) -> Serving:
    row = _object(body)
    return Serving(
        state=_text(row.get("state")) or "stopped",
        reason=_text(row.get("reason")),
        placement=_text(row.get("placement")),
        started_at=_text(row.get("started_at")),
        health_status=_text(row.get("health_status")),
        concurrent_requests=_number_or_none(row.get("concurrent_requests")) or 0,
        total_requests=_number_or_none(row.get("total_requests")) or 0,
        errors=_number_or_none(row.get("errors")) or 0,
    )


def delta(event: Any) -> Delta:
    choices = _list(_object(event).get("choices") or [])
    choice = _object(choices[0]) if choices else {}
    piece = _object(choice.get("delta") or {})
    return Delta(
        text=_text(piece.get("content")),
        reasoning=_text(piece.get("reasoning")) or _text(piece.get("reasoning_content")),
        calls=tuple(_call_part(number, call) for number, call in enumerate(_list(piece.get("tool_calls") or []))),
        finish=_text(choice.get("finish_reason")),
        usage=_usage(event.get("usage")),
    )


def embeddings(body: Any) -> Embeddings:
    rows = sorted((_object(row) for row in _list(_object(body).get("data"))), key=lambda row: row.get("index", 0))
    vectors = [_vector(row.get("embedding")) for row in rows]
    if len({len(vector) for vector in vectors}) > 1:
        raise BadAnswer("The model gave vectors of different lengths, so they cannot be compared.")
    return Embeddings(vectors, _number_or_none(_object(body.get("usage") or {}).get("prompt_tokens")))


def _call_part(number: int, call: Any) -> CallPart:
    call = _object(call)
    function = _object(call.get("function") or {})
    index = call.get("index")
    return CallPart(
        index if isinstance(index, int) else number,
        _text(call.get("id")),
        _text(function.get("name")),
        _text(function.get("arguments")),
    )


def _usage(value: Any) -> Usage | None:
    if not isinstance(value, dict):
        return None
    details = value.get("completion_tokens_details")
    thinking = _number_or_none(details.get("reasoning_tokens")) if isinstance(details, dict) else None
    tokens_in, tokens_out = (_number_or_none(value.get(name)) or 0 for name in ("prompt_tokens", "completion_tokens"))
    return Usage(tokens_in, tokens_out, thinking or 0)


def _vector(value: Any) -> list[float]:
    numbers = _list(value)
    if not numbers or not all(isinstance(number, int | float) for number in numbers):
        raise BadAnswer("The model's answer holds no vectors.")
    return [float(number) for number in numbers]


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadAnswer("The registry's answer has a shape that this page does not know.")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise BadAnswer("The registry's answer has a shape that this page does not know.")
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(values: Any) -> tuple[str, ...]:
    found: Iterable[Any] = values if isinstance(values, list) else ()
    return tuple(value for value in found if isinstance(value, str))


def _number_or_none(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
