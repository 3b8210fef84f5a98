"""What is asked of a model and what it answers, whoever carries the call. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """One call: `body` is OpenAI's, without `model`; with `input` in place of `messages` it is for embeddings."""

    model: str
    body: Mapping[str, Any]
    # Independent answers to one question differ in this; it is part of the cache's key, not of the call.
    repeat: int = 0
    # `case`, or `judge` for a judge's call.
    purpose: str = "case"
    # Whether the time to the first token, and of thinking, is wanted.
    timed: bool = False


@dataclass(frozen=True)
class Usage:
    """Tokens of one call; `thinking` of them are part of `completion`."""

    prompt: int = 0
    completion: int = 0
    thinking: int = 0
    # Counted by length, as the upstream told none.
    estimated: bool = False


@dataclass(frozen=True)
class Reply:
    """An answer; times in seconds."""

    text: str = ""
    reasoning: str = ""
    # As OpenAI has them: {"function": {"name", "arguments": JSON text}}.
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    embeddings: tuple[tuple[float, ...], ...] = ()
    finish_reason: str = ""
    usage: Usage = field(default_factory=Usage)
    latency: float = 0.0
    first_token: float | None = None
    thinking_seconds: float | None = None
    # USD; None where no price is known.
    cost: float | None = None
    # The answer of an earlier run.
    cached: bool = False


class CallFailed(Exception):
    """A call without an answer; `code` is the registry's, such as upstream_timeout."""

    def __init__(
        self, code: str, message: str, *, status: int = 0, retry_after: float | None = None, transient: bool = False
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status
        # Seconds to wait; None where the upstream named none.
        self.retry_after = retry_after
        # Whether the same call may succeed later.
        self.transient = transient


# Carries one call. Raises CallFailed; retries, limits and caches are its own affair.
Complete = Callable[[Request], Reply]
