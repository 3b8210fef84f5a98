"""Making variants of what a caller sent: checked, decided, written once."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from experiments_app import searching
from experiments_app.base_generator import BaseVariantGenerator
from experiments_app.facts import RememberedRegistry
from experiments_app.models import Experiment, IdempotentCreate, Variant
from experiments_app.objects import ModelVariant
from experiments_app.validation import check_body
from experiments_app.variant_generator import all_generators
from experiments_app.writing import Order, write
from unified_app.errors import Conflict, InvalidInput, NotFound
from unified_app.models import RegistryEpoch, User

KEY_LENGTH = 200


@dataclass(frozen=True)
class Once:
    """A caller's Idempotency-Key with the body that it was sent with."""

    user: User
    key: str
    body_sha256: str


@dataclass(frozen=True)
class Made:
    """The variants of one create, the first one first; `is_new` is false when the key had made them already."""

    variants: list[Variant]
    is_new: bool = True


def once(user: User, key: str | None, body: Any) -> Once | None:
    """Return what makes a create idempotent; None without a key. Raises InvalidInput for one that is no key."""
    if key is None:
        return None
    if not key.strip() or len(key) > KEY_LENGTH or not key.isprintable():
        message = f"Give a key of 1 to {KEY_LENGTH} printable characters, or leave the header out."
        raise InvalidInput(f"Idempotency-Key: {message}", details={"Idempotency-Key": [message]})
    told = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return Once(user, key, hashlib.sha256(told.encode()).hexdigest())


def create(
    body: Any, *, by: str, sent: Once | None = None, generators: dict[str, BaseVariantGenerator] | None = None
) -> Made:
    """Make the variants that `body` (of POST /api/experimental/create) describes.

    Only rows are written here: MLflow and hosts follow in jobs. Raises InvalidInput naming the fields, and Conflict
    for a key that was sent with another body.
    """
    if earlier := made_before(sent):
        return earlier
    checked = check_body(body)
    order, planned = decide(checked, by, generators or all_generators())
    with transaction.atomic():
        # The lock makes the second of two equal calls see the first one's rows.
        RegistryEpoch.lock()
        if earlier := made_before(sent):
            return earlier
        experiment = write(order, planned)
        if sent:
            IdempotentCreate.objects.create(
                user=sent.user, key=sent.key, body_sha256=sent.body_sha256, experiment=experiment
            )
        return Made(variants_of(experiment))


def decide(
    body: dict[str, Any], by: str, generators: dict[str, BaseVariantGenerator]
) -> tuple[Order, list[ModelVariant]]:
    """Return what a checked body asks for; nothing is written."""
    kind, parameters = body["experiment_type"], dict(body["parameters"])
    if "search" in parameters:
        parameters["search"] = searching.with_seed(parameters["search"], random.SystemRandom().randrange(2**53))
    known = RememberedRegistry()
    try:
        base = known.model(body["base_model"])
    except NotFound as error:
        raise InvalidInput(f"base_model: {error.message}", details={"base_model": [error.message]}) from None
    host = body["realise"]["host"] if "realise" in body else ""
    planned = generators[kind].knowing(known).decide(base, parameters, host=host)
    order = Order(base, kind, parameters, by=by)
    return replace(order, name=body.get("name", ""), description=body.get("description", "")), planned


def variants_of(experiment: Experiment) -> list[Variant]:
    """Return all variants of an experiment as lists show them, in the order in which they were made."""
    return list(Variant.objects.listed().filter(experiment=experiment).order_by("pk"))


def made_before(sent: Once | None) -> Made | None:
    """Return what the key has made already. Raises Conflict when it came with another body."""
    if sent is None:
        return None
    earlier = IdempotentCreate.objects.filter(user=sent.user, key=sent.key).first()
    if earlier is None:
        return None
    if earlier.body_sha256 != sent.body_sha256:
        raise Conflict("This Idempotency-Key was sent with another body. Use a new key for a new variant.")
    return Made(variants_of(earlier.experiment), is_new=False)
