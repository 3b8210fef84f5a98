"""Replies as the cache keeps them. Pure."""

from __future__ import annotations

import base64
from array import array
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from experiments_app.evaluation.digests import digest_of
from experiments_app.evaluation.plain_data import plain
from experiments_app.evaluation.replies import Reply, Request, Usage

# Part of the key: a reply that is stored in another way is another reply.
_FORMAT = 1


def key_of(fingerprint: str, request: Request) -> str:
    """Return the SHA-256 of all that makes an answer; whether it was timed counts, as only a stream tells times."""
    asked = {"format": _FORMAT, "model": fingerprint, "body": request.body, "repeat": request.repeat}
    return digest_of({**asked, "timed": request.timed and "input" not in request.body})


def to_stored(reply: Reply) -> dict[str, Any]:
    """Return a reply as JSON-like data, without what is as it is by default; vectors are kept as bytes of doubles."""
    told = {name: value for name, value in asdict(reply).items() if value not in ("", (), [], None)}
    if reply.embeddings:
        told["embeddings"] = [base64.b64encode(array("d", vector).tobytes()).decode() for vector in reply.embeddings]
    told.pop("cached")
    found: dict[str, Any] = plain(told)
    return found


def from_stored(told: Mapping[str, Any]) -> Reply:
    """Return the reply as one of an earlier run."""
    vectors = tuple(_vector(text) for text in told.get("embeddings", ()))
    values = {**told, "usage": Usage(**told["usage"]), "tool_calls": tuple(told.get("tool_calls", ()))}
    return Reply(**{**values, "embeddings": vectors, "cached": True})


def weight_of(reply: Reply) -> int:
    """Return roughly how much memory a reply takes, in numbers of a vector."""
    texts = len(reply.text) + len(reply.reasoning)
    return 100 + texts // 8 + sum(len(vector) for vector in reply.embeddings)


def _vector(text: str) -> tuple[float, ...]:
    numbers = array("d")
    numbers.frombytes(base64.b64decode(text))
    return tuple(numbers)
