from __future__ import annotations

import contextlib
import random
from io import BytesIO

import pytest

from experiments_app.safetensors import MAX_HEADER, NotSafetensors, Tensor, looks_like, read_tensors
from tests.experiments_app.peft_files import matrices, packed, safetensors


def read(content: bytes) -> tuple[Tensor, ...]:
    return read_tensors(BytesIO(content), len(content))


def f32(begin: int, end: int, *shape: int, **changes) -> dict:
    return {"dtype": "F32", "shape": list(shape), "data_offsets": [begin, end], **changes}


class TestSafetensors:
    def test_tensors_are_told_with_shape_and_place(self):
        tensors = read(safetensors(matrices(2, width=4, out=6)))
        assert [tensor.shape for tensor in tensors] == [(2, 4), (6, 2)]
        assert [(tensor.begin, tensor.end) for tensor in tensors] == [(0, 32), (32, 80)]

    def test_what_begins_like_one_is_seen(self):
        assert looks_like(safetensors(matrices()))
        assert not looks_like(b"GGUF\x03\0\0\0{")
        assert not looks_like(b'{"a": 1, "b": 2}')

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"", "middle of its header"),
            (packed(b"{" + b" " * 40)[:20], "middle of its header"),
            ((MAX_HEADER + 1).to_bytes(8, "little") + b"{" * 20, "the most"),
            ((2**63).to_bytes(8, "little") + b"{", "the most"),
            (packed(b""), "not JSON"),
            (packed(b"[]"), "not a JSON object"),
            (packed(b"{" + b'"a":{' * 90_000), "not JSON"),
            (packed(b'{"a": 1, "a": 2}'), "twice"),
            (packed(b"\xff{}"), "not JSON"),
            (packed({"a": f32(0, 16, 2, 2)}, b"x" * 15), "cut off"),
            (packed({"a": f32(0, 16, 2, 2)}, b"x" * 17), "belongs to no tensor"),
            (packed({"a": f32(0, 16, 2, 2), "b": f32(8, 24, 2, 2)}, b"x" * 24), "overlap"),
            (packed({"a": f32(0, 16, 2, 2), "b": f32(20, 36, 2, 2)}, b"x" * 36), "hole"),
            (packed({"a": f32(0, 16, 2, 3)}, b"x" * 16), "more or less data"),
            (packed({"a": f32(16, 0, 2, 2)}, b"x" * 16), "more or less data"),
            (packed({"a": f32(-16, 0, 2, 2)}, b"x" * 16), "cannot be"),
            (packed({"a": f32(0, 16, 2.0, 2)}, b"x" * 16), "cannot be"),
            (packed({"a": f32(0, 16, *[1] * 9)}, b"x" * 16), "cannot be"),
            (packed({"a": f32(0, 16, 2, 2, data_offsets=None)}, b"x" * 16), "cannot be"),
            (packed({"a": f32(0, 16, 2, 2, dtype="complex")}, b"x" * 16), "type"),
            (packed({"a": f32(0, 16, 2, 2, dtype=["F32"])}, b"x" * 16), "type"),
            (packed({"a": 3}), "type"),
        ],
    )
    def test_a_file_that_lies_is_refused(self, content, says):
        with pytest.raises(NotSafetensors, match=says):
            read(content)

    def test_any_byte_may_be_wrong_and_nothing_else_is_raised(self):
        numbers, whole = random.Random(4), safetensors(matrices(1, width=2, out=2))
        for _ in range(500):
            content = bytearray(whole)
            for _ in range(numbers.randrange(1, 4)):
                content[numbers.randrange(len(content))] = numbers.randrange(256)
            with contextlib.suppress(NotSafetensors):
                read(bytes(content[: numbers.randrange(1, len(content) + 1)]))
