"""The files of adapters: read for what they are, kept in REGISTRY_HOME under their sha256, checked when read again."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings

from experiments_app.gguf import Header, NotGGUF, read_header
from unified_app.errors import Conflict, InvalidInput, NotFound

_CHUNK = 2**20
_CONVERT = "Convert it with llama.cpp's convert_lora_to_gguf.py and upload the GGUF file."


@dataclass(frozen=True)
class AdapterHeader:
    """What an adapter claims to be; `rank` is None where its tensors differ from what is usual."""

    architecture: str
    rank: int | None
    alpha: float | None
    base_model: str
    name: str


def refuse(message: str) -> InvalidInput:
    return InvalidInput(f"file: {message}", details={"file": [message]})


def inspect(file: BinaryIO, size: int) -> AdapterHeader:
    """Return what the file at its beginning claims to be. Raises InvalidInput for what is no GGUF LoRA adapter."""
    start = file.read(16)
    if problem := _foreign(start):
        raise refuse(problem)
    file.seek(0)
    try:
        header = read_header(file, size)
    except NotGGUF as error:
        raise refuse(f"This is no GGUF LoRA adapter. {error}") from None
    if problem := _unfit(header):
        raise refuse(problem)
    return _described(header)


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
    """Open an adapter that is what it was when it came. Raises NotFound, and Conflict when it was changed."""
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


def _foreign(start: bytes) -> str:
    """Return what is wrong with a file that is of another kind; looked at by content, names say nothing."""
    if start[:2] == b"PK" or (start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05"):
        return f"This is a pickle or an archive, which could run code when it is read. {_CONVERT}"
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 2**30:
        return f"This is a safetensors file, and newer Ollama servers refuse those. {_CONVERT}"
    return ""


def _unfit(header: Header) -> str:
    kind, way = header.facts.get("general.type"), header.facts.get("adapter.type")
    if kind != "adapter":
        return f"This is a GGUF file of type {str(kind or 'model')[:40]!r}, not an adapter."
    if way != "lora":
        return f"This is an adapter of type {str(way)[:40]!r}; Ollama loads lora."
    if not _text(header, "general.architecture"):
        return "Its header does not say for which architecture it is made (general.architecture)."
    names = {tensor.name for tensor in header.tensors}
    firsts = {name for name in names if name.endswith(".lora_a")}
    if not firsts or any(name[:-1] + "b" not in names for name in firsts):
        return "It has no pairs of tensors lora_a and lora_b, so it would change nothing."
    return ""


def _described(header: Header) -> AdapterHeader:
    ranks = {tensor.shape[1] for tensor in header.tensors if _is_first(tensor.name, tensor.shape)}
    alpha = header.facts.get("adapter.lora.alpha")
    base = ("general.base_model.0.repo_url", "general.base_model.0.name", "general.basename")
    return AdapterHeader(
        architecture=_text(header, "general.architecture"),
        rank=max(ranks) if ranks and max(ranks) < 2**31 else None,
        alpha=alpha if isinstance(alpha, float) else None,
        base_model=next(filter(None, (_text(header, name) for name in base)), ""),
        name=_text(header, "general.name"),
    )


def _is_first(name: str, shape: tuple[int, ...]) -> bool:
    # Lengths stand with the fastest one first: (what goes in, rank).
    return name.endswith(".lora_a") and len(shape) >= 2


def _text(header: Header, name: str) -> str:
    value: Any = header.facts.get(name)
    return value.strip()[:500] if isinstance(value, str) else ""
