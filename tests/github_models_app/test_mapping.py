from __future__ import annotations

from collections import Counter
from unittest import TestCase

from github_models_app.catalog import read_row
from github_models_app.mapping import capabilities_of, to_unified
from tests.github_models_app.github_case import catalog, entry

URL = "https://models.example"
ROWS = {row["id"]: read_row(row) for row in catalog()}


def abilities(**changes: object) -> list[str] | None:
    bare = {"supported_input_modalities": None, "supported_output_modalities": None, "capabilities": None, "tags": None}
    return capabilities_of(read_row(entry(**{**bare, **changes})))


class CapabilityTests(TestCase):
    def test_each_line_of_the_rule(self):
        for changes, capability in (
            ({"supported_output_modalities": ["text"]}, "text_generation"),
            ({"supported_output_modalities": ["embeddings"]}, "text_embedding"),
            ({"supported_output_modalities": ["image"]}, "image_generation"),
            ({"supported_input_modalities": ["audio", "image"]}, "vision"),
            ({"supported_input_modalities": ["audio"]}, "audio"),
            ({"capabilities": ["streaming", "tool-calling"]}, "function_calling"),
            ({"capabilities": ["reasoning"]}, "reasoning"),
            ({"tags": ["reasoning"]}, "reasoning"),
        ):
            with self.subTest(capability=capability, **changes):
                assert capability in abilities(**changes)

    def test_nothing_told_is_unknown_and_not_none(self):
        assert abilities() is None
        assert abilities(supported_output_modalities=["smell"]) == []

    def test_streaming_and_agents_are_no_ability_of_ours(self):
        assert abilities(capabilities=["streaming", "agents", "agentsV2", "assistants"]) is None


class CategoryTests(TestCase):
    def test_the_primary_category_goes_by_what_the_model_can_do_and_never_by_where_it_is(self):
        for model_id, category in (
            ("openai/text-embedding-3-small", "embedding"),
            ("openai/gpt-4.1", "vision"),
            ("meta/llama-3.2-11b-vision-instruct", "vision"),
            ("openai/o3", "vision"),
            ("deepseek/deepseek-r1-0528", "thinking"),
            ("cohere/cohere-command-r-08-2024", "tools"),
            ("microsoft/phi-4", "thinking"),
        ):
            with self.subTest(model_id):
                assert to_unified(ROWS[model_id], URL).category == category
        assert to_unified(read_row({"id": "acme/one"}), URL).category == "external"

    def test_the_snapshot_by_category(self):
        counted = Counter(to_unified(model, URL).category for model in ROWS.values())
        assert dict(counted) == {"vision": 19, "thinking": 16, "tools": 6, "embedding": 2}


class ModelTests(TestCase):
    def test_what_the_registry_keeps(self):
        model = to_unified(ROWS["openai/gpt-4.1"], URL)
        assert (model.name, model.version, model.source) == ("openai/gpt-4.1", "2025-04-14", "github")
        assert model.context_length == 1_048_576
        assert model.endpoint == f"{URL}/inference/chat/completions"
        assert model.parameters["publisher"] == "OpenAI"
        assert model.parameters["rate_limit_tier"] == "high"
        assert model.parameters["limits"] == {"max_input_tokens": 1_048_576, "max_output_tokens": 32_768}
        assert model.parameters["max_output_tokens"] == 32_768
        assert model.parameters["modalities"] == {"input": ["text", "image"], "output": ["text"]}
        assert not model.is_cloud

    def test_an_embedding_model_is_called_by_embeddings(self):
        assert to_unified(ROWS["openai/text-embedding-3-large"], URL).endpoint == f"{URL}/inference/embeddings"

    def test_a_new_version_is_a_new_digest_and_a_new_summary_is_not(self):
        one, two, three = (
            to_unified(read_row(entry(**changes)), URL).placements[0].digest
            for changes in ({"version": "1"}, {"version": "2"}, {"version": "1", "summary": "Else."})
        )
        assert one == three != two
