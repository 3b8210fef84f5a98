from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import requests

from tests.demo_server import demo_mode, demo_server

CHAT = {"model": "phi4:14b", "messages": [{"role": "user", "content": "Count to 30"}]}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with demo_server() as base:
        yield base


def tags(url: str, timeout: float = 5) -> requests.Response:
    return requests.get(f"{url}/api/tags", timeout=timeout, allow_redirects=False)


def test_the_mode_can_be_asked_set_and_is_checked(url: str) -> None:
    with demo_mode(url, "slow", delay=0):
        assert requests.get(f"{url}/demo/mode", timeout=5).json()["mode"] == "slow"
    assert requests.get(f"{url}/demo/mode", timeout=5).json()["mode"] == "ok"
    wrong = requests.post(f"{url}/demo/mode", json={"mode": "sulking"}, timeout=5)
    assert (wrong.status_code, "flapping" in wrong.json()["error"]) == (400, True)


def test_down_closes_the_connection(url: str) -> None:
    with demo_mode(url, "down"), pytest.raises(requests.ConnectionError):
        tags(url)
    assert tags(url).ok


def test_it_can_start_in_a_mode() -> None:
    with demo_server(mode="down") as base, pytest.raises(requests.ConnectionError):
        tags(base)


def test_flapping_fails_every_other_time(url: str) -> None:
    seen = []
    with demo_mode(url, "flapping"):
        for _ in range(4):
            try:
                seen.append(tags(url).status_code)
            except requests.ConnectionError:
                seen.append(0)
    assert seen in ([0, 200, 0, 200], [200, 0, 200, 0])


def test_slow_and_hang_wait(url: str) -> None:
    started = time.monotonic()
    with demo_mode(url, "slow", delay=0.3):
        assert tags(url).ok
    assert time.monotonic() - started > 0.3
    with demo_mode(url, "hang"), pytest.raises(requests.ReadTimeout):
        tags(url, timeout=0.2)


def test_answers_that_are_no_answers(url: str) -> None:
    with demo_mode(url, "garbage"), pytest.raises(ValueError):
        tags(url).json()
    with demo_mode(url, "html"):
        assert "<html>" in tags(url).text
    with demo_mode(url, "redirect", location="http://elsewhere.invalid/"):
        assert tags(url).headers["Location"] == "http://elsewhere.invalid/"
    with demo_mode(url, "huge", megabytes=3):
        assert len(tags(url).content) > 3_000_000


def test_any_error_can_be_given(url: str) -> None:
    with demo_mode(url, "error500"):
        assert (tags(url).status_code, tags(url).json()) == (500, {"error": "demo failure"})
    body = {"error": "unauthorized", "signin_url": "https://ollama.com/connect?name=demo&key=none"}
    with demo_mode(url, "error500", status=401, body=body):
        assert (tags(url).status_code, tags(url).json()) == (401, body)


def test_a_fault_can_be_kept_to_some_paths(url: str) -> None:
    with demo_mode(url, "error500", path="/api/chat"):
        assert tags(url).ok
        assert requests.post(f"{url}/api/chat", json=CHAT, timeout=5).status_code == 500


def test_half_an_answer_ends_without_its_end(url: str) -> None:
    with demo_mode(url, "half"):
        with pytest.raises(requests.RequestException):
            tags(url)
        with pytest.raises(requests.RequestException):
            _ = requests.post(f"{url}/api/chat", json=CHAT, timeout=5).text
