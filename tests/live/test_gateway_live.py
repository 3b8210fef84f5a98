"""The gateway before a real Ollama: the same text on every way, and the model's own parameters kept."""

from __future__ import annotations

import os
from typing import Any

import ollama
import openai
import pytest
import requests
from django.test import override_settings
from django.utils import timezone

from tests.servers import wait_until
from tests.unified_app.gateway.gateway_case import GatewayCase
from unified_app.gateway.exchange import Call, prepare
from unified_app.models import ModelServingStatus, Placement

pytestmark = pytest.mark.live
URL = os.environ.get("OLLAMA_TEST_URL", "").split(",")[0].strip().rstrip("/")
ASK = [{"role": "user", "content": "Name three colours of the rainbow."}]
PINNED = {"temperature": 0.7, "top_p": 0.8, "seed": 7}
NUM_CTX, TOKENS = 512, 24


def shown(name: str) -> dict[str, Any]:
    return requests.post(f"{URL}/api/show", json={"model": name}, timeout=30).json()


def _loaded() -> list[dict[str, Any]]:
    return requests.get(f"{URL}/api/ps", timeout=10).json()["models"]


def first_that(*words: str, template: str = "") -> str:
    """Return the name of a listed model that can do what the words say; skips the test when there is none.

    `template` is what its prompt template must hold.
    """
    for row in requests.get(f"{URL}/api/tags", timeout=10).json()["models"]:
        told = shown(row["name"]) if row["size"] > 10**6 else {}
        if set(words) <= set(told.get("capabilities") or ()) and template in told.get("template", ""):
            return row["name"]
    pytest.skip(f"the server has no model for {', '.join(words)}")


@override_settings(MODEL_SOURCES={"wire": "tests.unified_app.gateway.wire_source.WireSource"})
class LiveCase(GatewayCase):
    def setUp(self):
        super().setUp()
        self.openai = openai.OpenAI(base_url=f"{self.url}/v1", api_key=self.key, max_retries=0, timeout=120)
        self.addCleanup(self.openai.close)
        headers = {"Authorization": f"Bearer {self.key}"}
        self.ollama = ollama.Client(host=f"{self.url}/ollama", headers=headers, timeout=120)

    def real(self, name: str, **own: Any) -> str:
        facts = {"weights_digest": "known", "default_parameters": own}
        row = self.model(name, URL, protocol="ollama", parameters=facts)
        Placement.objects.filter(model=row).update(upstream_name=name)
        self.told()
        return name


class SameTextTests(LiveCase):
    def test_the_same_question_has_the_same_answer_on_every_way(self):
        name = self.real(first_that("completion"))
        options = {**PINNED, "num_ctx": NUM_CTX, "num_predict": TOKENS}
        body = {"model": name, "messages": ASK, "options": options, "stream": False}
        straight = requests.post(f"{URL}/api/chat", json=body, timeout=120).json()["message"]["content"]
        assert straight
        ours = self.ollama.chat(model=name, messages=ASK, options=options).message.content
        pinned = {**PINNED, "max_tokens": TOKENS}
        native = self.openai.chat.completions.create(
            model=name, messages=ASK, **pinned, extra_body={"num_ctx": NUM_CTX}
        )
        stream = self.openai.chat.completions.create(
            model=name, messages=ASK, **pinned, stream=True, extra_body={"num_ctx": NUM_CTX}
        )
        streamed = "".join(c.choices[0].delta.content or "" for c in stream if c.choices)
        assert [ours, native.choices[0].message.content, streamed] == [straight] * 3

    def test_a_relayed_v1_answer_is_that_of_ollamas_own_v1(self):
        name = self.real(first_that("completion"))
        body = {"model": name, "messages": ASK, **PINNED, "max_tokens": TOKENS}
        straight = requests.post(f"{URL}/v1/chat/completions", json=body, timeout=120).json()
        ours = self.openai.chat.completions.create(**body)
        assert ours.choices[0].message.content == straight["choices"][0]["message"]["content"]

    def test_what_a_modelfile_sets_is_kept_on_v1(self):
        name = "acme/helper:v2"
        told = shown(name)
        if "error" in told or "temperature" not in told.get("parameters", ""):
            pytest.skip(f"the server has no {name} with a temperature of its own")
        lines = dict(line.split(None, 1) for line in told["parameters"].splitlines())
        own = {"temperature": float(lines["temperature"])} | (
            {"top_p": float(lines["top_p"])} if "top_p" in lines else {}
        )
        self.real(name, **own)
        entry = self.gateway.holder.current.find(name)[0]
        body = {"model": name, "messages": ASK, "seed": 7, "max_tokens": TOKENS}
        assert prepare(Call("openai", "chat", body, name, "1"), entry, entry.routes[0]).payload["temperature"] == 0.6
        options = {"seed": 7, "num_predict": TOKENS}
        native = {"model": name, "messages": ASK, "options": options, "stream": False}
        # Ollama's own default of top_p on /v1 is 1, natively 0.9: one of them must be said for both.
        native["options"]["top_p"] = body["top_p"] = own.get("top_p", 0.9)
        straight = requests.post(f"{URL}/api/chat", json=native, timeout=120).json()["message"]["content"]
        assert self.openai.chat.completions.create(**body).choices[0].message.content == straight


