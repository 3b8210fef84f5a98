"""The demo's OpenAI-compatible server on the wire, with the official client."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterator

import openai
import pytest
import requests
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from registry_project.demo_endpoint.routes import Endpoint, add_to
from tests.demo_server import demo_server

QUESTION = [{"role": "user", "content": "What is 17 * 23?"}]
WEATHER = [{"role": "user", "content": "What is the weather in Graz?"}]
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": PARAMETERS}}]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with demo_server() as url:
        yield f"{url}/endpoint/v1"


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=url, api_key="any", max_retries=0) as made:
        yield made


class TestListing:
    def test_every_model_tells_how_long_its_context_is(self, client: openai.OpenAI) -> None:
        found = {model.id: model.max_model_len for model in client.models.list()}
        long = {"agent-70b": 131_072, "thinker-14b": 32_768, "picture-12b": 32_768}
        assert found == {"chat-8b": 8192, "embed-768": 8192, **long}

    def test_some_tell_price_and_abilities_and_others_do_not(self, url: str) -> None:
        rows = {row["id"]: row for row in requests.get(f"{url}/models", timeout=10).json()["data"]}
        assert rows["agent-70b"]["pricing"]["prompt"] == "0.0000004"
        assert "tools" in rows["agent-70b"]["supported_parameters"]
        assert "demo without weights" in rows["agent-70b"]["description"]
        assert not {"pricing", "architecture", "supported_parameters"} & set(rows["chat-8b"])

    def test_one_model_can_be_asked_for(self, client: openai.OpenAI) -> None:
        assert client.models.retrieve("chat-8b").owned_by == "demo"
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve("none")


class TestAnswers:
    def test_a_stream_adds_up_to_the_whole_answer(self, client: openai.OpenAI) -> None:
        asked = {"model": "agent-70b", "messages": QUESTION}
        whole = client.chat.completions.create(**asked)
        chunks = list(client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        assert "391" in text and text == whole.choices[0].message.content
        assert (chunks[-1].choices, chunks[-1].usage) == ([], whole.usage)
        assert chunks[-2].choices[0].finish_reason == "stop"

    @pytest.mark.parametrize("stream", [False, True])
    def test_thoughts_have_a_field_of_their_own(self, client: openai.OpenAI, stream: bool) -> None:
        answer = client.chat.completions.create(model="thinker-14b", messages=QUESTION, stream=stream)
        said = [c.choices[0].delta for c in answer] if stream else [answer.choices[0].message]
        thoughts = "".join(getattr(piece, "reasoning_content", None) or "" for piece in said)
        content = "".join(piece.content or "" for piece in said)
        assert thoughts.startswith("The question is") and "question is" not in content and "391" in content

    def test_a_tool_is_called_and_its_result_is_used(self, client: openai.OpenAI) -> None:
        first = client.chat.completions.create(model="agent-70b", messages=WEATHER, tools=TOOLS).choices[0]
        (call,) = first.message.tool_calls
        assert (first.finish_reason, json.loads(call.function.arguments)) == ("tool_calls", {"city": "Graz"})
        result = {"role": "tool", "tool_call_id": call.id, "content": "7 degrees"}
        again = [*WEATHER, first.message.to_dict(), result]
        answer = client.chat.completions.create(model="agent-70b", messages=again, tools=TOOLS)
        assert "7 degrees" in answer.choices[0].message.content

    def test_completions_are_answered_whole_and_in_pieces(self, client: openai.OpenAI) -> None:
        asked = {"model": "chat-8b", "prompt": "What is 17 * 23?"}
        whole = client.completions.create(**asked)
        wish = {"include_usage": True}
        *pieces, last = client.completions.create(**asked, stream=True, stream_options=wish)
        assert "".join(piece.choices[0].text for piece in pieces) == whole.choices[0].text
        assert last.usage == whole.usage

    def test_embeddings_of_related_texts_are_nearer(self, client: openai.OpenAI) -> None:
        answer = client.embeddings.create(model="embed-768", input=["a car", "an automobile", "a poem"])
        car, automobile, poem = (row.embedding for row in answer.data)
        assert len(car) == 768
        assert math.dist(car, automobile) < math.dist(car, poem)


class TestErrors:
    @pytest.mark.parametrize(
        ("path", "body", "status", "kind"),
        [
            ("chat/completions", {"model": "none", "messages": QUESTION}, 404, "NotFoundError"),
            ("chat/completions", {"model": "embed-768", "messages": QUESTION}, 400, "BadRequestError"),
            ("chat/completions", {"model": "chat-8b", "messages": WEATHER, "tools": TOOLS}, 400, "BadRequestError"),
            ("chat/completions", {"model": "chat-8b", "messages": []}, 400, "BadRequestError"),
            (
                "chat/completions",
                {"model": "chat-8b", "messages": [{"role": "user", "content": "a b " * 9000}]},
                400,
                "",
            ),
            ("completions", {"model": ["x"]}, 400, "BadRequestError"),
            ("embeddings", {"model": "chat-8b", "input": "x"}, 400, "BadRequestError"),
            ("embeddings", {"model": "embed-768", "input": 5}, 400, "BadRequestError"),
            ("nonsense", {}, 404, "NotFoundError"),
        ],
    )
    def test_they_have_openais_shape(
        self, url: str, path: str, body: dict[str, object], status: int, kind: str
    ) -> None:
        answer = requests.post(f"{url}/{path}", json=body, timeout=10)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (status, status)
        assert set(error) == {"message", "type", "param", "code"} and error["message"] and kind in error["type"]

    def test_a_body_that_is_no_json_is_refused(self, url: str) -> None:
        answer = requests.post(f"{url}/chat/completions", data="{", timeout=10)
        assert (answer.status_code, answer.json()["error"]["type"]) == (400, "BadRequestError")

    def test_a_key_is_asked_for_where_one_is_set(self) -> None:
        async def statuses() -> list[int]:
            add_to(app := web.Application(), Endpoint(key="right"), "")
            async with TestClient(TestServer(app)) as client:
                keys = ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer right"})
                return [(await client.get("/v1/models", headers=key)).status for key in keys]

        assert asyncio.run(statuses()) == [401, 401, 200]
