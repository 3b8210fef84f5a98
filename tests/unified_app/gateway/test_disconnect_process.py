"""Processes that are killed in the middle, memory under a fast upstream, and changes by another process."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator

import pytest
import requests

from tests.nasty_server import NastyServer
from tests.servers import wait_until
from tests.unified_app.gateway.gateway_process import HOST, Site, memory, peak, site
from tests.unified_app.gateway.upstreams import LINES, Endless, by_turns, ollama_chat, ollama_lines, streamed

LINE = ollama_lines("word ")[0]
LONG = json.dumps({**ollama_chat("x" * 60_000), "done": False}).encode() + b"\n"
MEGABYTES = 200


@pytest.fixture(scope="module")
def upstream() -> Iterator[NastyServer]:
    with NastyServer({**HOST, "/api/chat": streamed(ollama_lines("a"), LINES)}) as server:
        yield server


@pytest.fixture(scope="module")
def running(upstream: NastyServer) -> Iterator[Site]:
    with site(upstream) as made:
        yield made


def test_the_mounted_gateway_starts_and_calls_a_model_of_a_real_source(running: Site, upstream: NastyServer) -> None:
    _, url = running.start()
    answer = running.chat(url)
    assert answer.content == b"".join(ollama_lines("a"))
    assert answer.headers["x-registry-placement"] == "one/m:latest"
    assert answer.headers["x-registry-version"] == "a" * 12
    assert upstream.paths("/api/generate")[0].json()["keep_alive"] == -1
    assert requests.get(f"{url}/v1/models", timeout=5).status_code == 401
    assert requests.get(f"{url}/healthz", timeout=5).status_code == 200


def test_after_a_kill_the_open_calls_are_right_again_within_ten_seconds(running: Site, upstream: NastyServer) -> None:
    endless = Endless(LINE, LINES)
    upstream.answers["/api/chat"] = endless
    first, url = running.start()
    _, other = running.start()
    # A dropped iterator closes its connection.
    answers = [running.chat(url).iter_lines() for _ in range(3)]
    assert all(next(lines) for lines in answers)
    wait_until(lambda: running.open_calls() == 3, 5, "the open calls are told")
    first.send(signal.SIGKILL)
    assert endless.left.wait(2)
    wait_until(lambda: running.open_calls() == 0, 10, "the table is right again")
    with pytest.raises(requests.RequestException):
        for lines in answers:
            list(lines)
    upstream.answers["/api/chat"] = streamed(ollama_lines("a"), LINES)
    assert running.chat(other).status_code == 200


def test_a_slow_reader_does_not_cost_memory(running: Site, upstream: NastyServer) -> None:
    endless = Endless(LONG, LINES, pause=0, most=MEGABYTES * 2**20)
    upstream.answers["/api/chat"] = by_turns(streamed(ollama_lines("a"), LINES), endless)
    process, url = running.start()
    running.chat(url).content  # noqa: B018 - what a first call loads is no leak
    before = memory(process.pid)
    chunks = running.chat(url).iter_content(2**18)
    size = len(next(chunks))
    assert peak(process.pid, 1.5) - before < 40 * 2**20
    size += sum(len(chunk) for chunk in chunks)
    assert size > (MEGABYTES - 1) * 2**20
    assert memory(process.pid) - before < 40 * 2**20


def test_a_key_revoked_by_another_process_stops_working_within_two_seconds(running: Site) -> None:
    _, url = running.start()
    told = running.manage("apikey", "create", "short", "--user", "root", "--scopes", "call", "--json")
    row = json.loads(told)
    headers = {"Authorization": f"Bearer {row['key']}"}
    status = lambda: requests.get(f"{url}/v1/models", headers=headers, timeout=5).status_code  # noqa: E731
    wait_until(lambda: status() == 200, 2, "the new key works")
    _, other = running.start()
    assert requests.delete(f"{other}/api/keys/{row['id']}", headers=running.headers, timeout=10).status_code == 204
    began = time.monotonic()
    wait_until(lambda: status() == 401, 2, "the revoked key is refused")
    assert time.monotonic() - began < 2
