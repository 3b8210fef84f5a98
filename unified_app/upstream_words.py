"""What an upstream says in an error's body, fit to be read and shown. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

# What is shorter is no secret, and hiding it would hide words; so would hiding the schemes' names.
SHORTEST_SECRET = 4
SCHEMES = ("bearer", "basic")


def without_secrets(text: str, headers: Mapping[str, str]) -> str:
    """Return an upstream's words without the values of the headers that it was sent."""
    # A value may be `Scheme key`, of which an upstream repeats the key alone; the longest is hidden first.
    told = {word for value in headers.values() for word in (value, *value.split())}
    for secret in sorted(told, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET and secret.lower() not in SCHEMES:
            text = text.replace(secret, "***")
    return text


def error_text(raw: bytes) -> str:
    """Return the upstream's own words from an error body; empty when there are none."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return ""
    if isinstance(value, dict):
        # OpenAI and Ollama say `error`; FastAPI's servers `detail`; older vLLM `message`.
        value = next((value[name] for name in ("error", "message", "detail") if value.get(name)), None)
    # Some back ends list what they do not take.
    return "; ".join(filter(None, map(_words, value if isinstance(value, list) else [value])))


def _words(told: Any) -> str:
    """Return the words of one error: OpenAI's object has them as `message`, FastAPI's as `msg`."""
    if isinstance(told, dict):
        told = told.get("message") or told.get("msg")
    return told if isinstance(told, str) else ""


def error_code(raw: bytes) -> tuple[str, str]:
    """Return `code` and `param` of an error body in OpenAI's shape; empty where they are not told."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return "", ""
    told = value.get("error") if isinstance(value, dict) else None
    found = (told.get(name) for name in ("code", "param")) if isinstance(told, dict) else ("", "")
    code, param = (text if isinstance(text, str) else "" for text in found)
    return code, param
