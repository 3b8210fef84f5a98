"""Variants made into models of their own on a host: the job of kind `realise`. Speaks to hosts through sources only."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from experiments_app import adapter_files, adapters, outbox
from experiments_app.facts import facts_of
from experiments_app.models import Adapter, Variant
from unified_app import jobs
from unified_app.errors import Conflict, InvalidInput, RegistryError, UpstreamError
from unified_app.history import HOST_MODEL, record
from unified_app.models import HistoryEntry, Placement, RegistryEpoch, UnifiedModel
from unified_app.one_model import sync_one
from unified_app.parameters import OPTIONS
from unified_app.recipes import MAX_DEPTH, OVERLAY, PARTS, REALISED, compose
from unified_app.sources import Source, owner_of, source_class

PROGRESS_SECONDS = 0.5


def run_realise_job(handle: jobs.Handle) -> dict[str, Any]:
    """Do a job of kind `realise`; doing it twice makes the same model."""
    row: Variant | None = Variant.objects.listed().filter(pk=handle.arguments["variant"]).first()
    if row is None or not row.host or row.shown_status == Variant.Status.ARCHIVED:
        return {"skipped": "the variant is gone, archived, or no longer meant for a host"}
    if row.realised:
        return {"model": recipe_of(row)["model"]}
    try:
        return _realise(handle, row)
    except RegistryError as error:
        _fail(handle, row, error)
        # What the host itself said against it, it would say again.
        said = isinstance(error, UpstreamError) and 400 <= (error.upstream_status or 0) < 500
        raise (jobs.Final(error) if said else error) from error


def request_again(variant: Variant, *, by: str) -> Variant:
    """Queue the work once more for a variant that failed, or whose host lost its model. Raises Conflict for others."""
    if not variant.host:
        raise Conflict("It is laid over its base by the gateway.")
    if variant.shown_status == Variant.Status.ARCHIVED:
        raise Conflict("It is archived. Bring it back first.")
    with transaction.atomic():
        RegistryEpoch.lock()
        row = Variant.objects.listed().get(pk=variant.pk)
        if row.realised and not row.is_lost:
            raise Conflict("It is on its host already.")
        if row.realised:
            forget(row)
        outbox.announce([row], by=by)
    return Variant.objects.listed().get(pk=variant.pk)


def forget(row: Variant) -> None:
    """Write that the variant is no model on its host; call it in a transaction that holds RegistryEpoch.lock()."""
    UnifiedModel.objects.filter(pk=row.model_id).update(
        recipe={**recipe_of(row), "model": None}, updated_at=timezone.now()
    )
    Variant.objects.filter(pk=row.pk).update(realised=False)
    row.refresh_from_db()
    RegistryEpoch.bump()


def ingredients(recipe: Mapping[str, Any]) -> tuple[UnifiedModel, dict[str, Any]]:
    """Return the model that a realised recipe ends at, and everything that is laid over it on the way.

    Raises InvalidInput for what a model on a host cannot hold.
    """
    parts = {name: recipe[name] for name in PARTS if recipe.get(name)}
    merged: dict[str, Any] = {"kind": OVERLAY, "base": recipe["base"], **parts}
    for _ in range(MAX_DEPTH + 1):
        base = UnifiedModel.objects.get(pk=merged["base"])
        if not base.recipe:
            return base, _fit(merged, recipe)
        if base.recipe["kind"] == REALISED and base.recipe.get("model"):
            return UnifiedModel.objects.get(pk=base.recipe["model"]), _fit(merged, recipe)
        if base.recipe["kind"] != OVERLAY:
            raise Conflict(f"{base.name} is not on a host yet, so nothing can be made of it. Try again when it is.")
        merged = compose(merged, base.recipe)
    raise InvalidInput("It is made of too many recipes on top of each other.")


def _fit(merged: Mapping[str, Any], recipe: Mapping[str, Any]) -> dict[str, Any]:
    foreign = sorted(set(merged.get("parameters") or {}) - set(OPTIONS))
    if foreign:
        raise InvalidInput(f"Its base carries {', '.join(foreign)}, which a model on a host cannot hold.")
    found = {name: merged[name] for name in PARTS if merged.get(name)}
    return found | ({"adapter": recipe["adapter"]} if recipe.get("adapter") else {})


def _realise(handle: jobs.Handle, row: Variant) -> dict[str, Any]:
    recipe = recipe_of(row)
    root, parts = ingredients(recipe)
    source, name = source_of(row.host), recipe["upstream_name"]
    parts["from"] = _name_at(root, source)
    if parts.get("adapter"):
        adapter = adapters.find(parts.pop("adapter"))
        _check_taken(source, adapter, root)
        parts["adapters"] = _push(handle, source, adapter)
    handle.progress(status=f"making {name} on {row.host}")
    ours = _is_ours(row, name)
    source.create(name, parts, replace=ours, progress=_begun(handle, row, name, ours))
    made = sync_one(source_of(row.host), name)
    _keep(handle, row, made)
    return {"model": made.pk, "name": name, "host": row.host}


def recipe_of(row: Variant) -> dict[str, Any]:
    return dict((row.model.recipe if row.model else None) or {})


def source_of(host: str) -> Source:
    """Return the host that can hold a variant as a model of its own. Raises NotFound when it is not enabled."""
    return source_class(owner_of(host, "ollama") or "ollama")(host)


def _check_taken(source: Source, adapter: Adapter, root: UnifiedModel) -> None:
    """The host may have another version than when the variant was made: asked before large files are sent."""
    if problem := source.adapter_problem(source.place, adapter.format, facts_of(root).architectures):
        raise InvalidInput(f"adapter: {problem}", details={"adapter": [problem]})


def _name_at(root: UnifiedModel, source: Source) -> str:
    """Return what the host calls the base."""
    there = Placement.objects.present().filter(model=root, source=source.name, place=source.place).first()
    if there is None:
        raise Conflict(f"{root.name} is no longer on {source.place}. Put it back there, or make a new variant.")
    return str(there.upstream_name)


def _push(handle: jobs.Handle, source: Source, row: Adapter) -> dict[str, str]:
    """Put the adapter's files on the host and return their digests by name."""
    names = {}
    for part in row.files:
        names["adapter.gguf" if row.format == "gguf" else part["name"]] = part["sha256"]
        handle.progress(status="checking the adapter", total=row.size)
        with adapter_files.opened(part["sha256"]) as file:
            handle.progress(status="sending the adapter", total=row.size)
            source.upload(part["sha256"], file, part["size"])
    return names


