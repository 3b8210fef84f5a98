"""Inferences that take long hold back nobody else of their process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.nasty_server import NastyServer
from tests.servers import wait_until
from tests.unified_app.gateway.gateway_process import HOST, Site, site
from tests.unified_app.gateway.upstreams import OLLAMA, held

CHAT = "/api/chat"
BODY = {"messages": [{"role": "user", "content": "x"}]}
# An idle machine takes some 20 ms; the slow calls would take for ever.
QUICK_SECONDS = 2.0


@pytest.fixture
def let_go() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture(scope="module")
def upstream() -> Iterator[NastyServer]:
    with NastyServer(HOST) as server:
        yield server


@pytest.fixture(scope="module")
def running(upstream: NastyServer) -> Iterator[Site]:
    with site(upstream) as made:
        yield made


@pytest.fixture(scope="module")
def url(running: Site) -> str:
    return running.start()[1]


def infer(running: Site, url: str, timeout: float = 30) -> requests.Response:
    return requests.post(f"{url}/api/models/m/inference", json=BODY, headers=running.headers, timeout=timeout)


def quick(running: Site, url: str, path: str) -> None:
    began = time.monotonic()
    assert requests.get(url + path, headers=running.headers, timeout=10).status_code == 200
    assert time.monotonic() - began < QUICK_SECONDS, path


def test_slow_inferences_run_at_once_and_keep_nobody_waiting(
    running: Site, url: str, upstream: NastyServer, let_go: threading.Event
) -> None:
    upstream.answers[CHAT] = held(let_go, OLLAMA)
    with ThreadPoolExecutor(20) as pool:
        slow = [pool.submit(infer, running, url) for _ in range(20)]
        wait_until(lambda: len(upstream.paths(CHAT)) == 8, 15, "as many as the model takes are at the upstream")
        for path in ("/api/models", "/v1/models", "/healthz", "/readyz"):
            quick(running, url, path)
        let_go.set()
        assert [call.result().status_code for call in slow] == [200] * 20
    assert len(upstream.paths(CHAT)) == 20


def test_a_client_that_leaves_its_inference_stops_nothing(
    running: Site, url: str, upstream: NastyServer, let_go: threading.Event
) -> None:
    upstream.answers[CHAT] = held(let_go, OLLAMA)
    with pytest.raises(requests.Timeout):
        infer(running, url, timeout=1)
    time.sleep(0.5)
    for path in ("/api/models", "/v1/models"):
        quick(running, url, path)
    let_go.set()
    assert infer(running, url).status_code == 200
    wait_until(lambda: running.open_calls() == 0, 5, "the call that was left has ended")
