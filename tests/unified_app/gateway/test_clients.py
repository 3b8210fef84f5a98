"""The makers' own Python clients, with only base URL and key changed, against both kinds of upstream."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import ollama
import openai
import pytest
from pydantic import BaseModel

from tests.nasty_server import Answer, json_reply
from tests.unified_app.gateway.gateway_case import HELLO, GatewayCase
from tests.unified_app.gateway.upstreams import (
    CHAT,
    LINES,
    chosen,
    ollama_chat,
    ollama_lines,
    openai_chat,
    openai_events,
    streamed,
)
from unified_app.gateway.limits import RequestLimiter

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 20).decode()
TOOL = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}
PARIS = {"city": "Paris"}
VECTOR = [0.25, -0.5, 1.0]


class City(BaseModel):
    city: str


def _openai_message(body: dict[str, Any]) -> dict[str, Any]:
    """What an OpenAI server would answer to this body: a tool call, JSON, a picture's format, or thoughts."""
    if body.get("tools"):
        call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": json.dumps(PARIS)}}
        return {"role": "assistant", "content": None, "tool_calls": [call]}
    if body.get("response_format"):
        assert body["response_format"]["json_schema"]["schema"]["required"] == ["city"]
        return {"role": "assistant", "content": json.dumps(PARIS)}
    if isinstance(body["messages"][-1]["content"], list):
        url = next(part["image_url"]["url"] for part in body["messages"][-1]["content"] if part["type"] == "image_url")
        return {"role": "assistant", "content": url[:15]}
    return {"role": "assistant", "content": "Hi there", "reasoning": "hmm"}


def _openai_answer(body: dict[str, Any]) -> Answer:
    message = _openai_message(body)
    finish = "tool_calls" if message.get("tool_calls") else "stop"
    if body.get("stream"):
        return streamed(openai_events("Hi", " there"))
    return json_reply(openai_chat(choices=[{"index": 0, "message": message, "finish_reason": finish}]))


def _native_answer(body: dict[str, Any]) -> Answer:
    if body.get("stream") is not False:
        return streamed(ollama_lines("Hi", " there"), LINES)
    message: dict[str, Any] = {"role": "assistant", "content": "Hi there", "thinking": "hmm"}
    if body.get("tools"):
        message = {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"function": {"name": "weather", "arguments": PARIS}}],
        }
    elif body.get("format"):
        assert body["format"]["required"] == ["city"]
        message = {"role": "assistant", "content": json.dumps(PARIS)}
    elif images := body["messages"][-1].get("images"):
        assert base64.b64decode(images[0]).startswith(b"\x89PNG")
        message = {"role": "assistant", "content": "data:image/png;"}
    return json_reply(ollama_chat(message=message))


def _embeddings(body: dict[str, Any]) -> Answer:
    packed = base64.b64encode(struct.pack("<3f", *VECTOR)).decode()
    vector = packed if body.get("encoding_format") == "base64" else VECTOR
    row = {"object": "embedding", "index": 0, "embedding": vector}
    return json_reply(
        {"object": "list", "data": [row], "model": "up", "usage": {"prompt_tokens": 1, "total_tokens": 1}}
    )


COMPLETION = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "up", "usage": None}
COMPLETION["choices"] = [{"index": 0, "text": "done", "finish_reason": "stop", "logprobs": None}]
EMBED = {"model": "up", "embeddings": [VECTOR], "prompt_eval_count": 1}
GENERATE = {**{k: v for k, v in ollama_chat().items() if k != "message"}, "response": "done"}
OPENAI_SERVER = {
    CHAT: chosen(_openai_answer),
    "/embeddings": chosen(_embeddings),
    "/completions": json_reply(COMPLETION),
}
OLLAMA_SERVER = {
    "/v1/chat/completions": chosen(_openai_answer),
    "/v1/embeddings": chosen(_embeddings),
    "/v1/completions": json_reply(COMPLETION),
    "/api/chat": chosen(_native_answer),
    "/api/generate": json_reply(GENERATE),
    "/api/embed": json_reply(EMBED),
    "/api/embeddings": json_reply({"embedding": VECTOR}),
    "/api/show": json_reply({"capabilities": ["completion"], "model_info": {}, "details": {}}),
}


class ClientCase(GatewayCase):
    def setUp(self):
        super().setUp()
        can = ["text_generation", "function_calling", "vision", "reasoning"]
        facts = {"weights_digest": "sha256:1", "default_parameters": {"temperature": 0.6}}
        self.model("o", self.upstream(OPENAI_SERVER), capabilities=can)
        self.model("n", self.upstream(OLLAMA_SERVER), protocol="ollama", capabilities=can, parameters=facts)
        self.openai = openai.OpenAI(base_url=f"{self.url}/v1", api_key=self.key, max_retries=0, timeout=20)
        headers = {"Authorization": f"Bearer {self.key}"}
        self.ollama = ollama.Client(host=f"{self.url}/ollama", headers=headers, timeout=20)
        self.addCleanup(self.openai.close)


