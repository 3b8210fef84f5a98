"""Errors in the shape of each protocol, and an upstream's own words out of either shape. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from unified_app.errors import UpstreamError, UpstreamInvalid
from unified_app.upstream_words import without_secrets

MAX_WORDS = 500

_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
# Upstreams repeat keys, Authorization headers and addresses with a password in their texts.
_SECRETS = re.compile(
    r"(?i:bearer|basic)\s+[\w.~+/=-]{8,}"
    r"|\b(?:sk|pk|rk|gsk|hf|xai|gh[a-z]|github_pat|glpat|AIza|key|mr|nvapi|pplx)[-_]?[\w*.-]{12,}"
    r"|(?<=://)[^\s/@]+:[^\s/@]+(?=@)"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
)


def openai_error(status: int, code: str | None, message: str, param: str | None = None) -> dict[str, Any]:
    kind = _TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def ollama_error(message: str) -> dict[str, Any]:
    return {"error": message}


def upstream_message(raw: bytes, status: int, sent: Mapping[str, str] | None = None) -> str:
    """Return what the upstream said in an error's body, fit to be shown: bounded, one line, without secrets.

    `sent` are the headers that it was sent, whose values may be keys of any shape.
    """
    words = without_secrets(_words(raw), sent or {})
    return _cleaned(words) or f"The upstream answered with status {status}."


def checked_reply(reply: Any) -> dict[str, Any]:
    """Return the upstream's reply or stream object. Raises UpstreamError when it is an error in either shape."""
    if not isinstance(reply, dict):
        raise UpstreamInvalid("The upstream's answer is not a JSON object.")
    if reply.get("error"):
        raise UpstreamError(_cleaned(_told(reply)) or "The upstream ended its answer with an error.")
    return reply


def _words(raw: bytes) -> str:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        text = raw[: 4 * MAX_WORDS].decode("utf-8", "replace").strip()
        # A page of HTML is a proxy's; its markup says nothing to a caller.
        return "" if text.startswith(("<", "{", "[")) else text
    return _told(value)


def _told(value: Any, depth: int = 4) -> str:
    """Return the words in `{"error": "..."}`, `{"error": {"message": "..."}}`, `{"message"}`, `{"detail"}`."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, str):
        return value
    if not isinstance(value, dict) or not depth:
        return ""
    for name in ("error", "message", "detail", "msg"):
        if value.get(name):
            return _told(value[name], depth - 1)
    return ""


def _cleaned(text: str) -> str:
    # The cut leaves room first, so that it never splits a secret and shows its half.
    shown = "".join(c if c.isprintable() else " " for c in text[: 8 * MAX_WORDS])
    shown = _SECRETS.sub("***", shown).strip()
    return shown if len(shown) <= MAX_WORDS else shown[: MAX_WORDS - 3] + "..."
