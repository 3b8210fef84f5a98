from __future__ import annotations

from datetime import UTC, datetime

from github_models_app.endpoints.models import Endpoint
from tests.github_models_app.endpoints.endpoint_server import listing, models, sync
from tests.github_models_app.endpoints.test_kinds_open import KindTestCase
from tests.nasty_server import html, json_reply
from unified_app.models import Placement


class OpenRouterTests(KindTestCase):
    def test_prices_modalities_and_limits_are_kept(self):
        found = self.read("open_router")["google/gemini-2.5-pro"]
        assert (found.context_length, found.category) == (1048576, "vision")
        assert found.capabilities == ["audio", "function_calling", "reasoning", "text_generation", "vision"]
        assert found.parameters["pricing"] == {"prompt": "0.00000125", "completion": "0.00001"}
        assert found.parameters["max_output_tokens"] == 65536
        assert found.parameters["publisher"] == "google"
        assert found.description == "A model for reasoning, coding and mathematics."

    def test_the_dated_name_behind_an_id_is_its_version(self):
        found = self.read("open_router")
        assert found["google/gemini-2.5-pro"].version == "google/gemini-2.5-pro-06-17"
        assert found["openrouter/auto"].version == "1"

    def test_a_price_that_depends_on_the_call_is_not_told_and_nothing_is_a_price(self):
        found = self.read("open_router")
        assert "pricing" not in found["openrouter/auto"].parameters
        free = found["meta-llama/llama-3.1-8b-instruct:free"]
        assert free.parameters["pricing"] == {"prompt": "0", "completion": "0"}
        assert free.capabilities == ["function_calling", "text_generation"]


class LiteLLMTests(KindTestCase):
    def test_its_model_info_tells_costs_limits_and_flags(self):
        found = self.read("lite_llm")
        assert found["gpt-4o"].capabilities == ["function_calling", "text_generation", "vision"]
        assert (found["gpt-4o"].context_length, found["gpt-4o"].category) == (128000, "vision")
        assert found["gpt-4o"].parameters["pricing"] == {"prompt": "0.0000025", "completion": "0.00001"}
        assert found["ada"].category == "embedding"
        assert found["ada"].parameters["embedding_dimension"] == 1536
        assert (found["house-model"].category, found["house-model"].parameters) == ("external", {})

    def test_nothing_of_its_deployments_is_kept(self):
        self.read("lite_llm")
        assert "MARK" not in str(list(Placement.objects.values()))

    def test_a_key_that_may_not_read_it_leaves_the_names(self):
        found = self.read("lite_llm", answers={"/v1/model/info": html(403)})
        assert {row.category for row in found.values()} == {"external"}


class AzureTests(KindTestCase):
    def test_flags_and_the_end_of_each_model_are_kept(self):
        found = self.read("azure")
        chat, embedder, pictures = (
            found[name] for name in ("gpt-4o-2024-08-06", "text-embedding-3-large", "dall-e-3-3.0")
        )
        assert (chat.capabilities, chat.category) == (["text_generation"], "thinking")
        assert chat.parameters == {
            "inference": True,
            "inference_until": "2026-12-31",
            "lifecycle_status": "generally-available",
        }
        assert embedder.endpoint.endswith("/openai/v1/embeddings")
        assert (pictures.capabilities, pictures.category) == ([], "external")


class OpenAITests(KindTestCase):
    def test_it_tells_names_and_times_and_no_ability_is_guessed(self):
        found = self.read("openai")
        assert {(row.category, tuple(row.capabilities)) for row in found.values()} == {("external", ())}
        placement = Placement.objects.get(upstream_name="gpt-4o-2024-08-06")
        assert placement.modified_at == datetime.fromtimestamp(1722814719, UTC)
        assert found["ft:gpt-4o-mini-2024-07-18:acme::A1b2C3d4"].parameters == {"owned_by": "acme-x1"}
        assert Endpoint.objects.get().version == "OpenAI"


class OtherRegistryTests(KindTestCase):
    def test_what_a_registry_of_ours_tells_is_taken_over(self):
        found = self.read("registry")
        llama, unknown = found["llama3.1:8b"], found["vllm/unknown"]
        assert (llama.category, llama.context_length) == ("tools", 131072)
        assert llama.parameters == {
            "loaded": True,
            "pricing": {"prompt": "0.0000001", "completion": "0.0000002"},
            "registry_id": "llama3_1_8b_base",
            "state": "ready",
        }
        assert (unknown.category, unknown.parameters["loaded"]) == ("external", False)
        assert found["champion"].parameters["alias"] is True


class OtherTests(KindTestCase):
    def test_mistrals_flags_and_length_are_read(self):
        found = self.read("mistral")["pixtral-12b-2409"]
        assert found.capabilities == ["function_calling", "text_generation", "vision"]
        assert (found.context_length, found.description) == (131072, "Reads images too.")

    def test_a_listing_without_the_object_around_it_is_read(self):
        bare = [{"id": "a", "context_length": 4096}]
        found = self.read("mistral", answers={"/v1/models": json_reply(bare)})
        assert found["a"].context_length == 4096

    def test_a_server_without_models_may_say_null(self):
        assert self.read("mistral", answers={"/v1/models": json_reply({"object": "list", "data": None})}) == {}

    def test_models_come_and_go(self):
        self.read("mistral", answers={"/v1/models": json_reply(listing("a", "b"))})
        self.server.answers["/v1/models"] = json_reply(listing("b"))
        assert {name: row.status for name, row in synced().items()} == {"a": "retired", "b": "available"}


def synced():
    sync()
    return models()
