"""Against a real server: OLLAMA_TEST_URL. What is made there is deleted again."""

from __future__ import annotations

import hashlib
import os
import random
import struct
import tempfile
from io import BytesIO

import pytest
import requests
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import TransactionTestCase, override_settings

from experiments_app import adapters, creating
from experiments_app.gguf import read_header
from experiments_app.models import Variant
from ollama_app import hosts
from ollama_app.making import adapter_problem
from ollama_app.models import Host
from ollama_app.source import OllamaSource
from tests.experiments_app.gguf_files import lora
from tests.experiments_app.peft_files import CONFIG, WEIGHTS, config, matrices, safetensors
from tests.ollama_app.ollama_server import sync
from unified_app import jobs
from unified_app.models import Job, Placement, UnifiedModel

pytestmark = pytest.mark.live
URL = os.environ.get("OLLAMA_TEST_URL", "").split(",")[0].strip().rstrip("/")
ONE = {"temperature": 0, "seed": 1, "num_predict": 12}


def loud_lora(seed: int, inside: int, out: int, **changes: str) -> bytes:
    """Return an adapter of random numbers, large enough that its base answers otherwise."""
    content = bytearray(lora(2, inside=inside, out=out, **changes))
    header = read_header(BytesIO(bytes(content)), len(content))
    numbers = random.Random(seed)
    size = sum(-(-shape[0] * shape[1] * 4 // 32) * 32 for shape in (tensor.shape for tensor in header.tensors))
    for at in range(len(content) - size, len(content) - 3, 4):
        content[at : at + 4] = struct.pack("<f", numbers.uniform(-1, 1))
    return bytes(content)


class RealisingTests(TransactionTestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        settings = override_settings(REGISTRY_HOME=folder.name)
        settings.enable()
        self.addCleanup(settings.disable)
        Host.objects.all().delete()
        hosts.save_host(Host(name="real1", url=URL), by="live")
        sync()
        local = [p for p in Placement.objects.all() if not p.facts["is_cloud"] and p.size]
        chat = [p for p in local if "text_generation" in p.facts["capabilities"]]
        self.base = min(chat, key=lambda p: (p.size, p.upstream_name))

    def make(self, kind: str, **parameters) -> tuple[Variant, str]:
        body = {"base_model": self.base.model_id, "experiment_type": kind, "parameters": parameters}
        row = creating.create({**body, "realise": {"host": "real1"}}, by="live").variants[0]
        job = Job.objects.get(unique_key=f"realise:{row.pk}")
        jobs.run(job.pk)
        job.refresh_from_db()
        row.refresh_from_db()
        name = UnifiedModel.objects.get(pk=row.model_id).recipe["upstream_name"]
        if row.realised:
            self.addCleanup(OllamaSource("real1").delete, name)
        return row, name

    def show(self, name: str) -> dict:
        return requests.post(f"{URL}/api/show", json={"model": name}, timeout=10).json()

    def ask(self, name: str, **more) -> requests.Response:
        body = {"model": name, "messages": [{"role": "user", "content": "Say hello."}], "stream": False, **more}
        return requests.post(f"{URL}/api/chat", json=body, timeout=120)

    def test_a_prompt_is_a_model_of_its_own(self):
        examples = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ahoy"}]
        row, name = self.make("prompt_engineering", system="Speak like a sailor.", stop=["END"], messages=examples)
        assert row.realised, row.error
        rendered = self.ask(name, _debug_render_only=True).json()["_debug_info"]["rendered_template"]
        assert rendered.index("Speak like a sailor.") < rendered.index("Ahoy") < rendered.index("Say hello.")
        assert self.show(name)["details"]["parent_model"] == self.base.upstream_name

    def test_parameters_are_kept_with_their_types_and_it_answers(self):
        row, name = self.make("parameter_tuning", max_tokens=3, temperature=0.5, stop="x", num_ctx=512)
        assert row.realised, row.error
        assert "num_predict" in self.show(name)["parameters"]
        assert self.ask(name).json()["eval_count"] <= 3

    def test_an_adapter_of_safetensors_changes_what_the_base_says(self):
        info = self.show(self.base.upstream_name)["model_info"]
        architecture = info["general.architecture"]
        if adapter_problem("safetensors", [architecture], Host.objects.get().version):
            self.skipTest("this server takes no safetensors for its smallest model")
        width = info[f"{architecture}.embedding_length"]
        heads, shared = (info[f"{architecture}.attention.head_count{end}"] for end in ("", "_kv"))
        weights = safetensors(matrices(2, width=width, out=width // heads * shared), seed=1)
        files = {CONFIG: config(base_model_name_or_path=None), WEIGHTS: weights}
        uploaded, _ = adapters.add([SimpleUploadedFile(name, content) for name, content in files.items()], by="live")
        row, name = self.make("fine_tuning", adapter=uploaded.pk)
        assert row.realised, row.error
        assert "\nADAPTER " in self.show(name)["modelfile"]
        tuned, plain = self.ask(name, options=ONE), self.ask(self.base.upstream_name, options=ONE)
        assert tuned.status_code == 200, tuned.text
        assert tuned.json()["message"]["content"] != plain.json()["message"]["content"]

    def test_an_adapter_changes_what_the_base_says(self):
        info = self.show(self.base.upstream_name)["model_info"]
        architecture = info["general.architecture"]
        width = info[f"{architecture}.embedding_length"]
        content = loud_lora(1, width, width, general__architecture=architecture)
        uploaded, _ = adapters.add([SimpleUploadedFile("loud.gguf", content)], by="live")
        assert uploaded.pk == hashlib.sha256(content).hexdigest()
        row, name = self.make("fine_tuning", adapter=uploaded.pk)
        assert row.realised, row.error
        assert "\nADAPTER " in self.show(name)["modelfile"]
        tuned, plain = self.ask(name, options=ONE), self.ask(self.base.upstream_name, options=ONE)
        assert tuned.status_code == 200, tuned.text
        assert tuned.json()["message"]["content"] != plain.json()["message"]["content"]
