"""Reads what the header of a GGUF file claims. Made for files of strangers: nothing that they say is believed.

Reference: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

MAX_PAIRS = 10_000
MAX_TENSORS = 100_000
MAX_DIMENSIONS = 8
MAX_KEY = 1_024
MAX_TEXT = 1_000_000
# Of all texts in lists together: a vocabulary is a quarter of a million.
MAX_ITEMS = 1_000_000
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _LIST = 8, 9
# Type of tensor -> (values in a block, bytes of it). Other types count as one byte a block of 256.
_BLOCKS = {
    **{0: (1, 4), 1: (1, 2), 30: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34)},
    **{10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210)},
}


class NotGGUF(ValueError):
    """The file is no whole GGUF file; the message says why, for people."""


@dataclass(frozen=True)
class Tensor:
    name: str
    shape: tuple[int, ...]
    end: int


@dataclass(frozen=True)
class Header:
    """`facts` has the scalars and texts; lists are passed over."""

    version: int
    facts: dict[str, Any]
    tensors: tuple[Tensor, ...]


def read_header(file: BinaryIO, size: int) -> Header:
    """Return the header of a file of `size` bytes that stands at its beginning. Raises NotGGUF."""
    reader = _Reader(file, size)
    if reader.take(4) != b"GGUF":
        raise NotGGUF("It does not begin like a GGUF file.")
    version = reader.number("I")
    if version not in (2, 3):
        kind = "for big-endian machines" if version in (2 << 24, 3 << 24) else f"of version {version}"
        raise NotGGUF(f"It is GGUF {kind}; little-endian versions 2 and 3 are read.")
    tensors, pairs = reader.number("Q"), reader.number("Q")
    if tensors > MAX_TENSORS or pairs > MAX_PAIRS:
        raise NotGGUF(f"Its header claims {pairs} facts and {tensors} tensors, more than any adapter has.")
    facts = dict(_pair(reader) for _ in range(pairs))
    found = tuple(_tensor(reader) for _ in range(tensors))
    _check_data(reader, facts, found)
    return Header(version, {name: value for name, value in facts.items() if value is not None}, found)


class _Reader:
    """Reads forward and never beyond the file's end."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file = file
        self.size = size
        self.at = 0
        self.items = 0

    def take(self, count: int) -> bytes:
        self.claim(count)
        found = self.file.read(count)
        if len(found) != count:
            raise NotGGUF("It ends in the middle of its header.")
        return found

    def skip(self, count: int) -> None:
        self.claim(count)
        self.file.seek(self.at)

    def claim(self, count: int) -> None:
        if count > self.size - self.at:
            raise NotGGUF("It ends in the middle of its header, or its header claims more than the file holds.")
        self.at += count

    def number(self, code: str) -> Any:
        return struct.unpack("<" + code, self.take(struct.calcsize(code)))[0]

    def text(self, limit: int) -> str:
        length = self.number("Q")
        if length > limit:
            raise NotGGUF(f"Its header has a text of {length} bytes where {limit} are the most.")
        return self.take(length).decode(errors="replace").replace("\0", "")

    def value(self, kind: int) -> Any:
        if kind in _SCALARS:
            return self.number(_SCALARS[kind])
        if kind == _TEXT:
            return self.text(MAX_TEXT)
        if kind == _LIST:
            return self.pass_list()
        raise NotGGUF(f"Its header has a value of the unknown type {kind}.")

    def pass_list(self) -> None:
        kind, count = self.number("I"), self.number("Q")
        if kind in _SCALARS:
            return self.skip(count * struct.calcsize(_SCALARS[kind]))
        self.items += count
        if kind != _TEXT or self.items > MAX_ITEMS:
            raise NotGGUF("Its header has a list of lists, or lists of too many texts.")
        for _ in range(count):
            self.skip(self.number("Q"))
        return None


def _pair(reader: _Reader) -> tuple[str, Any]:
    return reader.text(MAX_KEY), reader.value(reader.number("I"))


def _tensor(reader: _Reader) -> Tensor:
    name, dimensions = reader.text(MAX_KEY), reader.number("I")
    if dimensions > MAX_DIMENSIONS:
        raise NotGGUF(f"Its tensor {name[:60]!r} claims {dimensions} dimensions.")
    shape = tuple(reader.number("Q") for _ in range(dimensions))
    kind, offset = reader.number("I"), reader.number("Q")
    values = 1
    for length in shape:
        values *= length
    block, width = _BLOCKS.get(kind, (256, 1))
    return Tensor(name, shape, offset + values // block * width)


def _check_data(reader: _Reader, facts: dict[str, Any], tensors: tuple[Tensor, ...]) -> None:
    """Refuse a file whose tensors would lie beyond its end, as those of one that was cut off do."""
    told = facts.get("general.alignment", 32)
    if not isinstance(told, int) or not 0 < told <= 2**20:
        raise NotGGUF("Its header claims an alignment that cannot be.")
    start = -(-reader.at // told) * told
    if any(start + tensor.end > reader.size for tensor in tensors):
        raise NotGGUF("It is cut off: its header claims more data than the file holds.")
