from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.demo_server import demo_server

# The names of the recorded servers, and the demo's model of the same kind behind each.
RECORDED_NAMES = {
    "smollm2:135m": "gemma2:2b",
    "smollm2:latest": "gemma2:2b",
    "smollm2-tools:135m": "llama3.1:8b",
    "smollm2-think:135m": "qwen3:8b",
    "codefill:135m": "qwen2.5-coder:1.5b",
    "gemma3:270m": "phi4:14b",
    "gemma3-vision:270m": "gemma3:4b",
    "acme/helper:v2": "gemma2:2b",
    "all-minilm:latest": "all-minilm:l6-v2",
}


def with_recorded_names(url: str) -> str:
    for name, source in RECORDED_NAMES.items():
        body = {"source": source, "destination": name}
        requests.post(f"{url}/api/copy", json=body, timeout=5).raise_for_status()
    return url


@pytest.fixture(scope="session")
def demo() -> Iterator[str]:
    with demo_server() as url:
        yield url


@pytest.fixture(scope="session")
def demo_033() -> Iterator[str]:
    with demo_server(version="0.33.0-rc2") as url:
        yield with_recorded_names(url)


@pytest.fixture(scope="session")
def demo_024() -> Iterator[str]:
    with demo_server(version="0.24.0") as url:
        yield with_recorded_names(url)
