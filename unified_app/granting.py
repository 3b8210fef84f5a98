"""Making and revoking keys on request: nobody grants more, or for longer, than they may themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import authenticate
from django.utils import timezone

from unified_app import keys
from unified_app.errors import Forbidden, InvalidInput, Unauthenticated
from unified_app.models import ApiKey, User
from unified_app.scopes import in_order, scopes_of_user

# A log-in's key lives for half a day.
LOG_IN_DAYS = 0.5
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class Caller:
    """Who asks: a user, what this request may do, and the key that it came with, if it was not a session."""

    user: User
    scopes: frozenset[str]
    key: ApiKey | None = None


@dataclass(frozen=True)
class MadeKey:
    """A key with its secret, which is told once."""

    id: int
    name: str
    key: str
    user: str
    scopes: list[str]
    expires_at: Any


def log_in(username: str, password: str) -> MadeKey:
    """Return a short-lived key with all scopes of the user. Raises Unauthenticated without saying what was wrong."""
    user = authenticate(username=username, password=password)
    if not isinstance(user, User):
        raise Unauthenticated("The user name or the password is wrong.")
    scopes = in_order(scopes_of_user(user))
    if not scopes:
        raise Forbidden("This user is in none of the roles, so there is nothing that a key could do.")
    return made(*keys.create_key(user=user, name="log-in", scopes=scopes, days=LOG_IN_DAYS))


def grant(caller: Caller, *, name: str, scopes: list[str], days: float | None) -> MadeKey:
    """Make a key for the caller, within what the caller's own key may and for no longer than it lives."""
    beyond = in_order(set(scopes) - caller.scopes)
    if beyond:
        message = f"You may not grant what you may not do: {', '.join(beyond)}."
        raise InvalidInput(message, details={"scopes": [message]})
    return made(*keys.create_key(user=caller.user, name=name, scopes=scopes, days=_days(caller.key, days)))


def revoke(caller: Caller, key: ApiKey) -> None:
    """Revoke a key. A key without `operate` revokes only what may no more than itself."""
    if caller.key and "operate" not in caller.scopes and not set(key.scopes) <= caller.scopes:
        raise Forbidden("A key cannot revoke one that may more than itself. Use a log-in.")
    keys.revoke(key, caller.user.get_username())


def made(key: ApiKey, secret: str) -> MadeKey:
    return MadeKey(key.pk, key.name, secret, key.user.get_username(), key.scopes, key.expires_at)


def _days(parent: ApiKey | None, days: float | None) -> float | None:
    """A key that ends makes keys that end no later: else one that leaked for a day would last for ever."""
    if parent is None or parent.expires_at is None:
        return days
    left = (parent.expires_at - timezone.now()).total_seconds() / _SECONDS_A_DAY
    if days is not None and days > left:
        message = f"The key of this call ends at {parent.expires_at:%Y-%m-%d %H:%M} UTC; ask for less, or log in."
        raise InvalidInput(f"days: {message}", details={"days": [message]})
    return left if days is None else days
