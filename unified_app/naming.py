"""Ids made from names, and the keys by which a name is looked up. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container

RESERVED_IDS = frozenset({"unified", "categories", "sync"})
_SUFFIX = {"base": "base", "variant": "variant", "experimental": "base"}


def slug(name: str) -> str:
    """Return `name` in lower case with every run of other characters as one underscore."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "model"


def make_id(name: str, model_type: str, source: str, taken: Container[str]) -> str:
    """Return the id of a new model: `llama3.1:8b` -> `llama3_1_8b_base`.

    A slug that is taken gets `_` and six hex digits of sha256(source, name), so the id never depends on
    which other names come later. It is stored once and never computed again.
    """
    suffix = _SUFFIX[model_type]
    plain = f"{slug(name)}_{suffix}"
    if plain not in taken and plain not in RESERVED_IDS:
        return plain
    mark = hashlib.sha256(f"{source}\0{name}".encode()).hexdigest()
    for length in range(6, 65):
        candidate = f"{slug(name)}_{mark[:length]}_{suffix}"
        if candidate not in taken:
            return candidate
    raise AssertionError("sha256 collision")


def name_key(name: str) -> str:
    """Return the form in which names are compared: case does not matter and `:latest` may be left out."""
    return name.strip().lower().removesuffix(":latest")