class RealClientTests(LiveCase):
    def test_streams_of_both_clients(self):
        name = self.real(first_that("completion"))
        chunks = list(
            self.openai.chat.completions.create(
                model=name, messages=ASK, stream=True, max_tokens=8, stream_options={"include_usage": True}
            )
        )
        assert chunks[-1].usage.completion_tokens > 0
        lines = list(self.ollama.chat(model=name, messages=ASK, stream=True, options={"num_predict": 8}))
        assert lines[-1].done and lines[-1].eval_count > 0

    def test_tools_are_taken(self):
        name = self.real(first_that("tools"))
        tool = {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}}
        told = self.openai.chat.completions.create(model=name, messages=ASK, tools=[tool], max_tokens=8)
        assert told.choices[0].finish_reason
        assert self.ollama.chat(model=name, messages=ASK, tools=[tool], options={"num_predict": 8}).done

    def test_structured_output_is_an_object_of_the_schema(self):
        name = self.real(first_that("completion"))
        schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
        fmt = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
        for more in ({}, {"num_ctx": NUM_CTX}):
            told = self.openai.chat.completions.create(
                model=name, messages=ASK, response_format=fmt, max_tokens=60, temperature=0, extra_body=more
            )
            assert told.choices[0].message.content.lstrip().startswith("{")

    def test_embeddings_are_the_same_on_every_way(self):
        name = self.real(first_that("embedding"))
        straight = requests.post(f"{URL}/api/embed", json={"model": name, "input": "x"}, timeout=120).json()
        vector = pytest.approx(straight["embeddings"][0], abs=1e-5)
        assert self.ollama.embed(model=name, input="x").embeddings[0] == vector
        assert self.openai.embeddings.create(model=name, input="x").data[0].embedding == vector
        assert self.openai.embeddings.create(model=name, input="x", encoding_format="float").data[0].embedding == vector

    def test_a_model_that_vanished_from_the_server_is_not_found(self):
        self.real("no-such-model:ever")
        with pytest.raises(openai.NotFoundError):
            self.openai.chat.completions.create(model="no-such-model:ever", messages=ASK)
        with pytest.raises(ollama.ResponseError) as caught:
            self.ollama.chat(model="no-such-model:ever", messages=ASK)
        assert caught.value.status_code == 404

    def test_a_caller_that_leaves_frees_its_place_at_once(self):
        name = self.real(first_that("completion"))
        stream = self.openai.chat.completions.create(model=name, messages=ASK, stream=True, max_tokens=2000)
        next(iter(stream))
        assert sum(self.gateway.load.models.values()) == 1
        stream.close()
        self.idle(1)

    def test_what_is_served_stays_loaded_whatever_a_caller_says(self):
        name = self.real(first_that("completion"))
        placement = Placement.objects.get()
        ModelServingStatus.objects.create(
            model=placement.model, status="ready", placement=placement, started_at=timezone.now()
        )
        self.told()
        self.ollama.chat(model=name, messages=ASK, options={"num_predict": 2}, keep_alive=0)
        # Names of one file share a runner, so another one may be listed. Kept for ever expires in centuries.
        kept = lambda: [m["name"] for m in _loaded() if m["expires_at"] > "2100"]  # noqa: E731
        wait_until(kept, 5, "it is still loaded")
        # As it was before the test: the host decides again.
        requests.post(f"{URL}/api/generate", json={"model": name, "keep_alive": "5m"}, timeout=60)