class OpenAIClientTests(ClientCase):
    # `num_ctx` takes the native route of an Ollama upstream: its whole translation is on the way.
    WAYS = (("o", {}), ("n", {}), ("n", {"extra_body": {"num_ctx": 512}}))

    def test_chat(self):
        for model, more in self.WAYS:
            raw = self.openai.chat.completions.with_raw_response.create(model=model, messages=HELLO, **more)
            told = raw.parse()
            assert (told.choices[0].message.content, told.choices[0].finish_reason) == ("Hi there", "stop")
            assert told.usage.total_tokens == 5
            assert raw.headers["x-registry-model"] == f"{model}_base" and raw.request_id

    def test_streams(self):
        for model, more in self.WAYS:
            chunks = list(self.openai.chat.completions.create(model=model, messages=HELLO, stream=True, **more))
            assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Hi there"
            assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"

    def test_tools(self):
        for model, more in self.WAYS:
            told = self.openai.chat.completions.create(model=model, messages=HELLO, tools=[TOOL], **more)
            call = told.choices[0].message.tool_calls[0]
            assert (call.function.name, json.loads(call.function.arguments)) == ("weather", PARIS)
            assert told.choices[0].finish_reason == "tool_calls" and call.id

    def test_structured_output(self):
        for model, more in self.WAYS:
            told = self.openai.chat.completions.parse(model=model, messages=HELLO, response_format=City, **more)
            assert told.choices[0].message.parsed == City(city="Paris")

    def test_images(self):
        parts = [
            {"type": "text", "text": "what?"},
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
        ]
        for model, more in self.WAYS:
            messages = [{"role": "user", "content": parts}]
            told = self.openai.chat.completions.create(model=model, messages=messages, **more)
            assert told.choices[0].message.content == "data:image/png;"

    def test_thoughts_stand_apart(self):
        for model, more in self.WAYS:
            told = self.openai.chat.completions.create(model=model, messages=HELLO, reasoning_effort="low", **more)
            assert told.choices[0].message.model_dump()["reasoning"] == "hmm"
            assert "hmm" not in told.choices[0].message.content

    def test_embeddings_in_both_encodings(self):
        for model in "on":
            # Without a format the client asks for base64 and decodes it itself.
            for more in ({}, {"encoding_format": "float"}):
                told = self.openai.embeddings.create(model=model, input="x", **more)
                assert told.data[0].embedding == VECTOR
            packed = self.openai.embeddings.create(model=model, input=["x"], encoding_format="base64").data[0].embedding
            assert list(struct.unpack("<3f", base64.b64decode(packed))) == VECTOR

    def test_completions(self):
        for model in "on":
            assert self.openai.completions.create(model=model, prompt="x").choices[0].text == "done"

    def test_models(self):
        models = {m.id: m for m in self.openai.models.list()}
        assert models.keys() == {"n", "o"} and "vision" in models["n"].capabilities
        assert self.openai.models.retrieve("n").registry_id == "n_base"

    def test_errors_are_the_clients_own(self):
        with pytest.raises(openai.NotFoundError) as caught:
            self.openai.chat.completions.create(model="no-such", messages=HELLO)
        assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
        with pytest.raises(openai.BadRequestError, match="model"):
            self.openai.chat.completions.create(model="", messages=HELLO)
        with pytest.raises(openai.AuthenticationError):
            self.openai.with_options(api_key="wrong").models.list()
        self.gateway.limiter = RequestLimiter(1)
        self.openai.models.list()
        with pytest.raises(openai.RateLimitError) as limited:
            self.openai.models.list()
        assert int(limited.value.response.headers["retry-after"]) >= 1
        assert limited.value.response.headers["x-ratelimit-limit-requests"] == "1"

    def test_a_stream_that_breaks_off_raises(self):
        self.model("x", self.upstream({CHAT: streamed(openai_events("a")[:1], breaks_off=True)}))
        with pytest.raises(openai.APIError, match="broke off"):
            list(self.openai.chat.completions.create(model="x", messages=HELLO, stream=True))


class OllamaClientTests(ClientCase):
    def test_chat_and_stream(self):
        for model in "on":
            told = self.ollama.chat(model=model, messages=HELLO)
            assert (told.message.content, told.done, told.eval_count) == ("Hi there", True, 2)
            lines = list(self.ollama.chat(model=model, messages=HELLO, stream=True))
            assert "".join(line.message.content or "" for line in lines) == "Hi there"
            assert lines[-1].done and lines[-1].done_reason == "stop"

    def test_generate(self):
        assert self.ollama.generate(model="n", prompt="x").response == "done"
        assert self.ollama.generate(model="o", prompt="x").response == "Hi there"

    def test_tools_structured_output_images_and_thoughts(self):
        picture = [{"role": "user", "content": "what?", "images": [PNG]}]
        for model in "on":
            call = self.ollama.chat(model=model, messages=HELLO, tools=[TOOL]).message.tool_calls[0]
            assert (call.function.name, call.function.arguments) == ("weather", PARIS)
            told = self.ollama.chat(model=model, messages=HELLO, format=City.model_json_schema())
            assert City.model_validate_json(told.message.content) == City(city="Paris")
            assert self.ollama.chat(model=model, messages=picture).message.content == "data:image/png;"
            assert self.ollama.chat(model=model, messages=HELLO, think=True).message.thinking == "hmm"

    def test_embeddings(self):
        for model in "on":
            assert self.ollama.embed(model=model, input="x").embeddings == [VECTOR]
            assert self.ollama.embeddings(model=model, prompt="x").embedding == VECTOR

    def test_lists_and_show(self):
        assert [m.model for m in self.ollama.list().models] == ["n", "o"]
        assert self.ollama.ps() is not None
        for model in "on":
            assert "completion" in self.ollama.show(model).capabilities

    def test_errors_are_the_clients_own(self):
        with pytest.raises(ollama.ResponseError) as caught:
            self.ollama.chat(model="no-such", messages=HELLO)
        assert caught.value.status_code == 404 and "no-such" in caught.value.error
        with pytest.raises(ollama.ResponseError) as caught:
            ollama.Client(host=f"{self.url}/ollama").list()
        assert caught.value.status_code == 401

    def test_a_stream_that_breaks_off_raises(self):
        self.model("x", self.upstream({CHAT: streamed(openai_events("a")[:1], breaks_off=True)}))
        with pytest.raises(ollama.ResponseError, match="broke off"):
            list(self.ollama.chat(model="x", messages=HELLO, stream=True))
