"""The files of a variant, kept in REGISTRY_HOME as they were logged. Only names of a fixed list are ever looked up."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from experiments_app.models import Variant
from experiments_app.records import DIGESTS, MODELFILE, RECIPE
from unified_app.errors import Conflict, NotFound

# Nothing that would have to be unpickled or run is among them.
CONTENT_TYPES = {RECIPE: "application/json", MODELFILE: "text/plain", DIGESTS: "application/json"}


def store(variant: Variant, files: Mapping[str, str]) -> dict[str, Any]:
    """Write the files and return {name: {sha256, size}} for the row."""
    folder = _folder(variant)
    folder.mkdir(parents=True, exist_ok=True)
    return {name: _write(folder / name, text.encode()) for name, text in files.items() if name in CONTENT_TYPES}


def listed(variant: Variant) -> list[dict[str, Any]]:
    return [{"name": name, **variant.artifacts[name]} for name in CONTENT_TYPES if name in variant.artifacts]


def read(variant: Variant, name: str) -> bytes:
    """Return one file. Raises NotFound, and Conflict when it is not what was logged."""
    if name not in CONTENT_TYPES or name not in variant.artifacts:
        there = ", ".join(row["name"] for row in listed(variant)) or "none yet: it is logged by a job"
        raise NotFound(f"There is no artifact of this name. Artifacts: {there}.")
    try:
        content = (_folder(variant) / name).read_bytes()
    except OSError:
        raise NotFound(f"The file {name} is gone from the data folder.") from None
    if hashlib.sha256(content).hexdigest() != variant.artifacts[name]["sha256"]:
        raise Conflict(f"The file {name} has been changed since it was logged: its sha256 is another.")
    return content


def _folder(variant: Variant) -> Path:
    return Path(settings.REGISTRY_HOME) / "artifacts" / str(variant.pk)


def _write(path: Path, content: bytes) -> dict[str, Any]:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    draft.write_bytes(content)
    os.replace(draft, path)
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
