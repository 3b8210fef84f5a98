"""What the file of an adapter claims to be: a GGUF file alone, or safetensors with PEFT's configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO

from experiments_app.gguf import Header, NotGGUF, read_header
from experiments_app.safetensors import looks_like
from unified_app.errors import InvalidInput

CONVERT = "Convert it with llama.cpp's convert_lora_to_gguf.py and upload the GGUF file."


@dataclass(frozen=True)
class AdapterHeader:
    """What an adapter claims to be; `rank` and `width` are None where its tensors do not tell.

    `width` is the embedding length of the models that it fits, `modules` are the parts of a layer that it changes.
    """

    architecture: str
    rank: int | None
    alpha: float | None
    base_model: str
    name: str = ""
    width: int | None = None
    modules: tuple[str, ...] = ()


def refuse(message: str) -> InvalidInput:
    return InvalidInput(f"file: {message}", details={"file": [message]})


def kind_of(start: bytes) -> str:
    """Return what the first 16 bytes begin: gguf, safetensors, json, or nothing that is known.

    Looked at by content, names say nothing. Raises InvalidInput for what could run code when it is read.
    """
    if start[:2] == b"PK" or (start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05"):
        raise refuse(f"This is a pickle or an archive, which could run code when it is read. {CONVERT}")
    if start[:4] == b"GGUF":
        return "gguf"
    if looks_like(start):
        return "safetensors"
    return "json" if start.lstrip()[:1] == b"{" else ""


def inspect(file: BinaryIO, size: int) -> AdapterHeader:
    """Return what the GGUF file at its beginning claims to be. Raises InvalidInput for what is no LoRA adapter."""
    kind = kind_of(file.read(16))
    if kind == "safetensors":
        raise refuse("These are safetensors alone. Send adapter_config.json beside them, as a second `file`.")
    if kind == "json":
        raise refuse("This is a configuration alone. Send the adapter's safetensors beside it, as a second `file`.")
    file.seek(0)
    try:
        header = read_header(file, size)
    except NotGGUF as error:
        raise refuse(f"This is no GGUF LoRA adapter. {error}") from None
    if problem := _unfit(header):
        raise refuse(problem)
    return _described(header)


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
    names = {tensor.name for tensor in header.tensors if tensor.name.endswith(".lora_a")}
    return AdapterHeader(
        architecture=_text(header, "general.architecture"),
        rank=max(ranks) if ranks and max(ranks) < 2**31 else None,
        alpha=alpha if isinstance(alpha, float) else None,
        base_model=next(filter(None, (_text(header, name) for name in base)), ""),
        name=_text(header, "general.name"),
        width=_width(header),
        modules=tuple(sorted({name.removesuffix(".weight.lora_a").rpartition(".")[2][:60] for name in names})[:50]),
    )


def _width(header: Header) -> int | None:
    """Return what goes into the parts of a layer that read what the model itself is wide; None for several widths."""
    reading = tuple(f".{part}.weight.lora_a" for part in ("attn_q", "attn_k", "attn_v", "ffn_gate", "ffn_up"))
    widths = {t.shape[0] for t in header.tensors if t.name.endswith(reading) and len(t.shape) >= 2}
    return widths.pop() if len(widths) == 1 and max(widths) < 2**31 else None


def _is_first(name: str, shape: tuple[int, ...]) -> bool:
    # Lengths stand with the fastest one first: (what goes in, rank).
    return name.endswith(".lora_a") and len(shape) >= 2


def _text(header: Header, name: str) -> str:
    value: Any = header.facts.get(name)
    return value.strip()[:500] if isinstance(value, str) else ""
