"""The key of the registry's own calls to its gateway: derived from SECRET_KEY, so every process knows it.

It may only call models and is bound by no rate limit: an evaluation is bounded by how many calls it has under way. Who
revokes it, or locks its user out, switches these calls off.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import transaction

from unified_app import keys
from unified_app.errors import RegistryError
from unified_app.models import ApiKey, RegistryEpoch, User
from unified_app.scopes import scopes_of_user

USER = "evaluations"
NAME = "the registry's own calls (evaluations)"
SCOPES = ["call"]
# The lowest role that may call.
ROLE = "Viewer"
_LABEL = b"model registry: service key 1"
_BY = "the registry"


class SwitchedOff(RegistryError):
    """An operator has switched the registry's own calls off."""

    status_code = 403
    code = "forbidden"


def service_key() -> str:
    """Return the secret; its row is made with the first call, and mended if it has lost what it needs.

    Raises SwitchedOff when somebody has revoked it or locked its user out.
    """
    secret = _secret()
    key = _found(secret)
    if key is None or not _is_whole(key):
        key = _mended(secret)
    if key.revoked_at:
        raise SwitchedOff(
            f"The key of the registry's own calls was revoked on {key.revoked_at:%Y-%m-%d}, so evaluations are "
            f"switched off. An operator can put it back in the admin: API keys, “{key.name}”."
        )
    if not key.user.is_active:
        raise SwitchedOff(f"The user {key.user.get_username()} may not log in, so evaluations are switched off.")
    return secret


def is_service_key(key: ApiKey) -> bool:
    """Whether this is the row of the registry's own key in force, whose secret nobody was ever shown."""
    return hmac.compare_digest(key.digest, keys.digest_of(_secret()))


def _secret() -> str:
    made = hmac.digest(settings.SECRET_KEY.encode(), _LABEL, hashlib.sha256)
    return keys.PREFIX + base64.urlsafe_b64encode(made).decode().rstrip("=")


def _found(secret: str) -> ApiKey | None:
    rows = ApiKey.objects.select_related("user").prefetch_related("user__groups")
    found: ApiKey | None = rows.filter(digest=keys.digest_of(secret)).first()
    return found


def _is_whole(key: ApiKey) -> bool:
    """Whether the gateway will let it call, unless somebody has switched it off."""
    is_off = key.revoked_at is not None or not key.user.is_active
    return is_off or (
        key.scopes == SCOPES
        and key.expires_at is None
        and key.rate_limit_per_minute == 0
        and set(SCOPES) <= scopes_of_user(key.user)
    )


def _mended(secret: str) -> ApiKey:
    """Make the row, or put right what it lacks; of several processes that come at once, one does it."""
    with transaction.atomic():
        RegistryEpoch.lock()
        key = _found(secret)
        if key is None:
            _retire_older()
            return keys.create_key(
                user=_owner(), name=NAME, scopes=SCOPES, rate_limit_per_minute=0, secret=secret, by=_BY
            )[0]
        if not _is_whole(key):
            _join(key.user)
            ApiKey.objects.filter(pk=key.pk).update(scopes=SCOPES, expires_at=None, rate_limit_per_minute=0)
            RegistryEpoch.bump()
        return key


def _owner() -> User:
    """Return the user whom the key acts for, and who cannot log in."""
    user = User.objects.get_or_create(username=USER, defaults={"password": make_password(None)})[0]
    _join(user)
    return user


def _join(user: User) -> None:
    user.groups.add(Group.objects.get_or_create(name=ROLE)[0])


def _retire_older() -> None:
    """Revoke the keys that an older SECRET_KEY has made: whoever knows that one could call with them."""
    for key in ApiKey.objects.filter(user__username=USER, name=NAME, revoked_at=None):
        keys.revoke(key, _BY)
