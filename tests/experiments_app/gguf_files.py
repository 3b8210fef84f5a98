"""GGUF files that tests write."""

from __future__ import annotations

import struct
from typing import Any

HEADER = {
    "general.architecture": "llama",
    "general.type": "adapter",
    "general.name": "Manners",
    "adapter.type": "lora",
    "adapter.lora.alpha": 16.0,
    "general.base_model.0.name": "SmolLM2 135M",
}


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def pair(name: str, value: Any) -> bytes:
    if isinstance(value, str):
        return text(name) + struct.pack("<I", 8) + text(value)
    if isinstance(value, list):
        return text(name) + struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(text, value))
    code = (6, "<f") if isinstance(value, float) else (4, "<I")
    return text(name) + struct.pack("<I", code[0]) + struct.pack(code[1], value)


def gguf(facts: dict[str, Any], tensors: dict[str, tuple[int, int]], *, version: int = 3, fill: bytes = b"\0") -> bytes:
    """Return a file whose tensors are F32, filled with zeros; {name: shape, the fastest length first}."""
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(facts))
    head += b"".join(pair(name, value) for name, value in facts.items())
    offset = 0
    for name, shape in tensors.items():
        head += text(name) + struct.pack("<IQQIQ", 2, *shape, 0, offset)
        offset += -(-shape[0] * shape[1] * 4 // 32) * 32
    return head + b"\0" * (-len(head) % 32) + fill * offset


def lora(rank: int = 4, *, inside: int = 16, out: int = 16, layers: int = 1, **changes: Any) -> bytes:
    """Return an adapter; a change of None leaves a fact out."""
    told = {name.replace("__", "."): value for name, value in changes.items()}
    facts = {name: value for name, value in {**HEADER, **told}.items() if value is not None}
    tensors: dict[str, tuple[int, int]] = {}
    for layer in range(layers):
        tensors[f"blk.{layer}.attn_q.weight.lora_a"] = (inside, rank)
        tensors[f"blk.{layer}.attn_q.weight.lora_b"] = (rank, out)
    return gguf(facts, tensors)
