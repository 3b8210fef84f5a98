"""The demo's GitHub Models on the wire: the contract's points, with plain HTTP and the official client."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator

import openai
import pytest
import requests

from tests.registry_project.github_demo import CHAT, GOOD, QUESTION, REASONING, github_demo, new_token, post

EMBEDDING = "openai/text-embedding-3-small"
FUNCTION = {
    "name": "get_weather",
    "description": "The weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with github_demo() as url:
        yield url


@pytest.fixture
def token() -> str:
    return new_token()


@pytest.fixture
def client(url: str, token: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/inference", api_key=token, max_retries=0) as made:
        yield made


class TestCatalog:
    @pytest.mark.parametrize("path", ["/catalog/models", "/models/catalog/models"])
    def test_it_is_a_bare_list_that_anybody_may_read(self, url: str, path: str) -> None:
        answer = requests.get(url + path, headers={"X-GitHub-Api-Version": "2026-03-10"}, timeout=10)
        rows = answer.json()
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        assert len(rows) >= 12 and {len(row) for row in rows} == {13}

    def test_every_row_says_that_it_has_no_weights(self, url: str) -> None:
        rows = requests.get(f"{url}/catalog/models", timeout=10).json()
        assert all("demo" in row["summary"] and row["name"].endswith("(demo)") for row in rows)

    def test_who_has_it_is_told_so(self, url: str) -> None:
        tag = requests.get(f"{url}/catalog/models", timeout=10).headers["ETag"]
        again = requests.get(f"{url}/catalog/models", headers={"If-None-Match": tag}, timeout=10)
        assert (again.status_code, again.content) == (304, b"")

    @pytest.mark.parametrize("path", ["/inference/models", "/catalog", "/catalog/models/openai/gpt-4.1"])
    def test_other_paths_are_not_found_in_plain_text(self, url: str, path: str) -> None:
        answer = requests.get(url + path, timeout=10)
        assert (answer.status_code, answer.text.strip()) == (404, "404 page not found")


class TestChat:
    @pytest.mark.parametrize("path", [CHAT, f"/models{CHAT}", f"/orgs/acme{CHAT}", f"/models/orgs/acme{CHAT}"])
    def test_it_answers_under_the_name_of_a_deployment(self, url: str, token: str, path: str) -> None:
        answer = post(url, token, f"{path}?api-version=2024-12-01-preview").json()
        assert answer["model"] == "gpt-4.1-2025-04-14"
        assert "391" in answer["choices"][0]["message"]["content"]

    def test_the_bare_name_in_any_case_is_the_same_model(self, url: str, token: str) -> None:
        assert post(url, token, model="GPT-4.1").json()["model"] == "gpt-4.1-2025-04-14"

    def test_a_stream_has_the_recorded_order(self, url: str, token: str) -> None:
        answer = post(url, token, stream=True, stream_options={"include_usage": True})
        *events, done = [line.removeprefix("data: ") for line in answer.text.splitlines() if line]
        opening, role, *pieces, finish, usage = map(json.loads, events)
        assert (opening["choices"], opening["id"], opening["model"], opening["created"]) == ([], "", "", 0)
        assert role["choices"][0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
        assert "391" in "".join(piece["choices"][0]["delta"]["content"] for piece in pieces)
        assert (finish["choices"][0]["delta"], finish["choices"][0]["finish_reason"]) == ({}, "stop")
        assert all(chunk["usage"] is None for chunk in (role, *pieces, finish))
        assert (usage["choices"], done) == ([], "[DONE]")
        assert usage["usage"]["total_tokens"] > 0

    def test_the_limits_in_its_headers_are_not_the_callers(self, url: str, token: str) -> None:
        assert post(url, token).headers["x-ratelimit-limit-requests"] == "1000"

    def test_a_call_of_a_tool_comes_in_pieces(self, client: openai.OpenAI) -> None:
        asked = [{"role": "user", "content": "What is the weather in Graz?"}]
        tools = [{"type": "function", "function": FUNCTION}]
        stream = client.chat.completions.create(model=GOOD, messages=asked, tools=tools, stream=True)
        chunks = [chunk.choices[0] for chunk in stream if chunk.choices]
        calls = [call for chunk in chunks for call in chunk.delta.tool_calls or []]
        assert (calls[0].function.name, calls[0].function.arguments) == ("get_weather", "")
        assert json.loads("".join(call.function.arguments for call in calls)) == {"city": "Graz"}
        assert chunks[-1].finish_reason == "tool_calls"

    def test_an_answer_fits_a_schema(self, client: openai.OpenAI) -> None:
        schema = {"type": "object", "properties": {"result": {"type": "integer"}}}
        wanted = {"type": "json_schema", "json_schema": {"name": "sum", "schema": schema}}
        answer = client.chat.completions.create(model=GOOD, messages=QUESTION, response_format=wanted)
        assert json.loads(answer.choices[0].message.content) == {"result": 391}


class TestReasoning:
    @pytest.mark.parametrize(
        ("more", "code"), [({"max_tokens": 9}, "unsupported_parameter"), ({"temperature": 0.2}, "unsupported_value")]
    )
    def test_openais_refuse_what_others_take(self, client: openai.OpenAI, more: dict[str, float], code: str) -> None:
        with pytest.raises(openai.BadRequestError) as caught:
            client.chat.completions.create(model=REASONING, messages=QUESTION, **more)
        assert (caught.value.code, caught.value.param) == (code, next(iter(more)))
        assert caught.value.type == "invalid_request_error"

    def test_a_small_budget_goes_into_hidden_thoughts(self, client: openai.OpenAI) -> None:
        answer = client.chat.completions.create(model=REASONING, messages=QUESTION, max_completion_tokens=4)
        assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("", "length")
        assert answer.usage.completion_tokens_details.reasoning_tokens == 4

    @pytest.mark.parametrize("stream", [False, True])
    def test_others_think_aloud(self, url: str, token: str, stream: bool) -> None:
        text = post(url, token, model="deepseek/deepseek-r1-0528", temperature=0.2, stream=stream).text
        assert "<think>" in text and "</think>" in text

    def test_o1_mini_takes_no_system_message(self, url: str, token: str) -> None:
        messages = [{"role": "system", "content": "Be short."}, *QUESTION]
        error = post(url, token, model="openai/o1-mini", messages=messages).json()["error"]
        assert (error["code"], error["param"]) == ("unsupported_value", "messages[0].role")


class TestEmbeddings:
    def test_they_have_the_wanted_length_in_both_encodings(self, client: openai.OpenAI, url: str, token: str) -> None:
        answer = client.embeddings.create(model=EMBEDDING, input=["a cat", "a dog"], dimensions=8)
        body = {"model": EMBEDDING, "input": "a cat", "encoding_format": "base64", "dimensions": 8}
        packed = post(url, token, "/inference/embeddings", **body).json()["data"][0]["embedding"]
        assert [len(row.embedding) for row in answer.data] == [8, 8]
        told = struct.unpack("<8f", base64.b64decode(packed))
        assert told == pytest.approx(answer.data[0].embedding, abs=1e-6)

    def test_the_full_length_is_the_real_models(self, url: str, token: str) -> None:
        for name, width in (("text-embedding-3-small", 1536), ("openai/text-embedding-3-large", 3072)):
            answer = post(url, token, "/inference/embeddings", model=name, input="a cat").json()
            assert len(answer["data"][0]["embedding"]) == width

    def test_neither_kind_does_the_others_work(self, url: str, token: str) -> None:
        assert post(url, token, model=EMBEDDING).status_code == 400
        assert post(url, token, "/inference/embeddings", input="a cat").status_code == 400
