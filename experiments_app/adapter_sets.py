"""The files of one upload together: a GGUF file alone, or safetensors beside PEFT's configuration."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments_app import adapter_headers, adapter_peft
from experiments_app.adapter_headers import AdapterHeader, kind_of, refuse
from experiments_app.adapter_peft import CONFIG, MAX_CONFIG
from experiments_app.safetensors import NotSafetensors, Tensor, read_tensors

MAX_FILES = 64
# Names go to the host as they are.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.safetensors")


@dataclass(frozen=True)
class Draft:
    """One file that was sent, and where it lies until it is known to be wanted."""

    name: str
    sha256: str
    size: int
    path: Path

    def start(self, length: int = 16) -> bytes:
        with self.path.open("rb") as file:
            return file.read(length)


def sha256_of(drafts: Sequence[Draft]) -> str:
    """Return the sha256 of a file, or of several: of the list that `sha256sum` prints of them, in the names' order."""
    if len(drafts) == 1:
        return drafts[0].sha256
    lines = "".join(f"{draft.sha256}  {draft.name}\n" for draft in sorted(drafts, key=lambda draft: draft.name))
    return hashlib.sha256(lines.encode()).hexdigest()


def inspect(drafts: Sequence[Draft]) -> tuple[str, AdapterHeader]:
    """Return the format of an upload and what it claims to be. Raises InvalidInput for what is no adapter."""
    if not drafts or len(drafts) > MAX_FILES:
        raise refuse(f"Send one GGUF file, or {CONFIG} and its safetensors, as `file`s of a multipart form.")
    if len(drafts) > 1:
        return "safetensors", _inspect_set(drafts)
    with drafts[0].path.open("rb") as file:
        return "gguf", adapter_headers.inspect(file, drafts[0].size)


def _inspect_set(drafts: Sequence[Draft]) -> AdapterHeader:
    configs = [draft for draft in drafts if draft.name == CONFIG]
    weights = [draft for draft in drafts if draft.name != CONFIG]
    for draft in weights:
        if problem := _misplaced(draft):
            raise refuse(f"{draft.name[:100]}: {problem}")
    if len(configs) != 1 or len({draft.name for draft in drafts}) != len(drafts):
        raise refuse(f"Send {CONFIG} beside its safetensors, and no two files of one name.")
    if configs[0].size > MAX_CONFIG:
        raise refuse(f"{CONFIG} has {configs[0].size} bytes, where {MAX_CONFIG} are the most.")
    tensors = [tensor for draft in weights for tensor in _tensors(draft)]
    return adapter_peft.describe(configs[0].start(MAX_CONFIG), tensors)


def _misplaced(draft: Draft) -> str:
    """Return what is wrong with a file that should be safetensors; empty when it is."""
    kind = kind_of(draft.start())
    if kind == "gguf":
        return "A GGUF adapter is whole by itself. Send it alone."
    if kind != "safetensors":
        return f"This is no safetensors file. Send {CONFIG} and its safetensors, and leave the others out."
    if not _NAME.fullmatch(draft.name):
        return "Name it of letters, digits, dots, dashes and underscores, with .safetensors at its end."
    return ""


def _tensors(draft: Draft) -> tuple[Tensor, ...]:
    try:
        with draft.path.open("rb") as file:
            return read_tensors(file, draft.size)
    except NotSafetensors as error:
        raise refuse(f"{draft.name}: {error}") from None
