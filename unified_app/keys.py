"""API keys: made once, shown once, kept as SHA-256. The secret is random, so a fast hash is enough."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from unified_app.errors import InvalidInput
from unified_app.history import record
from unified_app.models import ApiKey, RegistryEpoch, User
from unified_app.scopes import SCOPES, in_order, scopes_of_user

PREFIX = "mr_"
_SHOWN = 9
MAX_NAME = 100
MAX_RATE = 1_000_000
_RATE = f"Give a whole number of requests from 0 (no limit) to {MAX_RATE:,}."
_DAYS = "Give a number of days above 0 and at most 36,500 (a hundred years)."
# `last_used_at` is written at most this often per key.
USE_RESOLUTION = timedelta(minutes=1)


def create_key(
    *,
    user: User,
    name: str,
    scopes: Iterable[str],
    days: float | None = None,
    rate_limit_per_minute: int | None = None,
    secret: str = "",
    by: str = "",
) -> tuple[ApiKey, str]:
    """Make a key and return it with its secret, which is nowhere kept. `days` None never expires.

    `rate_limit_per_minute` is the gateway's limit of this key: None for the setting's, 0 for none. `secret` is for a
    caller who knows one that nobody can guess; else a random one is made.
    Raises InvalidInput for an unknown scope, no scope, or one that the user does not have, for a name that is empty or
    too long, and for a number that is out of range.
    """
    if not 0 < len(name) <= MAX_NAME:
        message = f"Give a name of 1 to {MAX_NAME} characters."
        raise InvalidInput(f"name: {message}", details={"name": [message]})
    wanted = _checked(user, list(scopes))
    if days is not None and not 0 < days <= 36_500:
        raise InvalidInput(f"days: {_DAYS}", details={"days": [_DAYS]})
    if rate_limit_per_minute is not None and not 0 <= rate_limit_per_minute <= MAX_RATE:
        raise InvalidInput(f"rate_limit_per_minute: {_RATE}", details={"rate_limit_per_minute": [_RATE]})
    secret = secret or PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        key = ApiKey.objects.create(
            name=name,
            user=user,
            prefix=secret[:_SHOWN],
            digest=digest_of(secret),
            scopes=wanted,
            expires_at=timezone.now() + timedelta(days=days) if days else None,
            rate_limit_per_minute=rate_limit_per_minute,
        )
        record("key", key.pk, by or user.get_username(), {"created": (None, name), "scopes": (None, wanted)})
        RegistryEpoch.bump()
    return key, secret


def find_key(secret: str) -> ApiKey | None:
    """Return the usable key of this secret, with its user, or None."""
    if not secret.startswith(PREFIX):
        return None
    found: ApiKey | None = ApiKey.objects.usable().select_related("user").filter(digest=digest_of(secret)).first()
    return found


def note_use(key: ApiKey) -> None:
    """Remember when the key was used, to the minute; not a change of the registry."""
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at > USE_RESOLUTION:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


def revoke(key: ApiKey, by: str) -> None:
    """Make the key worthless from now on; revoking twice changes nothing."""
    with transaction.atomic():
        if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
            record("key", key.pk, by, {"revoked": (False, True)})
            RegistryEpoch.bump()
    key.refresh_from_db()


def put_back(key: ApiKey, by: str) -> None:
    """Let a revoked key hold again; only for one whose secret was never out of our hands."""
    with transaction.atomic():
        if ApiKey.objects.filter(pk=key.pk).exclude(revoked_at=None).update(revoked_at=None):
            record("key", key.pk, by, {"revoked": (True, False)})
            RegistryEpoch.bump()
    key.refresh_from_db()


def scopes_of_key(key: ApiKey) -> frozenset[str]:
    """Return what the key may do now: its own scopes, less what its user has lost since."""
    return frozenset(key.scopes) & scopes_of_user(key.user)


def digest_of(secret: str) -> str:
    """Return the SHA-256 of a secret as 64 hex digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _checked(user: User, scopes: list[str]) -> list[str]:
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        problem = f"unknown: {', '.join(unknown)}" if unknown else "none given"
        message = f"Scopes are {', '.join(SCOPES)}; {problem}."
        raise InvalidInput(message, details={"scopes": [message]})
    beyond = sorted(set(scopes) - scopes_of_user(user))
    if beyond:
        message = f"The user {user.get_username()} does not have: {', '.join(beyond)}."
        raise InvalidInput(message, details={"scopes": [message]})
    return in_order(scopes)
