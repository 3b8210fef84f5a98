"""Variants made of files, and files made of variants."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction

from experiments_app import creating
from experiments_app.modelfile import BadFile, Parts, read_modelfile, write_modelfile
from experiments_app.models import Variant
from experiments_app.prompt_yml import read_prompt, write_prompt
from unified_app.errors import Conflict, InvalidInput
from unified_app.models import RegistryEpoch, UnifiedModel
from unified_app.recipes import ENSEMBLE, MAX_DEPTH, OVERLAY, PARTS, compose

READERS: dict[str, Callable[[str], Parts]] = {"modelfile": read_modelfile, "prompt.yml": read_prompt}
WRITERS: dict[str, Callable[[Parts], str]] = {"modelfile": write_modelfile, "prompt.yml": write_prompt}
FILE_NAMES = {"modelfile": "Modelfile", "prompt.yml": "variant.prompt.yml"}
MAX_BYTES = 2**20


def import_file(
    form: str, content: bytes, *, base_model: str, name: str, by: str, sent: creating.Once | None = None
) -> tuple[creating.Made, list[str]]:
    """Make variants of a file; return those of the last step, and what was passed over.

    Raises InvalidInput, and Conflict for a key that was sent with another file.

    What no one type of experiment can hold becomes variants on top of each other: adapter, parameters, prompt.
    """
    parts = _read(form, content)
    base, steps = base_model or parts.base, _steps(parts)
    if not steps:
        raise _refuse("It has no parameters, prompt or adapter, so it would change nothing.")
    with transaction.atomic():
        RegistryEpoch.lock()
        if earlier := creating.made_before(sent):
            return earlier, parts.ignored
        for at, (kind, parameters) in enumerate(steps, 1):
            body = {"base_model": base, "experiment_type": kind, "parameters": parameters}
            is_last = at == len(steps)
            named = {"name": name} if name and is_last else {}
            # The key stands for the last step, whose variants are the answer.
            made = creating.create({**body, **named}, by=by, sent=sent if is_last else None)
            base = str(made.variants[0].model_id)
    return made, parts.ignored


def export(variant: Variant, form: str) -> str:
    """Return a variant as a file. Raises Conflict for what the format has no words for."""
    parts = _parts(variant)
    try:
        return WRITERS[form](parts)
    except BadFile as error:
        raise Conflict(str(error)) from None


def _read(form: str, content: bytes) -> Parts:
    if len(content) > MAX_BYTES:
        raise _refuse(f"It is larger than {MAX_BYTES // 2**20} MB.")
    try:
        return READERS[form](content.decode())
    except (BadFile, UnicodeDecodeError) as error:
        raise _refuse("It is not UTF-8." if isinstance(error, UnicodeDecodeError) else str(error)) from None


def _refuse(message: str) -> InvalidInput:
    return InvalidInput(f"text: {message}", details={"text": [message]})


def _steps(parts: Parts) -> list[tuple[str, dict[str, Any]]]:
    prompt: dict[str, Any] = {name: getattr(parts, name) for name in PARTS[1:] if getattr(parts, name)}
    fixed = dict(parts.parameters)
    if prompt and "stop" in fixed:
        prompt["stop"] = fixed.pop("stop")
    adapter = {"adapter": _sha256(parts.adapter)} if parts.adapter else {}
    found = (("fine_tuning", adapter), ("parameter_tuning", fixed), ("prompt_engineering", prompt))
    return [(kind, parameters) for kind, parameters in found if parameters]


def _sha256(path: str) -> str:
    match = re.search(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", path)
    if match is None:
        raise _refuse("ADAPTER must name the sha256 of an adapter that was uploaded: sha256-...")
    return match[0]


def _parts(variant: Variant) -> Parts:
    model = variant.model
    assert model is not None
    recipe: Mapping[str, Any] = model.recipe or {}
    if recipe.get("kind") == ENSEMBLE:
        raise Conflict("An ensemble runs in the gateway and cannot be written as a file of one model.")
    told = {name: recipe[name] for name in PARTS if recipe.get(name)}
    merged: dict[str, Any] = {**told, "kind": OVERLAY, "base": recipe["base"]}
    base = UnifiedModel.objects.get(pk=merged["base"])
    for _ in range(MAX_DEPTH):
        if not base.recipe or base.recipe["kind"] != OVERLAY:
            break
        merged = compose(merged, base.recipe)
        base = UnifiedModel.objects.get(pk=merged["base"])
    below = base.recipe or {}
    known = {name: merged[name] for name in PARTS if merged.get(name)}
    name = below.get("upstream_name") or base.name
    adapter = recipe.get("adapter") or ""
    return Parts(base=name, name=model.name, description=model.description or "", adapter=adapter, **known)
