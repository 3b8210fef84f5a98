"""What the environment says, before Django starts: the data folder, .env and secrets made on first run."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
# The environment wins over .env, so that one variable can be changed for one run.
environ.Env.read_env(BASE_DIR / ".env", overwrite=False)


def registry_home() -> Path:
    """Return the data folder, made if it is missing; a relative REGISTRY_HOME is relative to the checkout."""
    home: Path = (BASE_DIR / os.path.expanduser(env.str("REGISTRY_HOME", default="var"))).resolve()
    for folder in (home, home / "broker" / "control", home / "secrets", home / "static"):
        folder.mkdir(parents=True, exist_ok=True)
    (home / "secrets").chmod(0o700)
    return home


def kept_secret(home: Path, name: str, *, length: int = 48) -> str:
    """Return the secret `name` of this data folder, generated on first use (url-safe text of `length` bytes).

    Two processes may ask for it at once on a new folder: the hard link lets exactly one of them win, and a
    reader never sees half a file.
    """
    path = home / "secrets" / name
    if not path.exists():
        draft = path.with_name(f".{name}.{os.getpid()}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(length))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
