"""Reads the header of a safetensors file. Made for files of strangers: nothing that they say is believed.

Reference: https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

# An adapter's header has some hundred bytes a tensor.
MAX_HEADER = 4 * 2**20
MAX_TENSORS = 100_000
MAX_DIMENSIONS = 8
_LONGEST = 2**48
# Type -> bytes of one value.
WIDTHS = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2"), 1),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 2),
    **dict.fromkeys(("U32", "I32", "F32"), 4),
    **dict.fromkeys(("U64", "I64", "F64"), 8),
}


class NotSafetensors(ValueError):
    """The file is no whole safetensors file; the message says why, for people."""


@dataclass(frozen=True)
class Tensor:
    """`begin` and `end` count from the first byte after the header."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def looks_like(start: bytes) -> bool:
    """Whether the first bytes may begin a safetensors file: the length of a header, then JSON."""
    return start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 2**32


def read_tensors(file: BinaryIO, size: int) -> tuple[Tensor, ...]:
    """Return the tensors of a file of `size` bytes that stands at its beginning, in their order.

    Raises NotSafetensors, also for one whose tensors overlap, leave holes or lie beyond its end.
    """
    length = int.from_bytes(file.read(8), "little")
    if length > MAX_HEADER:
        raise NotSafetensors(f"It claims a header of {length} bytes, where {MAX_HEADER} are the most.")
    if size < 8 + length:
        raise NotSafetensors("It ends in the middle of its header.")
    told = _parsed(file.read(length))
    if len(told) > MAX_TENSORS:
        raise NotSafetensors(f"It claims {len(told)} tensors, more than any adapter has.")
    tensors = sorted(_tensors(told), key=lambda tensor: (tensor.begin, tensor.end))
    _check_data(tensors, size - 8 - length)
    return tuple(tensors)


def _parsed(header: bytes) -> dict[str, Any]:
    try:
        told = json.loads(header, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise NotSafetensors("Its header is not JSON, or names something twice.") from None
    if not isinstance(told, dict):
        raise NotSafetensors("Its header is not a JSON object.")
    told.pop("__metadata__", None)
    return told


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _tensors(told: Mapping[str, Any]) -> Iterator[Tensor]:
    for name, facts in told.items():
        shown = repr(name[:60])
        if not isinstance(facts, dict) or not isinstance(facts.get("dtype"), str) or facts["dtype"] not in WIDTHS:
            raise NotSafetensors(f"Its tensor {shown} has a type that is not known.")
        shape, offsets = _counts(facts.get("shape")), _counts(facts.get("data_offsets"))
        if shape is None or len(shape) > MAX_DIMENSIONS or offsets is None or len(offsets) != 2:
            raise NotSafetensors(f"Its tensor {shown} has a shape or offsets that cannot be.")
        begin, end = offsets
        if math.prod(shape) * WIDTHS[facts["dtype"]] != end - begin:
            raise NotSafetensors(f"Its tensor {shown} has more or less data than its shape needs.")
        yield Tensor(name, facts["dtype"], shape, begin, end)


def _counts(value: Any) -> tuple[int, ...] | None:
    """Return a list of numbers that can be lengths; None for anything else."""
    if not isinstance(value, list) or any(type(number) is not int or not 0 <= number < _LONGEST for number in value):
        return None
    return tuple(value)


def _check_data(tensors: list[Tensor], size: int) -> None:
    at = 0
    for tensor in tensors:
        if tensor.begin != at:
            raise NotSafetensors("Its tensors overlap, or leave a hole between them.")
        at = tensor.end
    if at > size:
        raise NotSafetensors("It is cut off: its header claims more data than the file holds.")
    if at < size:
        raise NotSafetensors("It holds data that belongs to no tensor.")
