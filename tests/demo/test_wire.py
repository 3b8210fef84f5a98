from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import requests

from tests.demo_server import demo_server


def test_only_loopback_names_and_origins_get_in(demo: str) -> None:
    def status(**headers: str) -> int:
        return requests.get(f"{demo}/api/version", headers=headers, timeout=5).status_code

    assert [status(Host="localhost"), status(Host="a.internal"), status(Host="[::1]:80")] == [200, 200, 200]
    assert [status(Host="evil.example"), status(Host="8.8.8.8:80")] == [403, 403]
    assert status(Origin="http://localhost:3000") == 200
    assert status(Origin="https://evil.example") == 403


def test_go_escapes_and_utf8_go_through(demo: str) -> None:
    body = {"model": "phi4:14b", "prompt": "<b> & ü €", "stream": False}
    answer = requests.post(f"{demo}/api/generate", json=body, timeout=5)
    assert b"\\u003cb\\u003e \\u0026 " in answer.content
    assert "<b> & ü €" in answer.json()["response"]


def test_a_trailing_slash_redirects(demo: str) -> None:
    answer = requests.get(f"{demo}/api/tags/", allow_redirects=False, timeout=5)
    assert (answer.status_code, answer.headers["Location"]) == (301, "/api/tags")
    assert requests.post(f"{demo}/api/show/", json={"model": "phi4:14b"}, timeout=5).json()["template"]


def test_a_full_stream_of_the_openai_route_ends_in_done(demo: str) -> None:
    body = {"model": "qwen3:8b", "messages": [{"role": "user", "content": "What is 2 + 2?"}], "stream": True}
    body["stream_options"] = {"include_usage": True}
    rows = requests.post(f"{demo}/v1/chat/completions", json=body, timeout=5).text.split("\n\n")
    assert rows[-2:] == ["data: [DONE]", ""]
    assert '"choices":[],"usage":{"prompt_tokens":' in rows[-3]
    assert '"finish_reason":"stop"' in rows[-4]


def test_requests_at_the_same_time_wait_for_a_slot() -> None:
    with demo_server(parallel=1, token_delay=0.01) as url:
        body = {"model": "llama3.1:8b", "prompt": "Count to 8", "stream": False}
        requests.post(f"{url}/api/generate", json=body, timeout=10)
        with ThreadPoolExecutor() as pool:
            calls = [pool.submit(requests.post, f"{url}/api/generate", json=body, timeout=10) for _ in range(3)]
            totals = sorted(call.result().json()["total_duration"] for call in calls)
        assert totals[2] > 2 * totals[0]
