"""Calls of any server that speaks OpenAI's protocol, for the command line. Knows neither registry nor database.

Errors read as gh-models tells them, and a 429 says how long gh-models would wait.
Reference: https://github.com/github/gh-models/blob/main/internal/azuremodels/azure_client.go
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import requests
from urllib3 import HTTPResponse, Timeout
from urllib3.exceptions import HTTPError

from experiments_app.evaluation.replies import CallFailed, Reply, Request
from experiments_app.evaluation.wire.answer_streams import StreamReading
from experiments_app.evaluation.wire.answers import (
    MAX_BYTES,
    body_of,
    failed,
    is_streamed,
    path_of,
    read_whole,
    refused,
)
from unified_app.errors import UpstreamInvalid
from unified_app.upstream import CONNECT_SECONDS, translated
from unified_app.upstream_words import without_secrets
from unified_app.whole_replies import whole_reply_session

# A model that thinks may take minutes; one that takes longer has hung.
ANSWER_SECONDS = 900.0
# Of an error's body, and of that what is shown.
ERROR_BYTES, SHOWN = 64 * 1024, 2000
_CHUNK = 64 * 1024
_WORDS = {400: "bad request", 401: "unauthorized"}


@dataclass
class OpenAICalls:
    """Carries calls to `base_url`, below which chat/completions and embeddings lie. Safe for threads."""

    base_url: str
    key: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = ANSWER_SECONDS
    _session: requests.Session = field(default_factory=lambda: whole_reply_session(8), repr=False)

    def __call__(self, request: Request) -> Reply:
        """Return the answer. Raises CallFailed."""
        began = time.perf_counter()
        try:
            # A `timeout` of urllib3's bounds the whole answer; types-requests does not know that it is allowed.
            response = self._session.post(
                self.base_url.rstrip("/") + path_of(request.body),
                data=_encoded(body_of(request)),
                headers=self._sent(),
                timeout=Timeout(total=self.seconds, connect=CONNECT_SECONDS),  # type: ignore[arg-type]
                allow_redirects=False,
                stream=True,
            )
            with response:
                return self._reply(response, request, began)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise failed(translated(error)) from error

    def _sent(self) -> dict[str, str]:
        key = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        return {"Content-Type": "application/json", "Accept-Encoding": "identity", **self.headers, **key}

    def _reply(self, response: requests.Response, request: Request, began: float) -> Reply:
        if response.status_code != 200:
            raise self._refused(response)
        if is_streamed(request) or request.body.get("stream"):
            return _streamed(response.raw, request, began)
        return _whole(response.raw, request, began)

    def _refused(self, response: requests.Response) -> CallFailed:
        status, raw = response.status_code, response.raw.read(ERROR_BYTES, decode_content=True)
        body = without_secrets(raw.decode("utf-8", "replace"), self._sent()).strip()[:SHOWN]
        told = refused(status, response.headers, raw)
        if status == 429:
            message, seconds = body or "rate limit exceeded", wait_of(response.headers)
            return CallFailed(told.code, message, status=429, retry_after=seconds, transient=True)
        words = _WORDS.get(status, f"unexpected response from the server: {status} {_phrase(status)}".strip())
        message = f"{words}\n{body}" if body else words
        return CallFailed(told.code, message, status=status, transient=told.transient)


def wait_of(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a 429 asks for, as gh-models reads them; None when it names no whole number."""
    for name in ("x-ratelimit-timeremaining", "Retry-After"):
        told = headers.get(name, "")
        if told.isascii() and told.isdecimal() and len(told) < 9 and int(told):
            return float(told)
    return None


def _whole(raw: HTTPResponse, request: Request, began: float) -> Reply:
    body = raw.read(MAX_BYTES + 1, decode_content=True)
    if len(body) > MAX_BYTES:
        raise failed(UpstreamInvalid("The answer is too large."))
    return read_whole(body, request, time.perf_counter() - began)


def _streamed(raw: HTTPResponse, request: Request, began: float) -> Reply:
    reading = StreamReading(request)
    for chunk in raw.stream(_CHUNK, decode_content=True):
        reading.feed(chunk, time.perf_counter() - began)
    return reading.reply(time.perf_counter() - began)


def _encoded(body: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")
    except ValueError:
        raise CallFailed("invalid", "json: unsupported value: a number that is not finite") from None


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
