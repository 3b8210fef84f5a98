"""Adapters that people upload: kept once each, listed, deleted when no variant needs them."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Any

from django.db import transaction

from experiments_app import adapter_files
from experiments_app.models import Adapter, Variant
from unified_app.errors import Conflict, NotFound
from unified_app.history import record
from unified_app.models import RegistryEpoch


def add(files: list[Any], *, by: str) -> tuple[Adapter, bool]:
    """Keep an uploaded adapter, one of Django's files; return its row and whether it is new.

    Raises InvalidInput for what is none.
    """
    if len(files) != 1:
        raise adapter_files.refuse("Send one GGUF file as `file`, in a multipart form.")
    sha256, size, draft = adapter_files.keep(files[0].chunks())
    try:
        return _add(draft, sha256, size, PurePath(files[0].name or "").name, by)
    finally:
        draft.unlink(missing_ok=True)


def find(sha256: str) -> Adapter:
    row = Adapter.objects.filter(pk=sha256).first()
    if row is None:
        raise NotFound("No adapter with this sha256 is here.")
    return row


def delete(sha256: str, *, by: str) -> None:
    """Delete an adapter and its file. Raises Conflict with `used_by` while a variant stands on it."""
    with transaction.atomic():
        RegistryEpoch.lock()
        row = find(sha256)
        # An archived variant can be brought back, and may then have to be made again.
        users = Variant.objects.filter(model__recipe__adapter=sha256).order_by("pk")
        if used_by := list(users.values_list("model_id", flat=True)[:100]):
            raise Conflict(f"{', '.join(used_by[:3])} is made with this adapter.", details={"used_by": used_by})
        row.delete()
        record("adapter", sha256, by, {"name": (row.name, None)})
        transaction.on_commit(lambda: adapter_files.remove(sha256))


def _add(draft: Path, sha256: str, size: int, name: str, by: str) -> tuple[Adapter, bool]:
    with draft.open("rb") as file:
        told = adapter_files.inspect(file, size)
    with transaction.atomic():
        RegistryEpoch.lock()
        adapter_files.settle(draft, sha256)
        row, is_new = Adapter.objects.get_or_create(
            pk=sha256,
            defaults={
                "name": name.replace("\0", "")[:200] or told.name,
                "format": "gguf",
                "size": size,
                "architecture": told.architecture,
                "rank": told.rank,
                "base_model": told.base_model,
                "created_by": by,
            },
        )
        if is_new:
            record("adapter", sha256, by, {"name": (None, row.name)})
    return row, is_new
