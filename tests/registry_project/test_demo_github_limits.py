"""What the demo's GitHub Models refuses, and how: tokens, requests, limits, modes."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests

from registry_project.demo_github import catalog
from registry_project.demo_github.limits import Counters, LimitReached, limits_of
from registry_project.environment import BASE_DIR
from tests.registry_project.github_demo import GOOD, REASONING, github_demo, new_token, post


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with github_demo() as url:
        yield url


@pytest.fixture
def token() -> str:
    return new_token()


class TestRefusals:
    @pytest.mark.parametrize(
        ("token", "status", "message"),
        [
            ("", 401, "Bad credentials"),
            ("bad-one", 401, "Bad credentials"),
            ("no-models", 401, "The `models` permission is required to access this endpoint"),
            ("no-access", 403, "No access to model: openai/gpt-4.1"),
        ],
    )
    def test_tokens(self, url: str, token: str, status: int, message: str) -> None:
        answer = post(url, token)
        assert (answer.status_code, answer.json()["error"]["message"]) == (status, message)
        assert answer.json()["error"]["details"] == message

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            ({"model": "deepseek/none"}, 404, "unknown_model"),
            ({"messages": [{"role": "user", "content": "x" * 40_000}]}, 413, "tokens_limit_reached"),
            ({"messages": 5}, 400, "invalid_request"),
            ({"messages": ["hello"]}, 400, "invalid_request"),
        ],
    )
    def test_requests(self, url: str, token: str, body: dict[str, object], status: int, code: str) -> None:
        answer = post(url, token, **body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


class TestLimits:
    @pytest.mark.parametrize("style", ["plain", "json", "empty"])
    def test_a_third_call_in_a_minute_is_told_to_wait(self, url: str, token: str, style: str) -> None:
        requests.post(f"{url}/demo/mode", json={"style": style}, timeout=10)
        found = [post(url, token, model=REASONING) for _ in range(3)]
        requests.post(f"{url}/demo/mode", json={"style": "plain"}, timeout=10)
        refused = found[-1]
        assert [answer.status_code for answer in found] == [200, 200, 429]
        assert refused.headers["x-ratelimit-type"] == "UserByModelByMinute"
        assert refused.headers["x-ms-error-code"] == "RateLimitReached"
        assert 55 <= int(refused.headers["Retry-After"]) == int(refused.headers["x-ratelimit-timeremaining"]) <= 60
        assert refused.headers["Content-Type"].startswith("application/json")
        assert "x-ratelimit-limit-requests" not in refused.headers
        start = {"plain": "Too many requests.", "json": '{"error":{"code":"RateLimitReached"', "empty": ""}[style]
        assert refused.text.startswith(start) and len(refused.content) in (0, 196, len(refused.text))

    def test_a_window_begins_with_its_first_call(self) -> None:
        now = [37.0]
        counters, row = Counters(lambda: now[0]), catalog.find(GOOD)
        limits = limits_of(row, "free")
        for now[0] in range(37, 47):
            with counters.counted("token", GOOD, limits):
                pass
        now[0] = 53.0
        with pytest.raises(LimitReached) as caught, counters.counted("token", GOOD, limits):
            pass
        assert (caught.value.wait, caught.value.kind) == (44, "UserByModelByMinute")
        now[0] = 97.0
        with counters.counted("token", GOOD, limits):
            pass

    def test_as_many_at_once_as_the_plan_says(self) -> None:
        counters, limits = Counters(), limits_of(catalog.find(GOOD), "free")
        with contextlib.ExitStack() as running:
            for _ in range(limits.concurrent):
                running.enter_context(counters.counted("token", GOOD, limits))
            with pytest.raises(LimitReached) as caught:
                running.enter_context(counters.counted("token", GOOD, limits))
        assert (caught.value.wait, caught.value.kind) == (0, "UserConcurrentRequests")

    def test_the_free_plan_offers_no_reasoning_model_of_openai(self) -> None:
        assert not limits_of(catalog.find(REASONING), "free").is_offered
        assert limits_of(catalog.find("deepseek-r1-0528"), "free").is_offered


class TestModes:
    @pytest.fixture(autouse=True)
    def healthy_again(self, url: str) -> Iterator[None]:
        yield
        requests.post(f"{url}/demo/mode", json={"mode": "healthy"}, timeout=10).raise_for_status()

    @pytest.mark.parametrize(
        ("mode", "status", "start"),
        [
            ("retired", 410, '{"error":{"code":"github_models_retirement_brownout"'),
            ("outage", 502, "<html>"),
            ("malformed", 200, '{"choices"'),
            ("forbidden", 403, ""),
        ],
    )
    def test_every_path_answers_as_the_mode_says(
        self, url: str, token: str, mode: str, status: int, start: str
    ) -> None:
        requests.post(f"{url}/demo/mode", json={"mode": mode}, timeout=10).raise_for_status()
        for answer in (post(url, token), requests.get(f"{url}/models/catalog/models", timeout=10)):
            assert answer.status_code == status
            assert answer.text.startswith(start) and bool(answer.text) == bool(start)

    def test_an_unknown_mode_is_refused_with_the_known_ones(self, url: str) -> None:
        answer = requests.post(f"{url}/demo/mode", json={"mode": "sleepy"}, timeout=10)
        assert answer.status_code == 400 and "retired" in answer.json()["error"]


def test_by_itself_it_has_its_routes_at_the_root() -> None:
    command = [sys.executable, "-m", "registry_project.demo_github", "--port", "0", "--mode", "retired"]
    with subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().split()[-1]
            found = [requests.get(url + path, timeout=10) for path in ("/catalog/models", "/models/catalog/models")]
        finally:
            process.terminate()
    assert [(answer.status_code, answer.headers["X-Demo-Upstream"]) for answer in found] == [(410, "true")] * 2
