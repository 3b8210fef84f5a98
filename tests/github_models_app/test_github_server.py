"""The tests' own GitHub Models service keeps to the reference, as clients see it."""

from __future__ import annotations

from collections.abc import Iterator

import openai
import pytest
import requests

from tests.github_models_app.github_server import FREE, MODES, NO_ACCESS, NO_MODELS, TOKEN, GitHubServer

MODEL = "openai/gpt-4.1"
HELLO = [{"role": "user", "content": "REPLY:good day"}]


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    with GitHubServer() as made:
        yield made


def ask(server: GitHubServer, token: str = TOKEN, **body: object) -> requests.Response:
    body = {"model": MODEL, "messages": HELLO, **body}
    headers = {"Authorization": f"Bearer {token}"}
    return requests.post(f"{server.url}/inference/chat/completions", json=body, headers=headers, timeout=5)


@pytest.mark.parametrize("prefix", ["", "/models"])
@pytest.mark.parametrize("middle", ["/inference", "/orgs/acme/inference"])
def test_the_official_client_reads_an_answer_and_a_stream(server: GitHubServer, prefix: str, middle: str) -> None:
    with openai.OpenAI(base_url=server.url + prefix + middle, api_key=TOKEN) as client:
        answer = client.chat.completions.create(model=MODEL, messages=HELLO)
        stream = client.chat.completions.create(model=MODEL, messages=HELLO, stream=True)
        chunks = list(stream)
    assert (answer.model, answer.choices[0].message.content) == ("gpt-4.1-2025-04-14", "good day")
    assert chunks[0].choices == []
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[1:]) == "good day"


def test_the_catalog_is_a_bare_list_with_a_tag(server: GitHubServer) -> None:
    first = requests.get(f"{server.url}/models/catalog/models", timeout=5)
    again = requests.get(f"{server.url}/catalog/models", headers={"If-None-Match": first.headers["ETag"]}, timeout=5)
    assert isinstance(first.json(), list) and len(first.json()[0]) == 13
    assert (again.status_code, again.content) == (304, b"")


def test_a_minute_begins_with_the_first_request_and_lasts_a_little_longer_than_told() -> None:
    now = [100.0]
    with GitHubServer(limits=FREE, clock=lambda: now[0]) as server:
        assert [ask(server).status_code for _ in range(10)] == [200] * 10
        now[0] = 116.0
        refused = ask(server)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "44")
        assert refused.headers["Content-Type"] == "application/json"
        assert refused.headers["x-ratelimit-type"] == "UserByModelByMinute"
        assert len(refused.content) == 196 and refused.text.startswith("Too many requests")
        now[0] = 160.0
        assert ask(server).headers["Retry-After"] == "0"
        now[0] = 162.0
        assert ask(server).status_code == 200


@pytest.mark.parametrize(
    ("mode", "status", "start"),
    [("retired", 410, '{"error"'), ("outage", 502, "<html>"), ("malformed", 200, '{"choi'), ("forbidden", 403, "")],
)
def test_each_mode_answers_as_named(server: GitHubServer, mode: str, status: int, start: str) -> None:
    server.mode = mode
    answer = ask(server)
    assert mode in MODES
    assert (answer.status_code, answer.text[: len(start) or 1]) == (status, start)


def test_tokens_are_refused_in_three_ways(server: GitHubServer) -> None:
    found = [ask(server, token=token) for token in ("", NO_MODELS, NO_ACCESS)]
    assert [answer.status_code for answer in found] == [401, 401, 403]
    assert found[0].json()["error"]["message"] == "Bad credentials"


def test_a_reasoning_model_names_the_parameter_that_it_refuses(server: GitHubServer) -> None:
    errors = [ask(server, model="openai/o3", **more).json()["error"] for more in ({"max_tokens": 5}, {"top_p": 0.5})]
    assert [error["code"] for error in errors] == ["unsupported_parameter", "unsupported_value"]
    assert [error["param"] for error in errors] == ["max_tokens", "top_p"]
