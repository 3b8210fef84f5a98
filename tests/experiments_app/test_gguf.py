"""Headers of GGUF files, also those that lie."""

from __future__ import annotations

import io
import struct
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments_app.adapter_headers import inspect
from experiments_app.gguf import NotGGUF, read_header
from tests.experiments_app.gguf_files import HEADER, gguf, lora, text
from unified_app.errors import InvalidInput


def read(content: bytes):
    return read_header(io.BytesIO(content), len(content))


def told(content: bytes):
    return inspect(io.BytesIO(content), len(content))


class TestHeaders:
    def test_an_adapter_says_what_it_is(self):
        found = told(lora(8, general__tags=["a", "b"]))
        assert (found.architecture, found.rank, found.alpha) == ("llama", 8, 16.0)
        assert (found.base_model, found.name) == ("SmolLM2 135M", "Manners")

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (lora(general__type="model"), "not an adapter"),
            (lora(general__type=None), "not an adapter"),
            (lora(adapter__type="aLoRA"), "Ollama loads lora"),
            (lora(general__architecture=None), "general.architecture"),
            (gguf(HEADER, {"blk.0.lora_a": (4, 2)}), "no pairs"),
            (gguf(HEADER, {}), "no pairs"),
            (b"", "does not begin|ends in the middle"),
            (b"PK\x03\x04" + b"x" * 50, "pickle"),
            (b"\x80\x02ctorch" + b"x" * 50, "pickle"),
            (struct.pack("<Q", 40) + b'{"a": {"dtype": "F32"}}' + b" " * 40, "safetensors alone.*adapter_config.json"),
            (b"<html>not a model</html>", "does not begin"),
        ],
    )
    def test_what_is_no_adapter_is_refused_with_the_reason(self, content, says):
        with pytest.raises(InvalidInput, match=f"(?s){says}") as error:
            told(content)
        assert list(error.value.details) == ["file"]

    def test_every_cut_is_noticed(self):
        content = lora(2, inside=4, out=4)
        for length in range(len(content)):
            with pytest.raises(NotGGUF):
                read(content[:length])


class TestLies:
    START = b"GGUF" + struct.pack("<I", 3)

    @pytest.mark.parametrize(
        "content",
        [
            START + struct.pack("<QQ", 2**63, 0),
            START + struct.pack("<QQ", 0, 2**63),
            START + struct.pack("<QQQ", 0, 1, 2**62) + b"x" * 100,
            START + struct.pack("<QQ", 0, 1) + text("a") + struct.pack("<IQ", 8, 2**40),
            START + struct.pack("<QQ", 0, 1) + text("a") + struct.pack("<IIQ", 9, 8, 2**60),
            START + struct.pack("<QQ", 0, 1) + text("a") + struct.pack("<IIQ", 9, 4, 2**62),
            START + struct.pack("<QQ", 0, 1) + text("a") + struct.pack("<IIQ", 9, 9, 5) + b"\0" * 200,
            START + struct.pack("<QQ", 0, 1) + text("a") + struct.pack("<I", 99) + b"\0" * 200,
            START + struct.pack("<QQ", 1, 0) + text("a") + struct.pack("<I", 2**31),
            START + struct.pack("<QQ", 1, 0) + text("a") + struct.pack("<IQQIQ", 2, 2**62, 2**62, 0, 0),
            b"GGUF" + struct.pack(">I", 3) + b"\0" * 50,
        ],
    )
    def test_a_header_that_claims_the_impossible_is_refused_at_once(self, content):
        began = time.perf_counter()
        with pytest.raises(NotGGUF):
            read(content)
        assert time.perf_counter() - began < 0.5

    @settings(max_examples=300)
    @given(st.binary(max_size=400), st.integers(0, 300), st.binary(max_size=12))
    def test_any_bytes_are_read_or_refused(self, tail, at, patch):
        good = lora(2, inside=4, out=4)
        for content in (self.START + tail, good[:at] + patch + good[at + len(patch) :]):
            try:
                told(content)
            except InvalidInput as error:
                assert error.details
