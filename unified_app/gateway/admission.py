"""Who may call: key, scope and rate, decided from the snapshot before a body is read."""

from __future__ import annotations

import hashlib
import time

from unified_app.errors import RegistryError
from unified_app.gateway.entries import KeyEntry
from unified_app.gateway.http import Request
from unified_app.gateway.limits import RequestLimiter, Verdict
from unified_app.gateway.snapshot import Snapshot

MESSAGES = "/v1/messages"


class InvalidKey(RegistryError):
    """No key, or one that is unknown, expired or revoked."""

    status_code = 401
    code = "invalid_api_key"


class InsufficientScope(RegistryError):
    """The key may not call models."""

    status_code = 403
    code = "insufficient_scope"


class RateLimited(RegistryError):
    """The key has used up its requests for now."""

    status_code = 429
    code = "rate_limit_exceeded"

    def __init__(self, verdict: Verdict) -> None:
        message = f"This key may send {verdict.limit} requests a minute. Try again in {verdict.retry_after:.1f} s."
        super().__init__(message, retry_after=verdict.retry_after)


def admit(request: Request, snapshot: Snapshot, limiter: RequestLimiter) -> KeyEntry:
    """Return the caller's key, and note the rate headers of the answer.

    Raises InvalidKey, InsufficientScope or RateLimited.
    """
    key = snapshot.keys.get(_digest(request))
    if key is None or (key.expires_at is not None and key.expires_at <= time.time()):
        raise InvalidKey("Send `Authorization: Bearer <key>` with a key of this registry that is in force.")
    if "call" not in key.scopes:
        raise InsufficientScope("This key lacks the scope `call`.")
    verdict = limiter.ask(key.id)
    request.rate = verdict.headers()
    if verdict.retry_after:
        raise RateLimited(verdict)
    return key


def _digest(request: Request) -> str:
    kind, _, secret = request.headers.get(b"authorization", b"").partition(b" ")
    if kind.lower() != b"bearer":
        # Anthropic's clients have a header of their own.
        secret = request.headers.get(b"x-api-key", b"") if request.route == MESSAGES else b""
    return hashlib.sha256(secret.strip()).hexdigest()
