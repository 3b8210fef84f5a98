"""One call of our own gateway over HTTP, as any client makes it; each thread keeps its connection."""

from __future__ import annotations

import json
import threading
import time
import uuid
from dataclasses import dataclass, field

import requests
from urllib3.exceptions import HTTPError

from experiments_app.evaluation.answer_streams import StreamReading
from experiments_app.evaluation.answers import (
    MAX_BYTES,
    body_of,
    is_streamed,
    path_of,
    read_whole,
    refused,
    thoughts_apart,
)
from experiments_app.evaluation.replies import CallFailed, Reply, Request

# A model that is being loaded, with others before it in line, may take long; our own gateway ends what takes too long.
TIMEOUT = (5.0, 3600.0)
ERROR_BYTES = 64 * 1024
CHUNK = 64 * 1024
# Of a stream only what has come, so that times are true.
KEEPS = {"Accept-Encoding": "identity", "Content-Type": "application/json", "X-Registry-Priority": "evaluation"}
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


@dataclass
class GatewayCalls:
    """Calls at `base_url`, the site's address with /v1."""

    base_url: str
    key: str = field(repr=False)
    _local: threading.local = field(default_factory=threading.local, repr=False)

    def call(self, request: Request) -> Answered:
        """Raises CallFailed, SiteUnreachable or SiteRefuses."""
        try:
            return self._call(request)
        except (requests.ConnectionError, HTTPError):
            # A connection that was kept may have been closed just when it was used again.
            self._forget()
        try:
            return self._call(request)
        except (requests.ConnectionError, HTTPError) as error:
            self._forget()
            raise SiteUnreachable(f"The site does not answer at {self.base_url}.") from error

    def _call(self, request: Request) -> Answered:
        body = json.dumps(body_of(request), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        began = time.perf_counter()
        try:
            with self._session().post(
                self.base_url + path_of(request.body),
                data=body,
                headers={"X-Request-ID": f"eval-{uuid.uuid4().hex}"},
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
            ) as response:
                return self._answered(response, request, began)
        except requests.Timeout as error:
            raise CallFailed("upstream_timeout", "No answer in time.", status=504, transient=True) from error

    def _answered(self, response: requests.Response, request: Request, began: float) -> Answered:
        if response.status_code != 200:
            raw = response.raw.read(ERROR_BYTES, decode_content=True)
            if response.status_code in (401, 403):
                raise SiteRefuses(refused(response.status_code, response.headers, raw).message)
            raise refused(response.status_code, response.headers, raw)
        reply = _streamed(response, request, began) if is_streamed(request) else _whole(response, request, began)
        return Answered(thoughts_apart(reply), response.headers.get(VERSION, ""))

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = False  # neither proxies nor netrc for our own site
            session.headers.update({**KEEPS, "Authorization": f"Bearer {self.key}"})
            self._local.session = session
        return session

    def _forget(self) -> None:
        self._session().close()


def _whole(response: requests.Response, request: Request, began: float) -> Reply:
    raw = response.raw.read(MAX_BYTES + 1, decode_content=True)
    if len(raw) > MAX_BYTES:
        raise CallFailed("upstream_invalid", "The answer is too large.", status=502)
    return read_whole(raw, request, time.perf_counter() - began)


def _streamed(response: requests.Response, request: Request, began: float) -> Reply:
    reading = StreamReading(request)
    for chunk in response.raw.stream(CHUNK, decode_content=True):
        reading.feed(chunk, time.perf_counter() - began)
    return reading.reply(time.perf_counter() - began)
