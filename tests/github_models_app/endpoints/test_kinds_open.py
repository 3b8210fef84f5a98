from __future__ import annotations

from django.test import TestCase

from github_models_app.endpoints.models import Endpoint
from tests.github_models_app.endpoints.endpoint_server import RecordedServer, endpoint, models, sync
from tests.nasty_server import html
from unified_app.models import Placement, UnifiedModel


class KindTestCase(TestCase):
    def read(self, kind: str, **changed) -> dict[str, UnifiedModel]:
        """Sync an endpoint of this kind; `changed` are answers that replace recorded ones."""
        self.server = self.enterContext(RecordedServer(kind))
        self.server.answers |= changed.pop("answers", {})
        self.endpoint = endpoint(self.server.base)
        body = sync()
        assert (body["result"], body["failed"]) == ("success", [])
        self.endpoint.refresh_from_db()
        return models()


class VLLMTests(KindTestCase):
    def test_lengths_and_the_parents_of_adapters_are_kept_and_abilities_stay_unknown(self):
        found = self.read("vllm")
        llama = found["meta-llama/Llama-3.1-8B-Instruct"]
        assert (llama.context_length, llama.capabilities, llama.category) == (32768, [], "external")
        assert llama.parameters == {}
        assert found["sql-lora"].parameters == {
            "adapter": "lora",
            "parent_model": "meta-llama/Llama-3.1-8B-Instruct",
            "root": "acme/llama-3.1-sql-lora",
        }
        assert self.endpoint.version == "vLLM"

    def test_a_path_on_the_server_is_nobodys_business(self):
        assert self.read("vllm")["local"].parameters == {}

    def test_the_time_of_the_answer_changes_nothing(self):
        self.read("vllm")
        first = list(Placement.objects.values("version", "modified_at", "facts"))
        self.server.answers["/v1/models"] = _later(self.server)
        assert sync()["unchanged"] == 3
        assert list(Placement.objects.values("version", "modified_at", "facts")) == first


class LlamaCppTests(KindTestCase):
    def test_its_meta_and_properties_tell_size_length_and_abilities(self):
        found = self.read("llama_cpp")["Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf"]
        assert (found.size, found.context_length, found.category) == (4912898304, 131072, "vision")
        assert found.capabilities == ["function_calling", "text_generation", "vision"]
        assert found.parameters == {
            "format": "gguf",
            "loaded_context_length": 8192,
            "parameter_count": 8030261312,
            "parameter_size": "8.0B",
        }

    def test_without_its_properties_it_is_read_all_the_same(self):
        found = self.read("llama_cpp", answers={"/props": html(200)})["Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf"]
        assert found.capabilities == ["text_generation"]

    def test_a_router_tells_which_models_are_loaded_and_its_command_line_is_not_kept(self):
        found = self.read("llama_cpp_router")
        gemma, embedder = found["gemma-3-4b"], found["qwen3-embedding-0.6b"]
        assert (gemma.parameters["loaded"], embedder.parameters["loaded"]) == (True, False)
        assert (gemma.category, embedder.category) == ("vision", "embedding")
        assert embedder.parameters["embedding_dimension"] == 1024
        assert embedder.endpoint == f"{self.server.url}/v1/embeddings"
        assert "MARK" not in str(list(Placement.objects.values()))


class LMStudioTests(KindTestCase):
    def test_its_own_listing_tells_types_states_and_lengths(self):
        found = self.read("lm_studio")
        tools, vision, embedder = (found[name] for name in sorted(found))
        assert (vision.category, vision.context_length, vision.parameters["loaded"]) == ("vision", 32768, False)
        assert (tools.category, tools.capabilities) == ("tools", ["function_calling", "text_generation"])
        assert tools.parameters == {
            "family": "gpt-oss",
            "format": "gguf",
            "loaded": True,
            "loaded_context_length": 8192,
            "publisher": "openai",
            "quantization": "MXFP4",
        }
        assert (embedder.category, embedder.endpoint) == ("embedding", f"{self.server.url}/v1/embeddings")

    def test_a_server_too_old_to_have_it_is_read_without(self):
        found = self.read("lm_studio", answers={"/api/v0/models": html(404)})
        assert {row.category for row in found.values()} == {"external"}


class LocalAITests(KindTestCase):
    def test_it_tells_what_is_loaded_and_nothing_else(self):
        found = self.read("local_ai")
        assert {name: row.parameters for name, row in found.items()} == {
            "bert-embeddings": {"loaded": False},
            "gemma-3-4b-it-qat": {"loaded": True},
        }
        assert Endpoint.objects.get().version == "LocalAI"

    def test_without_its_system_page_nothing_is_told(self):
        assert {str(r.parameters) for r in self.read("local_ai", answers={"/system": html(200)}).values()} == {"{}"}


def _later(server: RecordedServer):
    """The recorded answer an hour later."""
    answer = server.answers["/v1/models"]

    def later(connection, request) -> None:
        class Changed:
            def sendall(self, data: bytes) -> None:
                connection.sendall(data.replace(b"1795518528", b"1795522128"))

        answer(Changed(), request)

    return later
