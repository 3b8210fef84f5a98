"""Replies with embeddings, both ways. Pure."""

from __future__ import annotations

import base64
import binascii
import struct
from typing import Any

from unified_app.errors import UpstreamInvalid
from unified_app.gateway.translate.errors import checked_reply
from unified_app.gateway.translate.fields import Body

_GARBLED = "The upstream's answer holds no embeddings."


def ollama_embed_to_openai(reply: Any, *, model: str, encoding: str = "float") -> Body:
    """Return the list of /v1/embeddings for a reply of /api/embed; `encoding` is float or base64."""
    checked_reply(reply)
    vectors = reply.get("embeddings")
    if not isinstance(vectors, list):
        raise UpstreamInvalid(_GARBLED)
    rows = [{"object": "embedding", "embedding": _encoded(v, encoding), "index": n} for n, v in enumerate(vectors)]
    told = reply.get("prompt_eval_count")
    tokens = told if isinstance(told, int) else 0
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    translated = ("model", "embeddings", "prompt_eval_count", "object", "data", "usage", "error")
    extras = {name: value for name, value in reply.items() if name not in translated and value is not None}
    return {"object": "list", "data": rows, "model": model, "usage": usage, **extras}


def openai_to_embed(reply: Any, *, model: str, started: int, now: int) -> Body:
    """Return a reply of /api/embed for one of /v1/embeddings; the times are in nanoseconds of one clock."""
    told: Body = {"model": model, "embeddings": _vectors(reply), "total_duration": max(0, now - started)}
    usage = reply.get("usage")
    if isinstance(usage, dict) and usage.get("prompt_tokens"):
        told["prompt_eval_count"] = usage["prompt_tokens"]
    return told


def openai_to_embeddings(reply: Any) -> Body:
    """Return a reply of the older /api/embeddings, which holds one vector and nothing else."""
    vectors = _vectors(reply)
    return {"embedding": vectors[0] if vectors else []}


def _vectors(reply: Any) -> list[list[float]]:
    """Return the vectors in the order of the inputs, which `index` tells and the list need not keep."""
    data = checked_reply(reply).get("data")
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise UpstreamInvalid(_GARBLED)
    return [_decoded(row.get("embedding")) for row in sorted(data, key=_index)]


def _index(row: Body) -> int:
    index = row.get("index", 0)
    return index if isinstance(index, int) else 0


def _encoded(vector: Any, encoding: str) -> Any:
    if not isinstance(vector, list):
        raise UpstreamInvalid(_GARBLED)
    if encoding != "base64":
        return vector
    try:
        return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
    except (struct.error, OverflowError) as error:
        raise UpstreamInvalid(_GARBLED) from error


def _decoded(vector: Any) -> list[float]:
    # The first number tells: llama.cpp's servers answer a vector for each token where a model makes none of the whole.
    if isinstance(vector, list) and isinstance(vector[0] if vector else 0.0, int | float):
        return vector
    if not isinstance(vector, str):
        raise UpstreamInvalid(_GARBLED)
    try:
        raw = base64.b64decode(vector, validate=True)
        return list(struct.unpack(f"<{len(raw) // 4}f", raw))
    except (binascii.Error, ValueError, struct.error) as error:
        raise UpstreamInvalid(_GARBLED) from error
