"""LoRA adapters as PEFT keeps them, written by tests: adapter_config.json and safetensors."""

from __future__ import annotations

import json
import random
import struct
from typing import Any

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
NAMES = "base_model.model.model.layers"


def config(**changes: Any) -> bytes:
    told = {
        "peft_type": "LORA",
        "r": 2,
        "lora_alpha": 16,
        "base_model_name_or_path": "HuggingFaceTB/SmolLM2-135M-Instruct",
        "target_modules": ["v_proj"],
    }
    return json.dumps({name: value for name, value in {**told, **changes}.items() if value is not None}).encode()


def packed(header: Any, data: bytes = b"") -> bytes:
    """Return a file of this header, which may lie about its data."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def safetensors(tensors: dict[str, tuple[int, int]], *, seed: int = 0, loud: float = 1.0) -> bytes:
    """Return a file of F32 matrices of random numbers; {name: shape}."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    numbers, data = random.Random(seed), b""
    for name, shape in tensors.items():
        values = [numbers.uniform(-loud, loud) for _ in range(shape[0] * shape[1])]
        found = struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [len(data), len(data) + len(found)]}
        data += found
    return packed(header, data)


def matrices(
    rank: int = 2, *, width: int = 16, out: int = 16, layer: int = 0, module: str = "self_attn.v_proj"
) -> dict[str, tuple[int, int]]:
    at = f"{NAMES}.{layer}.{module}"
    return {f"{at}.lora_A.weight": (rank, width), f"{at}.lora_B.weight": (out, rank)}


def adapter(rank: int = 2, *, width: int = 16, out: int = 16, seed: int = 0, **changes: Any) -> dict[str, bytes]:
    """Return the files of an adapter by name; `changes` are those of its configuration."""
    return {
        CONFIG: config(r=rank, **changes),
        WEIGHTS: safetensors(matrices(rank, width=width, out=out), seed=seed),
    }
