"""The files of adapters: kept in REGISTRY_HOME under their sha256, checked when they are read again."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from unified_app.errors import Conflict, NotFound


def keep(parts: Iterable[bytes], folder: Path | None = None) -> tuple[str, int, Path]:
    """Write what arrives to a draft and return its sha256, its size and where it is."""
    folder = folder or _folder()
    folder.mkdir(parents=True, exist_ok=True)
    draft, digest, size = folder / f".draft-{secrets.token_hex(8)}", hashlib.sha256(), 0
    try:
        with draft.open("xb") as file:
            for part in parts:
                digest.update(part)
                size += file.write(part)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return digest.hexdigest(), size, draft


def settle(draft: Path, sha256: str) -> None:
    """Give a draft its place, at once and whole; the same content may be there already."""
    draft.replace(_folder() / sha256)


def remove(sha256: str) -> None:
    (_folder() / sha256).unlink(missing_ok=True)


@contextmanager
def opened(sha256: str) -> Iterator[BinaryIO]:
    """Open a file that is what it was when it came. Raises NotFound, and Conflict when it was changed."""
    try:
        file = (_folder() / sha256).open("rb")
    except OSError:
        raise NotFound("The adapter's file is gone from the data folder. Upload it again.") from None
    with file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise Conflict("The adapter's file has been changed since it was uploaded. Upload it again.")
        file.seek(0)
        yield file


def _folder() -> Path:
    return Path(settings.REGISTRY_HOME) / "adapters"
