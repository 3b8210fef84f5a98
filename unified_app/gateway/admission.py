"""Who may call: key, scope and rate, decided from the snapshot before a body is read."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable

from unified_app.errors import RegistryError
from unified_app.gateway.entries import KeyEntry
from unified_app.gateway.http import Request
from unified_app.gateway.limits import RequestLimiter, Verdict
from unified_app.gateway.snapshot import Snapshot
from unified_app.keys import PREFIX

MESSAGES = "/v1/messages"
_PREFIX = PREFIX.encode()
# Whoever has no key makes us look for one this seldom, all of them together.
LOOK_SECONDS = 1.0


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
    """Return the caller's key, and note the rate headers of the answer; a key without a limit has none.

    Raises InvalidKey, InsufficientScope or RateLimited.
    """
    key = snapshot.keys.get(_digest(request))
    if key is None or (key.expires_at is not None and key.expires_at <= time.time()):
        raise InvalidKey("Send `Authorization: Bearer <key>` with a key of this registry that is in force.")
    if "call" not in key.scopes:
        raise InsufficientScope("This key lacks the scope `call`.")
    if key.rate_limit == 0:
        return key
    verdict = limiter.ask(key.id, key.rate_limit)
    request.rate = verdict.headers()
    if verdict.retry_after:
        raise RateLimited(verdict)
    return key


class KeyLook:
    """Looks whether a key that is not known was made since the last look. Keys that come meanwhile share one look.

    `look` runs in a thread.
    """

    def __init__(self, look: Callable[[], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._look = look
        self._clock = clock
        self._next = float("-inf")
        self._under_way: asyncio.Task[None] | None = None

    async def done_for(self, request: Request) -> bool:
        """Return True once a look was taken for this request; False when there was one a moment ago, or no key."""
        if not _secret(request).startswith(_PREFIX):
            return False
        if self._under_way is None or self._under_way.done():
            if self._clock() < self._next:
                return False
            self._next = self._clock() + LOOK_SECONDS
            self._under_way = asyncio.create_task(asyncio.to_thread(self._look))
        await asyncio.shield(self._under_way)
        return True


def _digest(request: Request) -> str:
    return hashlib.sha256(_secret(request)).hexdigest()


def _secret(request: Request) -> bytes:
    kind, _, secret = request.headers.get(b"authorization", b"").partition(b" ")
    if kind.lower() != b"bearer":
        # Anthropic's clients have a header of their own.
        secret = request.headers.get(b"x-api-key", b"") if request.route == MESSAGES else b""
    return secret.strip()
