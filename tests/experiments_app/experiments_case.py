"""What the tests of experiments share: bases of several kinds, and a client that makes variants."""

from __future__ import annotations

from dataclasses import replace

from experiments_app.models import Adapter
from tests.unified_app.api_case import ApiTestCase, register
from tests.unified_app.plans import fetched
from unified_app.models import UnifiedModel
from unified_app.registry_manager import UnifiedRegistryManager

CREATE, MODELS = "/api/experimental/create", "/api/experimental/models"
ADAPTER, STRANGER = "a" * 64, "b" * 64


def register_remote(name: str) -> UnifiedModel:
    """Put a model into the registry that only an OpenAI-compatible endpoint has."""
    model = fetched(name, place="remote")
    model.placements = [replace(model.placements[0], protocol="openai")]
    UnifiedRegistryManager().register_model(model)
    return UnifiedModel.objects.get(name=name)


class ExperimentCase(ApiTestCase):
    """`base` is on the Ollama host `one`; so are `other` and `embedder`; `remote` is only at an endpoint."""

    role = "Evaluator"

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        chat = ("text_generation", "function_calling")
        cls.base = register("llama3.1:8b", capabilities=chat, context_length=8192, parameters={"family": "llama"})
        cls.other = register("qwen3:8b", parameters={"family": "qwen3"}, context_length=4096)
        cls.embedder = register("nomic-embed-text", capabilities=("text_embedding",))
        cls.remote = register_remote("acme/remote")
        cls.gone = register("gone:1b")
        UnifiedRegistryManager().delete_model(cls.gone.pk)
        for sha256, architecture in ((ADAPTER, "llama"), (STRANGER, "gemma2")):
            Adapter.objects.create(
                sha256=sha256, name="a.gguf", format="gguf", size=9, architecture=architecture, created_by="x"
            )

    def send(self, kind: str = "parameter_tuning", parameters=None, *, key: str | None = None, **more):
        body = {"base_model": "llama3.1:8b", "experiment_type": kind, "parameters": parameters or {"seed": 1}, **more}
        return self.client.post(CREATE, body, **({"HTTP_IDEMPOTENCY_KEY": key} if key else {}))

    def make(self, kind: str = "parameter_tuning", parameters=None, **more) -> dict:
        answer = self.send(kind, parameters, **more)
        assert answer.status_code == 201, answer.content
        return answer.json()
