"""Short JSON calls to upstreams that may be slow, broken or hostile: bounded in time and size, typed errors.

For listings and metadata. The gateway's streams have a client of their own.
"""

from __future__ import annotations

import json
import math
import socket
import threading
import time
from contextlib import suppress
from typing import Any, NoReturn

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, ReadTimeoutError

from unified_app.errors import (
    UpstreamError,
    UpstreamInvalid,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnreachable,
)

CONNECT_SECONDS = 3.0
RETRY_PAUSE_SECONDS = 0.2
_CHUNK = 64 * 1024
_local = threading.local()


class JsonClient:
    """Calls one upstream. Cheap to build; its pooled connections serve up to `pool` threads.

    `timeout` is in seconds and bounds one whole reply, headers and body; `max_bytes` bounds its decoded body.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: str = "",
        timeout: float = 10.0,
        max_bytes: int = 32 * 2**20,
        pool: int = 8,
        session: requests.Session | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._session = session or _pooled_session(pool)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, *, timeout: float | None = None) -> Any:
        """Return the JSON that `path` answers; tried once more when nothing answered."""
        return self._call("GET", path, None, timeout, retry=True)

    def post(self, path: str, body: dict[str, Any], *, safe: bool = False, timeout: float | None = None) -> Any:
        """Return the JSON answer to `body`. `safe` says that asking twice does no harm."""
        return self._call("POST", path, body, timeout, retry=safe)

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def _call(self, method: str, path: str, body: Any, timeout: float | None, *, retry: bool) -> Any:
        limit = timeout or self._timeout
        with _Deadline(limit) as deadline:
            try:
                raw = self._exchange(method, path, body, deadline)
            except UpstreamUnreachable:
                if not retry or deadline.passed:
                    raise
                time.sleep(RETRY_PAUSE_SECONDS)
                raw = self._exchange(method, path, body, deadline)
        return parse_json(raw)

    def _exchange(self, method: str, path: str, body: Any, deadline: _Deadline) -> bytes:
        try:
            response = self._session.request(
                method,
                self.base_url + path,
                json=body,
                headers=self._headers,
                timeout=(min(CONNECT_SECONDS, deadline.limit), deadline.limit),
                allow_redirects=False,
                stream=True,
            )
            with response:
                raw = self._read(response)
                _refuse_status(response, raw)
                return raw
        except (requests.RequestException, HTTPError, OSError) as error:
            _translate(error, deadline)

    def _read(self, response: requests.Response) -> bytes:
        """Return the body; a declared length that is too much is not even begun."""
        declared = response.headers.get("Content-Length", "")
        if declared.isdecimal() and int(declared) > self._max_bytes:
            self._too_large()
        stream: HTTPResponse = response.raw
        parts, size = [], 0
        while chunk := stream.read(_CHUNK, decode_content=True):
            size += len(chunk)
            if size > self._max_bytes:
                self._too_large()
            parts.append(chunk)
        return b"".join(parts)

    def _too_large(self) -> NoReturn:
        raise UpstreamInvalid(f"The answer is larger than {self._max_bytes // 2**20} MB.")


def parse_json(raw: bytes) -> Any:
    """Return the value in `raw`; what is not strict JSON is UpstreamInvalid, with what it looks like."""
    try:
        return json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        start = raw[:200].lstrip().lower()
        kind = "HTML (a proxy's page?)" if start.startswith(b"<") else "not JSON" if raw else "empty"
        raise UpstreamInvalid(f"The answer is {kind}.") from None


def error_text(raw: bytes) -> str:
    """Return the upstream's own words from an error body, at most 200 characters; empty when there are none."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return ""
    text = value.get("error") if isinstance(value, dict) else None
    if isinstance(text, dict):
        text = text.get("message")
    return text[:200].replace("\0", "") if isinstance(text, str) else ""


class _Deadline:
    """Ends the call that runs in this thread when its time is up, whatever phase it is in.

    A read time-out alone begins anew with each byte, so an upstream that sends one byte at a time would never
    be timed out. Shutting the socket down wakes the blocked read.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.passed = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(limit, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> _Deadline:
        _local.deadline = self
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        _local.deadline = None

    def watch(self, connection: HTTPConnection) -> None:
        self._socket = connection.sock
        if self.passed:
            self._expire()

    def _expire(self) -> None:
        self.passed = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


class _Watched:
    """Mixed into urllib3's connections: tells this thread's deadline which socket the request went to."""

    def request(self, *args: Any, **kwargs: Any) -> None:
        super().request(*args, **kwargs)  # type: ignore[misc]
        deadline: _Deadline | None = getattr(_local, "deadline", None)
        if deadline is not None:
            deadline.watch(self)  # type: ignore[arg-type]


class _WatchedHTTP(_Watched, HTTPConnection):
    pass


class _WatchedHTTPS(_Watched, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPS


def _pooled_session(pool: int) -> requests.Session:
    session = requests.Session()
    # The address is the operator's; a proxy or netrc of the environment must not change where keys go.
    session.trust_env = False
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=pool, max_retries=0)
    adapter.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
    for scheme in ("http://", "https://"):
        session.mount(scheme, adapter)
    return session


def _refuse_status(response: requests.Response, raw: bytes) -> None:
    status = response.status_code
    if status < 300:
        return
    if status < 400:
        target = response.headers.get("Location", "nowhere")[:200]
        raise UpstreamRefused(f"It redirects to {target}; that is not followed. Use the final address as URL.")
    said = error_text(raw)
    message = f"It answered {status}" + (f": {said}" if said else ".")
    retry_after = response.headers.get("Retry-After", "")
    wait = float(retry_after) if retry_after.isdecimal() and math.isfinite(float(retry_after)) else None
    error = UpstreamError(message, retry_after=wait)
    error.upstream_status = status
    raise error


def _translate(error: Exception, deadline: _Deadline) -> NoReturn:
    if deadline.passed or isinstance(error, requests.ReadTimeout | ReadTimeoutError):
        raise UpstreamTimeout(f"No complete answer within {deadline.limit:g} s.") from error
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        raise UpstreamInvalid("Its URL cannot be used.") from error
    if isinstance(error, requests.ConnectTimeout):
        raise UpstreamUnreachable("Nothing answers at its address (connecting timed out).") from error
    if isinstance(error, requests.exceptions.SSLError):
        raise UpstreamUnreachable("Its TLS certificate or protocol is not accepted.") from error
    if isinstance(error, requests.ConnectionError):
        raise UpstreamUnreachable(f"Nothing answers at its address ({_reason(error)}).") from error
    raise UpstreamInvalid("The answer broke off or is not HTTP.") from error


def _reason(error: BaseException) -> str:
    text = str(error)
    if "refused" in text:
        return "connection refused"
    if "resolve" in text or "Name or service" in text:
        return "the name does not resolve"
    return "the connection was closed" if "abort" in text or "reset" in text else "no connection"


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
