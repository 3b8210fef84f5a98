from __future__ import annotations

from io import BytesIO

import pytest

from experiments_app.adapter_headers import AdapterHeader
from experiments_app.adapter_peft import describe, warnings
from experiments_app.safetensors import read_tensors
from tests.experiments_app.peft_files import NAMES, config, matrices, safetensors
from unified_app.errors import InvalidInput


def told(told_config: bytes, tensors: dict) -> AdapterHeader:
    content = safetensors(tensors)
    return describe(told_config, read_tensors(BytesIO(content), len(content)))


class TestDescribe:
    def test_it_tells_what_it_is_made_for(self):
        found = told(config(), {**matrices(), **matrices(module="self_attn.o_proj", width=8)})
        assert (found.architecture, found.rank, found.alpha, found.width) == ("llama", 2, 16.0, 16)
        assert found.modules == ("o_proj", "v_proj")
        assert found.base_model == "HuggingFaceTB/SmolLM2-135M-Instruct"

    def test_ranks_may_differ_by_a_pattern(self):
        both = {**matrices(2), **matrices(4, module="mlp.up_proj")}
        assert told(config(rank_pattern={"up_proj": 4}), both).rank == 2
        with pytest.raises(InvalidInput, match="says rank 2, its tensors have 2, 4"):
            told(config(), both)

    @pytest.mark.parametrize(
        ("base", "architecture"),
        [
            ("meta-llama/Llama-3.1-8B-Instruct", "llama"),
            ("mistralai/Mistral-7B-v0.3", "llama"),
            ("google/gemma-2-2b-it", "gemma2"),
            ("google/gemma-2b", "gemma"),
            ("google/gemma-3-270m", "gemma3"),
            ("Qwen/Qwen2.5-7B", "qwen2"),
            ("HuggingFaceTB/SmolLM3-3B", "smollm3"),
            ("/home/me/llama/tuned", ""),
            (None, ""),
            (["llama"], ""),
        ],
    )
    def test_the_name_of_its_base_tells_the_architecture(self, base, architecture):
        assert told(config(base_model_name_or_path=base), matrices()).architecture == architecture

    def test_the_class_of_its_base_is_better_than_its_name(self):
        mapping = {"base_model_class": "Gemma2ForCausalLM", "parent_library": "transformers.models.gemma2"}
        assert told(config(auto_mapping=mapping), matrices()).architecture == "gemma2"
        assert told(config(auto_mapping={"base_model_class": 3}), matrices()).architecture == "llama"

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"peft_type": "IA3"}, "IA3"),
            ({"peft_type": None}, "peft_type"),
            ({"r": 0}, "rank"),
            ({"r": True}, "rank"),
            ({"r": 3}, "says rank 3"),
            ({"lora_alpha": 16.0}, "without a point"),
            ({"lora_alpha": None}, "lora_alpha"),
            ({"use_dora": True}, "use_dora"),
            ({"use_rslora": True}, "use_rslora"),
            ({"alpha_pattern": {"v_proj": 3}}, "alpha_pattern"),
            ({"lora_parameters": {"alpha": 3}}, "MLX"),
        ],
    )
    def test_a_configuration_that_ollama_does_not_obey_is_refused(self, changes, says):
        with pytest.raises(InvalidInput, match=says) as error:
            told(config(**changes), matrices())
        assert list(error.value.details) == ["file"]

    @pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"{" * 100_000, b"null"])
    def test_what_is_no_configuration_is_refused(self, content):
        with pytest.raises(InvalidInput, match="not a JSON object"):
            told(content, matrices())

    @pytest.mark.parametrize(
        ("tensors", "says"),
        [
            ({}, "no pairs"),
            ({f"{NAMES}.0.self_attn.v_proj.lora_A.weight": (2, 16)}, "no pairs"),
            ({**matrices(), f"{NAMES}.0.input_layernorm.weight": (1, 16)}, "none that Ollama loads"),
            ({**matrices(), "base_model.model.lm_head.lora_A.weight": (2, 16)}, "none that Ollama loads"),
            ({n.replace("lora_A.w", "lora_A.default.w"): s for n, s in matrices().items()}, "none that Ollama loads"),
            ({n.replace("model.layers", "transformer.h"): s for n, s in matrices().items()}, "none that Ollama loads"),
            ({**matrices(), **matrices(layer=1, width=32)}, "different widths"),
            ({n: s[::-1] for n, s in matrices().items()}, "do not fit each other"),
            ({**matrices(), "model.layers.0.self_attn.v_proj.lora_A.weight": (2, 16)}, "twice"),
        ],
    )
    def test_tensors_that_ollama_does_not_load_are_refused(self, tensors, says):
        with pytest.raises(InvalidInput, match=says):
            told(config(), tensors)

    def test_what_ollama_mixes_up_is_told(self):
        assert "k_proj and q_proj" in warnings("llama", ["k_proj", "q_proj", "v_proj"])[0]
        assert warnings("llama", ["v_proj"]) == warnings("gemma2", ["q_proj"]) == []
