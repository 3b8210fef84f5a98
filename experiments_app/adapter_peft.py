"""LoRA adapters as PEFT keeps them: adapter_config.json beside safetensors. Only what Ollama can load is taken.

Reference: https://huggingface.co/docs/peft/developer_guides/checkpoint and
https://github.com/ollama/ollama/blob/main/convert/convert_llama_adapter.go
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from experiments_app.adapter_headers import CONVERT, AdapterHeader, refuse
from experiments_app.safetensors import Tensor

CONFIG = "adapter_config.json"
MAX_CONFIG = 2**20
# The modules that Ollama knows to rename; a model with another one is made there and does not load.
_NAME = re.compile(
    r"(?:base_model\.model\.)?model\.layers\.(?P<layer>\d{1,4})\."
    r"(?P<module>self_attn\.[qkvo]_proj|mlp\.(?:gate|up|down)_proj)\.lora_(?P<half>[AB])\.weight"
)
_TYPES = ("F32", "F16", "BF16")
# These modules read what the model itself is wide.
_READ_WIDTH = frozenset({"q_proj", "k_proj", "v_proj", "gate_proj", "up_proj"})
_NO_SUCH = "Ollama knows no such thing, so the model would answer otherwise than it was trained to."
# Word in the base's name -> architecture, the more exact ones first; no word, no claim.
_FAMILIES = (
    # Of the first Gemma there is a gemma-2b.
    ("gemma-2-|gemma2(?!b)", "gemma2"),
    ("gemma-3-|gemma3(?!n)", "gemma3"),
    ("gemma-[27]b", "gemma"),
    ("qwen-?3", "qwen3"),
    ("qwen-?(2|1\\.5)", "qwen2"),
    ("phi-?[34]", "phi3"),
    ("llama-?4", "llama4"),
    ("smollm-?3", "smollm3"),
    ("llama|smollm|vicuna|mistral-7b|mistral-nemo", "llama"),
)
_CLASSES = {
    **{"LlamaForCausalLM": "llama", "MistralForCausalLM": "llama", "Gemma2ForCausalLM": "gemma2"},
    **{"GemmaForCausalLM": "gemma", "Gemma3ForCausalLM": "gemma3", "Phi3ForCausalLM": "phi3"},
    **{"Qwen2ForCausalLM": "qwen2", "Qwen3ForCausalLM": "qwen3"},
}


def describe(config: bytes, tensors: Iterable[Tensor]) -> AdapterHeader:
    """Return what a set of files claims to be. Raises InvalidInput for what is no LoRA adapter that Ollama loads."""
    told = _parsed(config)
    if problem := _unfit(told):
        raise refuse(f"{CONFIG}: {problem}")
    halves = _halves(tensors)
    if problem := _mismatch(halves, told):
        raise refuse(problem)
    base = _text(told.get("base_model_name_or_path"))
    return AdapterHeader(
        architecture=_architecture(told, base),
        rank=told["r"],
        alpha=float(told["lora_alpha"]),
        base_model=base,
        width=next(iter(_widths(halves)), None),
        modules=tuple(sorted({module.rpartition(".")[2] for _, module, _ in halves})),
    )


def warnings(architecture: str, modules: Iterable[str]) -> list[str]:
    """Return what people should know who put safetensors on a host; seen with Ollama 0.24, and so in its source."""
    mixed = sorted({"q_proj", "k_proj"} & set(modules))
    if not mixed or architecture not in ("", "llama"):
        return []
    return [
        f"When Ollama converts an adapter for llama it mixes up the numbers of {' and '.join(mixed)}: the model then "
        f"answers otherwise than it was trained to. {CONVERT}"
    ]


Halves = Mapping[tuple[str, str, str], tuple[int, ...]]


def _parsed(config: bytes) -> dict[str, Any]:
    try:
        told = json.loads(config)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise refuse(f"{CONFIG} is not a JSON object.")
    return told


def _unfit(told: Mapping[str, Any]) -> str:
    if told.get("peft_type") != "LORA":
        return f"peft_type is {str(told.get('peft_type'))[:40]!r}; Ollama loads LORA."
    if not _is_count(told.get("r"), 2**16):
        return "r, the rank, must be a whole number from 1."
    if not _is_count(told.get("lora_alpha"), 2**32):
        # Its field is a uint32, and Go's JSON takes no 16.0 for one.
        return "lora_alpha must be a whole number from 1, written without a point: Ollama does not read 16.0."
    # Go finds its fields whatever their case, and an alpha of MLX's would win.
    if any(key.lower() == "lora_parameters" for key in told):
        return "lora_parameters is MLX's and would win over lora_alpha. Leave it out."
    if refused := [name for name in ("use_dora", "use_rslora", "alpha_pattern", "fan_in_fan_out") if told.get(name)]:
        return f"{', '.join(refused)}: {_NO_SUCH}"
    return ""


def _halves(tensors: Iterable[Tensor]) -> Halves:
    """Return (layer, module, A or B) -> shape."""
    found: dict[tuple[str, str, str], tuple[int, ...]] = {}
    for tensor in tensors:
        match = _NAME.fullmatch(tensor.name)
        if match is None:
            raise refuse(
                f"Its tensor {tensor.name[:100]!r} is none that Ollama loads: lora_A and lora_B of q, k, v, o, gate, "
                "up and down projections. Train without it, or convert with llama.cpp's convert_lora_to_gguf.py."
            )
        if tensor.dtype not in _TYPES or len(tensor.shape) != 2 or not all(tensor.shape):
            raise refuse(f"Its tensor {tensor.name[:100]!r} is no matrix of {', '.join(_TYPES)}.")
        key = (match["layer"], match["module"], match["half"])
        if key in found:
            raise refuse(f"Its tensor {tensor.name[:100]!r} stands there twice.")
        found[key] = tensor.shape
    return found


def _mismatch(halves: Halves, told: Mapping[str, Any]) -> str:
    """Return what is wrong with the matrices together: A is (rank, what goes in), B is (what comes out, rank)."""
    firsts = {key[:2] for key in halves if key[2] == "A"}
    if not firsts or firsts != {key[:2] for key in halves if key[2] == "B"}:
        return "It has no pairs of tensors lora_A and lora_B, or not both of each pair."
    ranks = set()
    for layer, module in firsts:
        (rank, inside), (out, other) = halves[layer, module, "A"], halves[layer, module, "B"]
        if rank != other or rank > min(inside, out):
            return f"lora_A and lora_B of layer {layer}, {module} do not fit each other."
        ranks.add(rank)
    if told["r"] not in ranks or (len(ranks) > 1 and not told.get("rank_pattern")):
        return f"{CONFIG} says rank {told['r']}, its tensors have {', '.join(map(str, sorted(ranks)[:5]))}."
    if len(_widths(halves)) > 1:
        return "Its tensors are made for models of different widths."
    return ""


def _widths(halves: Halves) -> set[int]:
    return {
        shape[1] for (_, module, half), shape in halves.items() if half == "A" and module.split(".")[1] in _READ_WIDTH
    }


def _architecture(told: Mapping[str, Any], base: str) -> str:
    """Return the base's architecture as Ollama calls it, by its class or else its name; empty where neither tells."""
    mapping = told.get("auto_mapping")
    known = _CLASSES.get(_text(mapping.get("base_model_class"))) if isinstance(mapping, dict) else None
    name = base.rstrip("/").rpartition("/")[2].lower()
    return known or next((family for word, family in _FAMILIES if re.search(word, name)), "")


def _is_count(value: Any, limit: int) -> bool:
    return type(value) is int and 0 < value < limit


def _text(value: Any) -> str:
    return value.replace("\0", "").strip()[:500] if isinstance(value, str) else ""
