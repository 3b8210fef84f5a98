"""The demo's OpenAI routes: the official client works with them, and recorded streams look the same."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator

import openai
import pytest
import requests

from tests.demo.replay import CASES, load, send, shape
from tests.demo.test_answers import GOOD, TOOLS
from tests.demo_server import demo_mode, demo_server

STREAMS = CASES / "recorded" / "chat"
QUESTION = [{"role": "user", "content": "What is 17 * 23?"}]
WEATHER = [{"role": "user", "content": "What is the weather in Graz?"}]


@pytest.fixture(scope="module")
def client(demo: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{demo}/v1", api_key="any", max_retries=0) as made:
        yield made


def events(text: str) -> list[str]:
    return [line.removeprefix("data: ") for line in text.splitlines() if line]


class TestRecordedStreams:
    @pytest.mark.parametrize("name", ["h004_v1_chat_stream_usage", "h013_v1_tools_stream"])
    @pytest.mark.parametrize("version", ["v0.24.0", "v0.33.0-rc2"])
    def test_a_chat_begins_and_ends_as_recorded(self, request, version: str, name: str) -> None:
        self._check(request, version, name)

    @pytest.mark.parametrize("version", ["v0.24.0", "v0.33.0-rc2"])
    def test_a_completion_begins_and_ends_as_recorded(self, request, version: str) -> None:
        self._check(request, version, "h027_v1_completions_stream_usage")

    def _check(self, request: pytest.FixtureRequest, version: str, name: str) -> None:
        url = request.getfixturevalue("demo_024" if version == "v0.24.0" else "demo_033")
        case = load(version, name, root=STREAMS)
        answer = send(url, case["request"])
        recorded = events("".join(line for _, line in case["response"]["body_lines"]))
        told = events(answer.text)
        assert answer.headers["Content-Type"].split(";")[0] == "text/event-stream"
        assert told[-1] == recorded[-1] == "[DONE]"
        # First chunk, finish, usage.
        for at in (0, -3, -2):
            assert shape(json.loads(told[at])) == shape(json.loads(recorded[at]))
        assert len({json.loads(event)["id"] for event in told[:-1]}) == 1


class TestOfficialClient:
    def test_a_chat_is_answered_whole(self, client: openai.OpenAI) -> None:
        answer = client.chat.completions.create(model=GOOD, messages=QUESTION)
        assert "391" in answer.choices[0].message.content
        assert answer.choices[0].finish_reason == "stop"
        assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0

    def test_the_stream_adds_up_to_the_whole_answer(self, client: openai.OpenAI) -> None:
        whole = client.chat.completions.create(model=GOOD, messages=QUESTION)
        chunks = list(
            client.chat.completions.create(
                model=GOOD, messages=QUESTION, stream=True, stream_options={"include_usage": True}
            )
        )
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        assert text == whole.choices[0].message.content
        assert (chunks[-1].choices, chunks[-1].usage) == ([], whole.usage)
        assert chunks[-2].choices[0].finish_reason == "stop"

    def test_without_the_wish_no_chunk_has_usage(self, client: openai.OpenAI) -> None:
        chunks = list(client.chat.completions.create(model=GOOD, messages=QUESTION, stream=True))
        assert all(chunk.usage is None and chunk.choices for chunk in chunks)

    def test_a_cut_answer_says_so(self, client: openai.OpenAI) -> None:
        answer = client.chat.completions.create(model=GOOD, messages=QUESTION, max_tokens=1)
        assert (answer.choices[0].finish_reason, answer.usage.completion_tokens) == ("length", 1)

    @pytest.mark.parametrize("stream", [False, True])
    def test_a_tool_is_called(self, client: openai.OpenAI, stream: bool) -> None:
        answer = client.chat.completions.create(model=GOOD, messages=WEATHER, tools=TOOLS, stream=stream)
        choices = [chunk.choices[0] for chunk in answer] if stream else answer.choices
        said = [choice.delta if stream else choice.message for choice in choices]
        (call,) = [call for message in said for call in message.tool_calls or []]
        assert call.function.name == "get_weather"
        assert json.loads(call.function.arguments)["city"] == "Graz"
        assert choices[-1].finish_reason == "tool_calls"

    def test_a_tools_result_is_taken(self, client: openai.OpenAI) -> None:
        call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Graz"}'}}
        made = {"role": "assistant", "content": None, "tool_calls": [call]}
        result = {"role": "tool", "tool_call_id": "call_1", "content": "21 degrees"}
        answer = client.chat.completions.create(model=GOOD, messages=[*WEATHER, made, result], tools=TOOLS)
        assert "21 degrees" in answer.choices[0].message.content

    def test_thoughts_stand_apart_in_reasoning(self, client: openai.OpenAI) -> None:
        thinking = client.chat.completions.create(model="qwen3:8b", messages=QUESTION).choices[0].message
        assert "17 * 23" in thinking.reasoning and "think" not in thinking.content
        plain = client.chat.completions.create(model="qwen3:8b", messages=QUESTION, reasoning_effort="none")
        assert not hasattr(plain.choices[0].message, "reasoning")

    def test_an_answer_obeys_its_schema(self, client: openai.OpenAI) -> None:
        schema = {"type": "object", "properties": {"result": {"type": "integer"}}, "required": ["result"]}
        form = {"type": "json_schema", "json_schema": {"name": "r", "schema": schema}}
        answer = client.chat.completions.create(model=GOOD, messages=QUESTION, response_format=form)
        assert json.loads(answer.choices[0].message.content) == {"result": 391}

    def test_a_completion_is_answered_whole_and_streamed(self, client: openai.OpenAI) -> None:
        whole = client.completions.create(model=GOOD, prompt="What is 17 * 23?").choices[0].text
        chunks = client.completions.create(model=GOOD, prompt="What is 17 * 23?", stream=True)
        assert "".join(chunk.choices[0].text for chunk in chunks) == whole
        assert "391" in whole

    def test_embeddings_as_numbers_and_as_base64_are_the_same(self, demo: str, client: openai.OpenAI) -> None:
        asked = {"model": "nomic-embed-text:v1.5", "input": ["a cat", ""], "dimensions": 16}
        # The client itself asks for base64 and unpacks it.
        unpacked = [row.embedding for row in client.embeddings.create(**asked).data]
        raw = {**asked, "encoding_format": "base64"}
        rows = requests.post(f"{demo}/v1/embeddings", json=raw, timeout=5).json()["data"]
        numbers = [row.embedding for row in client.embeddings.create(**asked, encoding_format="float").data]
        assert [list(struct.unpack("<16f", base64.b64decode(row["embedding"]))) for row in rows] == unpacked
        assert unpacked == [pytest.approx(row, abs=1e-6) for row in numbers]

    def test_models_are_listed(self, client: openai.OpenAI) -> None:
        listed = {model.id: model for model in client.models.list()}
        assert GOOD in listed and listed[GOOD].owned_by == "library"
        assert client.models.retrieve(GOOD).created == listed[GOOD].created

    def test_errors_have_the_clients_types(self, client: openai.OpenAI) -> None:
        with pytest.raises(openai.NotFoundError, match="model 'nope' not found"):
            client.chat.completions.create(model="nope", messages=QUESTION, stream=True)
        with pytest.raises(openai.BadRequestError, match="does not support chat"):
            client.chat.completions.create(model="nomic-embed-text:v1.5", messages=QUESTION)
        with pytest.raises(openai.BadRequestError, match="not fetched"):
            image = {"type": "image_url", "image_url": {"url": "http://example.invalid/a.png"}}
            client.chat.completions.create(model=GOOD, messages=[{"role": "user", "content": [image]}])


class TestOllamasWays:
    def test_what_it_does_not_read_changes_nothing(self, demo: str) -> None:
        body = {"model": "qwen3:8b", "messages": QUESTION, "options": {"num_predict": 1}, "think": False}
        answer = requests.post(f"{demo}/v1/chat/completions", json=body | {"max_completion_tokens": 1}, timeout=5)
        (choice,) = answer.json()["choices"]
        assert (choice["finish_reason"], "reasoning" in choice["message"]) == ("stop", True)

    def test_a_server_without_models_lists_null(self) -> None:
        with demo_server(models=0) as url:
            assert requests.get(f"{url}/v1/models", timeout=5).json() == {"object": "list", "data": None}

    @pytest.mark.parametrize("body", ["[]", "3", '{"model": 3}', '{"model": "m", "messages": [3]}'])
    def test_wrong_shapes_are_refused(self, demo: str, body: str) -> None:
        answer = requests.post(f"{demo}/v1/chat/completions", data=body, timeout=5)
        assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")

    def test_faults_are_theirs_too(self) -> None:
        with demo_server() as url, demo_mode(url, "error500", path="/v1"):
            assert requests.get(f"{url}/v1/models", timeout=5).status_code == 500
            assert requests.get(f"{url}/api/tags", timeout=5).status_code == 200
