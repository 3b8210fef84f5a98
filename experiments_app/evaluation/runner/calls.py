"""One call of our own gateway over HTTP, as any client makes it; connections are kept.

With urllib3 itself: `requests`, which stands on it, takes three times as long for a call, and a run makes thousands in
one process while its answers wait to be taken in.
"""

from __future__ import annotations

import json
import socket
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakSet

import certifi
import urllib3
from urllib3.exceptions import HTTPError, ReadTimeoutError

from experiments_app.evaluation.replies import CallFailed, Reply, Request
from experiments_app.evaluation.wire.answer_streams import StreamReading
from experiments_app.evaluation.wire.answers import (
    MAX_BYTES,
    body_of,
    is_streamed,
    path_of,
    read_whole,
    refused,
    thoughts_apart,
)

# A model that is being loaded, with others before it in line, may take long; our own gateway ends what takes too long.
TIMEOUT = urllib3.Timeout(connect=5.0, read=3600.0)
# As many as calls may be under way, those that wait out a pause among them.
CONNECTIONS = 256
ERROR_BYTES = 64 * 1024
CHUNK = 64 * 1024
HEADERS = {"Content-Type": "application/json", "X-Registry-Priority": "evaluation", "User-Agent": "registry-evaluation"}
VERSION = "X-Registry-Version"


class SiteUnreachable(Exception):
    """Our own site does not answer: no fault of any case."""


class SiteRefuses(Exception):
    """Our own site does not take our key: no fault of any case."""


@dataclass(frozen=True)
class Answered:
    """A reply, and the version of the model that the gateway says gave it."""

    reply: Reply
    version: str = ""


class GatewayCalls:
    """Calls at `base_url`, the site's address with /v1; any number of threads may call at once."""

    def __init__(self, base_url: str, key: str) -> None:
        self._base_url, self._path = base_url, urlsplit(base_url).path
        self._headers: Mapping[str, str] = {**HEADERS, "Authorization": f"Bearer {key}"}
        is_secure = base_url.startswith("https:")
        more = {"ca_certs": certifi.where()} if is_secure else {}
        self._pool = urllib3.connection_from_url(base_url, maxsize=CONNECTIONS, **more)
        self._connections: WeakSet[Any] = WeakSet()
        self._pool.ConnectionCls = _noted(self._pool.ConnectionCls, self._connections)
        self._has_ended = False

    def close(self) -> None:
        """Hang up: the gateway ends what nobody waits for, and the hosts are free for others."""
        self._has_ended = True
        for connection in list(self._connections):
            if connection.sock is not None:
                with suppress(OSError):  # it is closed already
                    connection.sock.shutdown(socket.SHUT_RDWR)
        self._pool.close()

    def call(self, request: Request) -> Answered:
        """Raises CallFailed, SiteUnreachable or SiteRefuses."""
        try:
            return self._call(request)
        except HTTPError:
            pass  # a connection that was kept may have been closed just when it was used again
        try:
            return self._call(request)
        except HTTPError as error:
            raise SiteUnreachable(f"The site does not answer at {self._base_url}.") from error

    def _call(self, request: Request) -> Answered:
        if self._has_ended:
            raise CallFailed("cancelled", "The run has ended.")
        body = json.dumps(body_of(request), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        headers = {**self._headers, "X-Request-ID": f"eval-{uuid.uuid4().hex}"}
        began = time.perf_counter()
        try:
            response = self._pool.urlopen(
                "POST",
                self._path + path_of(request.body),
                body=body,
                headers=headers,
                timeout=TIMEOUT,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            return _answered(response, request, began)
        except ReadTimeoutError as error:
            raise CallFailed("upstream_timeout", "No answer in time.", status=504, transient=True) from error


def _noted(kind: Any, connections: WeakSet[Any]) -> type:
    """Return a class of connections of which each stands in `connections` while it is there."""

    class Noted(kind):  # type: ignore[misc]
        def connect(self) -> None:
            super().connect()
            connections.add(self)

    return Noted


def _answered(response: urllib3.BaseHTTPResponse, request: Request, began: float) -> Answered:
    try:
        if response.status != 200:
            raise _refusal(response)
        reply = _streamed(response, request, began) if is_streamed(request) else _whole(response, request, began)
        return Answered(thoughts_apart(reply), response.headers.get(VERSION, ""))
    except BaseException:
        response.close()  # what was not read to its end cannot be used again
        raise
    finally:
        response.release_conn()


def _refusal(response: urllib3.BaseHTTPResponse) -> Exception:
    failure = refused(response.status, response.headers, response.read(ERROR_BYTES))
    return SiteRefuses(failure.message) if response.status in (401, 403) else failure


def _whole(response: urllib3.BaseHTTPResponse, request: Request, began: float) -> Reply:
    raw = response.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise CallFailed("upstream_invalid", "The answer is too large.", status=502)
    return read_whole(raw, request, time.perf_counter() - began)


def _streamed(response: urllib3.BaseHTTPResponse, request: Request, began: float) -> Reply:
    reading = StreamReading(request)
    for chunk in response.stream(CHUNK):
        reading.feed(chunk, time.perf_counter() - began)
    return reading.reply(time.perf_counter() - began)
