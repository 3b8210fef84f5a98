"""Adapters that people upload: kept once each, listed, deleted when no variant needs them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from django.db import transaction

from experiments_app import adapter_files
from experiments_app.adapter_sets import Draft, inspect, sha256_of
from experiments_app.models import Adapter, Variant
from unified_app.errors import Conflict, NotFound
from unified_app.history import record
from unified_app.models import RegistryEpoch


def add(files: list[Any], *, by: str, name: str = "") -> tuple[Adapter, bool]:
    """Keep an uploaded adapter, one or more of Django's files; return its row and whether it is new.

    Raises InvalidInput for what is none.
    """
    with ExitStack() as stack:
        drafts = [_draft(file, stack) for file in files]
        return _add(drafts, name, by)


def find(sha256: str) -> Adapter:
    row = Adapter.objects.filter(pk=sha256).first()
    if row is None:
        raise NotFound("No adapter with this sha256 is here.")
    return row


def delete(sha256: str, *, by: str) -> None:
    """Delete an adapter and its files. Raises Conflict with `used_by` while a variant stands on it."""
    with transaction.atomic():
        RegistryEpoch.lock()
        row = find(sha256)
        # An archived variant can be brought back, and may then have to be made again.
        users = Variant.objects.filter(model__recipe__adapter=sha256).order_by("pk")
        if used_by := list(users.values_list("model_id", flat=True)[:100]):
            raise Conflict(f"{', '.join(used_by[:3])} is made with this adapter.", details={"used_by": used_by})
        row.delete()
        record("adapter", sha256, by, {"name": (row.name, None)})
        transaction.on_commit(lambda: _remove({file["sha256"] for file in row.files}))


def _draft(file: Any, stack: ExitStack) -> Draft:
    sha256, size, path = adapter_files.keep(file.chunks())
    stack.callback(path.unlink, missing_ok=True)
    return Draft((file.name or "").replace("\0", ""), sha256, size, path)


def _add(drafts: Sequence[Draft], name: str, by: str) -> tuple[Adapter, bool]:
    kind, told = inspect(drafts)
    files = [{"name": draft.name[:200], "sha256": draft.sha256, "size": draft.size} for draft in drafts]
    with transaction.atomic():
        RegistryEpoch.lock()
        for draft in drafts:
            adapter_files.settle(draft.path, draft.sha256)
        row, is_new = Adapter.objects.get_or_create(
            pk=sha256_of(drafts),
            defaults={
                "name": name or max(drafts, key=lambda draft: draft.size).name[:200] or told.name,
                "format": kind,
                "size": sum(draft.size for draft in drafts),
                "files": files,
                "architecture": told.architecture,
                "rank": told.rank,
                "alpha": told.alpha,
                "width": told.width,
                "modules": list(told.modules),
                "base_model": told.base_model,
                "created_by": by,
            },
        )
        if is_new:
            record("adapter", row.pk, by, {"name": (None, row.name)})
    return row, is_new


def _remove(digests: set[str]) -> None:
    """Remove files that no adapter has; the lock keeps out an upload that is about to say that it has one."""
    with transaction.atomic():
        RegistryEpoch.lock()
        kept = {file["sha256"] for files in Adapter.objects.values_list("files", flat=True) for file in files}
        for sha256 in digests - kept:
            adapter_files.remove(sha256)
