"""What a person needs to begin: a log-in and a key. Made once, kept in the data folder, found again later."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Group

from registry_project.environment import env, kept_secret
from unified_app.keys import create_key, find_key
from unified_app.models import User
from unified_app.scopes import in_order, scopes_of_user

PASSWORD_FILE = "admin_password"
KEY_FILE = "api_key"


@dataclass(frozen=True)
class Access:
    """The log-in to print, and the key of the curl line ("" when the user may do nothing)."""

    username: str
    password: str
    key: str


def ensure_access(home: Path) -> Access:
    """Make the admin and a key on the first run; return what works now."""
    user = User.objects.filter(username=settings.ADMIN_USERNAME).first() or _make_admin(home)
    return Access(user.get_username(), _password_to_print(home, user), _key(home, user))


def _make_admin(home: Path) -> User:
    password = env.str("ADMIN_PASSWORD", default="") or kept_secret(home, PASSWORD_FILE, length=12)
    user = User.objects.create_superuser(settings.ADMIN_USERNAME, password=password)
    user.groups.add(Group.objects.get_or_create(name="Operator")[0])
    return user


def _password_to_print(home: Path, user: User) -> str:
    """Return the generated password if it is still the right one, else where to look for it.

    It is never set again: somebody may have changed it since, and ADMIN_PASSWORD is for the first run.
    """
    given = env.str("ADMIN_PASSWORD", default="")
    if given and user.check_password(given):
        return "(the one in ADMIN_PASSWORD)"
    kept = home / "secrets" / PASSWORD_FILE
    if kept.exists() and user.check_password(kept.read_text().strip()):
        return kept.read_text().strip()
    return f"(changed since the first run; set it with: manage.py changepassword {user.get_username()})"


def _key(home: Path, user: User) -> str:
    """Return the kept key while it works, else a new one: the printed line must work at every run."""
    path = home / "secrets" / KEY_FILE
    kept = path.read_text().strip() if path.exists() else ""
    if kept and (found := find_key(kept)) and found.user_id == user.pk:
        return kept
    scopes = in_order(scopes_of_user(user))
    if not scopes:
        return ""
    _, secret = create_key(user=user, name="make run", scopes=scopes, by="start")
    _keep(path, secret)
    return secret


def _keep(path: Path, secret: str) -> None:
    """Replace the file at once, readable by its owner only from the first byte on."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(secret)
    draft.replace(path)
