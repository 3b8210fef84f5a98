"""Credentials at rest: encrypted with a key derived from SECRET_KEY, readable with SECRET_KEY_FALLBACKS too."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes

from unified_app.errors import Conflict


def seal(secret: str) -> str:
    """Return `secret` encrypted; the empty string stays empty."""
    return _fernet().encrypt(secret.encode()).decode() if secret else ""


def unseal(sealed: str) -> str:
    """Return what `seal` was given. Raises Conflict when SECRET_KEY has changed since."""
    try:
        return _fernet().decrypt(sealed.encode()).decode() if sealed else ""
    except InvalidToken:
        raise Conflict(
            "A stored credential cannot be read: SECRET_KEY has changed. Enter the credential again."
        ) from None


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key))) for key in keys])


def _derived(key: str | bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"registry credentials").derive(force_bytes(key))
