"""The gateway's way to upstreams: one pooled aiohttp client for each event loop, errors as ours."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import lru_cache
from typing import Any

import aiohttp

from unified_app.connecting import FORBIDDEN, ForbiddenAddress, permitted_socket
from unified_app.errors import (
    InvalidInput,
    UpstreamError,
    UpstreamInvalid,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from unified_app.gateway.readers import MAX_WHOLE_BYTES, TOO_LARGE
from unified_app.gateway.translate.errors import upstream_message
from unified_app.gateway.translate.framing import compact
from unified_app.sources import Upstream
from unified_app.upstream import refusal

CONNECT_SECONDS = 3.0
# An error answer is read up to here for its words.
MAX_ERROR_BYTES = 64 * 1024
ERROR_SECONDS = 5.0


class Answer:
    """An upstream's answer whose status was good; ask it for bytes, close it in any case."""

    def __init__(self, response: aiohttp.ClientResponse, first: bytes) -> None:
        self._response = response
        self._first = first

    async def next(self) -> bytes:
        """Return what has arrived, or nothing at the end. Raises UpstreamInvalid when the answer breaks off."""
        if self._first:
            first, self._first = self._first, b""
            return first
        try:
            return await self._response.content.readany()
        except TimeoutError:
            raise UpstreamTimeout("The upstream fell silent in the middle of its answer.") from None
        except (aiohttp.ClientError, OSError) as error:
            raise UpstreamInvalid("The upstream's answer broke off.") from error

    def close(self) -> None:
        """Drop the connection unless the answer was read to its end: the upstream then stops working on it."""
        self._response.close()


class UpstreamClient:
    """Opens calls. Built on the loop that uses it."""

    def __init__(self) -> None:
        connector = aiohttp.TCPConnector(limit=0, ttl_dns_cache=60, socket_factory=permitted_socket)
        self._session = aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={
                "Accept-Encoding": "identity",
                "User-Agent": "model-registry",
                "Content-Type": "application/json",
            },
        )

    async def open(
        self, upstream: Upstream, path: str, payload: dict[str, Any], timeout: float, *, is_stream: bool
    ) -> Answer:
        """Send the call and wait for the first bytes, so that an early failure is still a status.

        `timeout` in seconds bounds a whole answer, and of a stream each wait for bytes: the first one holds the
        upstream's queue, the load and the prompt.
        Raises UpstreamUnreachable, UpstreamTimeout, UpstreamInvalid or UpstreamError (with `upstream_status`).
        """
        try:
            body = compact(payload)
        except (ValueError, RecursionError) as error:
            raise InvalidInput("A number in the body is too large, or it is nested too deeply.") from error
        response = await self._sent(upstream.url + path, body, upstream.headers, _limits(timeout, is_stream))
        try:
            return await self._begun(response, upstream.headers)
        except BaseException:
            response.close()
            raise

    async def close(self) -> None:
        await self._session.close()

    async def _sent(
        self, url: str, body: bytes, headers: dict[str, str], limits: aiohttp.ClientTimeout
    ) -> aiohttp.ClientResponse:
        """Return the response to a POST; a pooled connection that the upstream has just closed is replaced once."""
        for is_last in (False, True):
            try:
                return await self._session.post(url, data=body, headers=headers, timeout=limits, allow_redirects=False)
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
                if isinstance(getattr(error, "os_error", None), ForbiddenAddress):
                    raise UpstreamRefused(FORBIDDEN) from error
                raise UpstreamUnreachable("Nothing answers at the upstream's address.") from error
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                if is_last:
                    raise UpstreamUnreachable("The upstream closed the connection without an answer.") from error
            except TimeoutError as error:
                raise UpstreamTimeout("The upstream did not begin to answer in time.") from error
            except (aiohttp.ClientError, OSError, ValueError) as error:
                raise UpstreamInvalid("The upstream's answer is not HTTP, or its address is not one.") from error
        raise AssertionError("the last attempt returns or raises")

    async def _begun(self, response: aiohttp.ClientResponse, sent: dict[str, str]) -> Answer:
        try:
            if response.status >= 300:
                raise await self._refusal(response, sent)
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise UpstreamInvalid("The upstream's answer is compressed, which it was asked not to be.")
            if (response.content_length or 0) > MAX_WHOLE_BYTES:
                raise UpstreamInvalid(TOO_LARGE)
            return Answer(response, await response.content.readany())
        except TimeoutError as error:
            raise UpstreamTimeout("The upstream did not begin to answer in time.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise UpstreamInvalid("The upstream's answer broke off before it began.") from error

    async def _refusal(self, response: aiohttp.ClientResponse, sent: dict[str, str]) -> UpstreamError:
        if response.status < 400:
            return UpstreamRefused(f"The upstream redirects (status {response.status}), which is not followed.")
        raw = await _beginning(response)
        return refusal(upstream_message(raw, response.status, sent), response.status, response.headers, raw)


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    """Return the beginning of an error's body; of one that does not end, or breaks off, what has come."""
    raw = bytearray()
    with suppress(TimeoutError, aiohttp.ClientError, OSError):
        async with asyncio.timeout(ERROR_SECONDS):
            while len(raw) < MAX_ERROR_BYTES and (chunk := await response.content.readany()):
                raw += chunk
    return bytes(raw[:MAX_ERROR_BYTES])


@lru_cache
def _limits(timeout: float, is_stream: bool) -> aiohttp.ClientTimeout:
    # Of a whole answer no wait can be longer than all of it: a second timer would only be set and dropped.
    if is_stream:
        return aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=timeout)
    return aiohttp.ClientTimeout(total=timeout, sock_connect=CONNECT_SECONDS)
