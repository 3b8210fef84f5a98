"""Long calls to an upstream: files that are sent, and work whose progress it tells line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import requests
from urllib3 import HTTPResponse, Timeout
from urllib3.exceptions import HTTPError

from unified_app.errors import UpstreamError, UpstreamInvalid
from unified_app.upstream import CONNECT_SECONDS, JsonClient, translated
from unified_app.upstream_words import error_text

LONGEST_LINE = 64 * 1024
_CHUNK = 16 * 1024


class StreamingClient(JsonClient):
    """A JsonClient for calls that take minutes. `seconds` bounds each of them as a whole."""

    def is_there(self, path: str) -> bool:
        """Return whether HEAD of `path` finds something."""
        try:
            self._exchange("HEAD", path, None, self._timeout)
        except UpstreamError as error:
            if error.upstream_status == 404:
                return False
            raise
        return True

    def send_file(self, path: str, file: BinaryIO, size: int, *, seconds: float) -> None:
        """POST what is left of a file, piece by piece."""
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        try:
            with self._open(path, seconds, data=file, headers=headers) as response:
                self._body(response)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise translated(error) from error

    def delete(self, path: str, body: dict[str, Any]) -> None:
        """Send DELETE; what is answered is passed over."""
        self._exchange("DELETE", path, body, self._timeout)

    def lines(self, path: str, body: dict[str, Any], *, seconds: float) -> Iterator[dict[str, Any]]:
        """POST and yield each object of the answer as it comes. One that is an error is raised as UpstreamError."""
        try:
            with self._open(path, seconds, json=body) as response:
                if response.status_code >= 300:
                    self._body(response)
                for line in _lines(response.raw):
                    yield self._told(line)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise translated(error) from error

    def _open(self, path: str, seconds: float, *, headers: dict[str, str] | None = None, **sent: Any) -> Any:
        return self._session.post(
            self.base_url + path,
            headers={**self._headers, **(headers or {})},
            timeout=Timeout(total=seconds, connect=min(CONNECT_SECONDS, seconds)),  # type: ignore[arg-type]
            allow_redirects=False,
            stream=True,
            **sent,
        )

    def _told(self, line: bytes) -> dict[str, Any]:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            raise UpstreamInvalid("A line of the answer is not JSON.") from None
        if not isinstance(value, dict):
            raise UpstreamInvalid("A line of the answer is not an object.")
        if value.get("error"):
            error = UpstreamError(self._said(error_text(line)) or "It gave up without a reason.")
            # It took the call and then said no: asking again as it is would be told the same.
            error.upstream_status = 400
            raise error
        return value


def _lines(raw: HTTPResponse) -> Iterator[bytes]:
    """Yield the lines of an answer as they come; one that is too long is refused."""
    rest = b""
    while chunk := raw.read1(_CHUNK, decode_content=True):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from filter(None, map(bytes.strip, whole))
        if len(rest) > LONGEST_LINE:
            raise UpstreamInvalid("A line of the answer is too long.")
    if rest.strip():
        yield rest