def _is_ours(row: Variant, name: str) -> bool:
    """Whether an earlier attempt took the name at the host, so that what stands there may be replaced."""
    taken = HistoryEntry.objects.filter(kind="model", object_id=str(row.model_id), field=HOST_MODEL)
    return any(entry.new == {"host": row.host, "name": name} for entry in taken)


def _begun(handle: jobs.Handle, row: Variant, name: str, ours: bool) -> Callable[[Mapping[str, Any]], None]:
    """Return what each line of progress calls: the first one comes once the name is known to be free."""
    state: dict[str, Any] = {"ours": ours, "at": 0.0}

    def progress(line: Mapping[str, Any]) -> None:
        if not state["ours"]:
            record("model", row.model_id, "realise", {HOST_MODEL: (None, {"host": row.host, "name": name})})
            state["ours"] = True
        if time.monotonic() - state["at"] >= PROGRESS_SECONDS:
            state["at"] = time.monotonic()
            handle.progress(**_shown(line))

    return progress


def _shown(line: Mapping[str, Any]) -> dict[str, Any]:
    shown = {key: line[key] for key in ("status", "completed", "total") if key in line}
    total, completed = shown.get("total"), shown.get("completed")
    if isinstance(total, int) and isinstance(completed, int) and total > 0:
        shown["percent"] = round(100 * completed / total, 1)
    return shown


def _keep(handle: jobs.Handle, row: Variant, made: UnifiedModel) -> None:
    with transaction.atomic():
        handle.fence()
        RegistryEpoch.lock()
        fresh = Variant.objects.listed().get(pk=row.pk)
        recipe = {**recipe_of(fresh), "model": made.pk}
        UnifiedModel.objects.filter(pk=row.model_id).update(recipe=recipe, updated_at=timezone.now())
        status = Variant.Status.PROMOTED if fresh.promoted_at else Variant.Status.ACTIVE
        Variant.objects.filter(pk=row.pk).update(realised=True, status=status, error="")
        fresh.refresh_from_db()
        outbox.announce_to_mlflow([fresh], by="realise")
        RegistryEpoch.bump()


def _fail(handle: jobs.Handle, row: Variant, error: RegistryError) -> None:
    with transaction.atomic():
        handle.fence()
        Variant.objects.filter(pk=row.pk).update(status=Variant.Status.FAILED, error=error.message[:2000])
        # The gateway tells callers why the variant is not there.
        RegistryEpoch.bump()
