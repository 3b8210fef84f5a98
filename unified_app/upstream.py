"""Short JSON calls to upstreams that may be slow, broken or hostile: bounded in time and size, typed errors.

For listings and metadata. The gateway's streams have a client of their own.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from typing import Any, NoReturn

import requests
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse, Timeout
from urllib3.exceptions import HTTPError, IncompleteRead, ProtocolError, ReadTimeoutError

from unified_app.errors import (
    UpstreamError,
    UpstreamInvalid,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from unified_app.upstream_words import error_code, error_text, without_secrets
from unified_app.whole_replies import whole_reply_session

CONNECT_SECONDS = 3.0
RETRY_PAUSE_SECONDS = 0.2
# Of an answer that is an error only the beginning is read: its own words stand there.
ERROR_BYTES = 64 * 1024
# A short text can become a huge object: `[[],[],...` takes twenty times its length in memory. 10,000 models of an
# Ollama host have about 200,000 pieces.
MAX_PIECES = 1_000_000
_CHUNK = 64 * 1024


class JsonClient:
    """Calls one upstream. Cheap to build; its pooled connections serve up to `pool` threads.

    `timeout` is in seconds and bounds one whole reply, headers and body; `max_bytes` bounds its decoded body.
    The token and the values of `headers` go to this upstream only and never into a message.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: str = "",
        headers: Mapping[str, str] | None = None,
        timeout: float = 10.0,
        max_bytes: int = 32 * 2**20,
        pool: int = 8,
        session: requests.Session | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._session = session or whole_reply_session(pool)
        self._headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}

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
        end = time.monotonic() + limit
        try:
            raw = self._exchange(method, path, body, limit)
        except UpstreamUnreachable:
            left = end - time.monotonic() - RETRY_PAUSE_SECONDS
            if not retry or left <= 0:
                raise
            time.sleep(RETRY_PAUSE_SECONDS)
            raw = self._exchange(method, path, body, left)
        return parse_json(raw)

    def _exchange(self, method: str, path: str, body: Any, seconds: float) -> bytes:
        try:
            response = self._session.request(
                method,
                self.base_url + path,
                json=body,
                headers=self._headers,
                # `total` counts the time to connect too; types-requests does not know that this is allowed.
                timeout=Timeout(total=seconds, connect=min(CONNECT_SECONDS, seconds)),  # type: ignore[arg-type]
                allow_redirects=False,
                stream=True,
            )
            with response:
                return self._body(response)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise translated(error) from error

    def _body(self, response: requests.Response) -> bytes:
        """Return the body of a good answer; what is none becomes an error without reading all of it."""
        if 300 <= response.status_code < 400:
            target = self._said(response.headers.get("Location", "nowhere"))
            raise UpstreamRefused(f"It redirects to {target}; that is not followed. Use the final address as URL.")
        if response.status_code >= 400:
            raise self._refusal(response)
        if (_whole_number(response.headers.get("Content-Length", "")) or 0) > self._max_bytes:
            self._too_large()
        raw = _read(response, self._max_bytes + 1)
        if len(raw) > self._max_bytes:
            self._too_large()
        return raw

    def _refusal(self, response: requests.Response) -> UpstreamError:
        raw = _read(response, ERROR_BYTES)
        said = self._said(error_text(raw))
        message = f"It answered {response.status_code}" + (f": {said}" if said else ".")
        return refusal(message, response.status_code, response.headers, raw)

    def _said(self, text: str) -> str:
        """Return the upstream's words fit for a log line: one line, no control characters, never a secret of ours."""
        shown = without_secrets(text, self._headers)
        return "".join(c if c.isprintable() else " " for c in shown)[:200].strip()

    def _too_large(self) -> NoReturn:
        raise UpstreamInvalid(f"The answer is larger than {self._max_bytes // 2**20} MB.")


def parse_json(raw: bytes) -> Any:
    """Return the value in `raw`; what is not strict JSON is UpstreamInvalid, with what it looks like."""
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > MAX_PIECES:
        raise UpstreamInvalid(f"The answer has more than {MAX_PIECES:,} values.")
    try:
        return json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        start = raw[:200].lstrip().lower()
        kind = "HTML (a proxy's page?)" if start.startswith(b"<") else "not JSON" if raw else "empty"
        raise UpstreamInvalid(f"The answer is {kind}.") from None


def refusal(message: str, status: int, headers: Mapping[str, str], raw: bytes) -> UpstreamError:
    """Return the error for an answer that is one, with what those who learn from it need; `raw` is its beginning."""
    error = UpstreamError(message, retry_after=_whole_number(headers.get("Retry-After", "")))
    error.upstream_status = status
    error.upstream_headers = CaseInsensitiveDict(headers)
    error.upstream_text = raw.decode(errors="replace")
    error.upstream_code, error.upstream_param = error_code(raw)
    return error


def _read(response: requests.Response, limit: int) -> bytes:
    """Return at most `limit` bytes of the decoded body."""
    stream: HTTPResponse = response.raw
    parts, left = [], limit
    while left > 0 and (chunk := stream.read(min(_CHUNK, left), decode_content=True)):
        parts.append(chunk)
        left -= len(chunk)
    return b"".join(parts)


def _whole_number(text: str) -> int | None:
    """Return the number in a header, or None; one of thousands of digits is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None


def translated(error: Exception) -> UpstreamError:
    """Return our error for one of the HTTP library's."""
    if isinstance(error, requests.ReadTimeout | ReadTimeoutError):
        return UpstreamTimeout("It did not finish its answer in time.")
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return UpstreamInvalid("Its URL cannot be used.")
    if isinstance(error, requests.ConnectTimeout):
        return UpstreamUnreachable("Nothing answers at its address (connecting timed out).")
    if isinstance(error, requests.exceptions.SSLError):
        return UpstreamUnreachable("Its TLS certificate or protocol is not accepted.")
    if isinstance(error, requests.ConnectionError) and not _is_not_http(error):
        return UpstreamUnreachable(f"Nothing answers at its address ({_reason(error)}).")
    return UpstreamInvalid("The answer broke off or is not HTTP.")


def _is_not_http(error: requests.ConnectionError) -> bool:
    """Whether something answered, but not in HTTP. A connection that closed before the first byte is no answer."""
    cause = error.args[0] if error.args else None
    if not isinstance(cause, ProtocolError) or isinstance(cause, IncompleteRead):
        return False
    inner = cause.args[-1]
    return isinstance(inner, http.client.HTTPException) and not isinstance(inner, ConnectionError)


def _reason(error: BaseException) -> str:
    text = str(error)
    if "refused" in text:
        return "connection refused"
    if "resolve" in text or "Name or service" in text:
        return "the name does not resolve"
    return "the connection was closed" if "abort" in text or "reset" in text else "no connection"


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
