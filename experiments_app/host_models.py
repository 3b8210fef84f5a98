"""Variants that are models of their own on a host, deleted there with the variant."""

from __future__ import annotations

from django.db import transaction

from experiments_app import outbox, promoting, realising
from experiments_app.models import Variant
from unified_app.errors import Conflict, NotFound, RegistryError
from unified_app.models import Job, RegistryEpoch, UnifiedModel
from unified_app.one_model import drop_one
from unified_app.registry_manager import check_unused
from unified_app.serving import stopping
from unified_app.sources import Source


def delete(variant: Variant, *, by: str) -> None:
    """Archive a variant and delete the model that it is on its host; done again, it goes on where it stopped.

    Raises Conflict while others build on either, and what the host says: then the variant is as it was.
    """
    made = _made(variant)
    source, name = realising.source_of(variant.host), realising.recipe_of(variant)["upstream_name"]
    was_archived = variant.shown_status == Variant.Status.ARCHIVED
    # First, so that nobody calls it or builds on it any more.
    promoting.archive(variant, by=by)
    try:
        _delete_there(source, name)
    except RegistryError:
        if not was_archived:
            promoting.restore(variant, by=by)
        raise
    stopping.stop(made.pk, f"deleted by {by}")
    drop_one(source, name)
    with transaction.atomic():
        RegistryEpoch.lock()
        realising.forget(Variant.objects.listed().get(pk=variant.pk))


def _made(variant: Variant) -> UnifiedModel:
    """Return the row of the model on the host. Raises Conflict when there is none, or others need it."""
    made: UnifiedModel | None = UnifiedModel.objects.filter(pk=realising.recipe_of(variant).get("model")).first()
    if Job.objects.active().filter(unique_key=outbox.unique_key(outbox.REALISE, variant)).exists():
        raise Conflict("It is being made on its host just now. Cancel that job first.")
    if made is None:
        raise Conflict("It is no model of its own on a host. Delete it without delete_on_host.")
    check_unused(made)
    return made


def _delete_there(source: Source, name: str) -> None:
    try:
        source.delete(name)
    except NotFound:
        return  # what was wanted
