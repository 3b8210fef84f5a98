"""Models made on a host, on the wire."""

from __future__ import annotations

import pytest
import responses

from ollama_app.making import adapter_problem, make
from ollama_app.versions import takes_safetensors
from unified_app.errors import InvalidInput
from unified_app.upstream_streams import StreamingClient

URL = "http://gpu1.example:11434"
SET = {"adapter_config.json": "1" * 64, "adapter_model.safetensors": "2" * 64}


class TestAdapters:
    @pytest.mark.parametrize(
        ("version", "takes"),
        [("0.24.0", True), ("0.34.0", True), ("0.34.1-rc0", True), ("0.34.1", False), ("1.0.0", False), ("", True)],
    )
    def test_servers_take_safetensors_until_one_version(self, version, takes):
        assert takes_safetensors(version) is takes

    def test_only_some_bases_are_converted(self):
        assert adapter_problem("safetensors", {"gemma2"}, "0.24.0") == ""
        assert adapter_problem("safetensors", (), "") == ""
        assert "qwen3" in adapter_problem("safetensors", {"qwen3"}, "0.24.0")
        assert adapter_problem("gguf", {"qwen3"}, "0.35.0") == ""

    @responses.activate
    def test_the_server_that_answers_is_asked_before_anything_is_made(self):
        responses.get(f"{URL}/api/tags", json={"models": [{"name": "base:1b"}]})
        responses.get(f"{URL}/api/version", json={"version": "0.34.1"})
        client = StreamingClient(URL, token="", timeout=5, max_bytes=2**20)
        told: list[object] = []
        with pytest.raises(InvalidInput, match=r"0\.34\.1") as refused:
            make(client, "mine", {"from": "base:1b", "adapters": SET}, replace=False, progress=told.append)
        assert list(refused.value.details or {}) == ["adapter"]
        assert told == []
