"""The registry's answers as plain values: one explicit parser each, of only the fields that the page shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from registry_project.gradio_app.errors import BadAnswer
from registry_project.gradio_app.reading import flag, items, obj, texts, whole, word


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
    key = obj(body).get("key")
    if not isinstance(key, str) or not key:
        raise BadAnswer("The registry took the log-in but gave no key.")
    return LogIn(key, texts(body.get("scopes")), word(body.get("expires_at")))


def models(body: Any) -> list[Model]:
    return [model(row) for row in items(obj(body).get("models"))]


def model(row: Any) -> Model:
    row = obj(row)
    return Model(
        id=word(row.get("id")),
        name=word(row.get("name")) or word(row.get("id")),
        display_name=word(row.get("display_name")),
        model_type=word(row.get("model_type")) or "base",
        category=word(row.get("category")),
        status=word(row.get("status")) or "available",
        capabilities=texts(row.get("capabilities")),
        hosts=texts(row.get("hosts")),
        source=word(row.get("source")),
        description=word(row.get("description")),
        size=whole(row.get("size")),
        context_length=whole(row.get("context_length")),
        demo=flag(row.get("demo")),
    )


def serving(body: Any) -> Serving:
    row = obj(body)
    return Serving(
        state=word(row.get("state")) or "stopped",
        reason=word(row.get("reason")),
        placement=word(row.get("placement")),
        started_at=word(row.get("started_at")),
        health_status=word(row.get("health_status")),
        concurrent_requests=whole(row.get("concurrent_requests")) or 0,
        total_requests=whole(row.get("total_requests")) or 0,
        errors=whole(row.get("errors")) or 0,
    )


def delta(event: Any) -> Delta:
    choices = items(obj(event).get("choices") or [])
    choice = obj(choices[0]) if choices else {}
    piece = obj(choice.get("delta") or {})
    return Delta(
        text=word(piece.get("content")),
        reasoning=word(piece.get("reasoning")) or word(piece.get("reasoning_content")),
        calls=tuple(_call_part(number, call) for number, call in enumerate(items(piece.get("tool_calls") or []))),
        finish=word(choice.get("finish_reason")),
        usage=_usage(event.get("usage")),
    )


def embeddings(body: Any) -> Embeddings:
    rows = sorted((obj(row) for row in items(obj(body).get("data"))), key=lambda row: row.get("index", 0))
    vectors = [_vector(row.get("embedding")) for row in rows]
    if len({len(vector) for vector in vectors}) > 1:
        raise BadAnswer("The model gave vectors of different lengths, so they cannot be compared.")
    return Embeddings(vectors, whole(obj(body.get("usage") or {}).get("prompt_tokens")))


def _call_part(number: int, call: Any) -> CallPart:
    call = obj(call)
    function = obj(call.get("function") or {})
    index = call.get("index")
    return CallPart(
        index if isinstance(index, int) else number,
        word(call.get("id")),
        word(function.get("name")),
        word(function.get("arguments")),
    )


def _usage(value: Any) -> Usage | None:
    if not isinstance(value, dict):
        return None
    details = value.get("completion_tokens_details")
    thinking = whole(details.get("reasoning_tokens")) if isinstance(details, dict) else None
    tokens_in, tokens_out = (whole(value.get(name)) or 0 for name in ("prompt_tokens", "completion_tokens"))
    return Usage(tokens_in, tokens_out, thinking or 0)


def _vector(value: Any) -> list[float]:
    numbers = items(value)
    if not numbers or not all(isinstance(number, int | float) for number in numbers):
        raise BadAnswer("The model's answer holds no vectors.")
    return [float(number) for number in numbers]
