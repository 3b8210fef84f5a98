"""The demo's GitHub Models for its tests."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import requests

from tests.demo_server import demo_server

CHAT = "/inference/chat/completions"
GOOD, REASONING = "openai/gpt-4.1", "openai/o4-mini"
QUESTION = [{"role": "user", "content": "What is 17 * 23?"}]


@contextmanager
def github_demo() -> Iterator[str]:
    """Its address, with the plan Pro: the free one offers none of OpenAI's reasoning models."""
    with mock.patch.dict(os.environ, GITHUB_MODELS_PLAN="pro"), demo_server() as url:
        yield f"{url}/github-models"


def new_token() -> str:
    """Return a token that nobody else has, so that its counters are untouched."""
    return f"token-{uuid.uuid4()}"


def post(url: str, token: str, path: str = CHAT, **body: object) -> requests.Response:
    body = {"model": GOOD, "messages": QUESTION, **body}
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.post(url + path, json=body, headers=headers, timeout=10)
