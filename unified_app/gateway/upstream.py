"""The gateway's way to upstreams: one pooled aiohttp client for each event loop, errors as ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from unified_app.errors import InvalidInput, UpstreamError, UpstreamInvalid, UpstreamTimeout, UpstreamUnreachable
from unified_app.gateway.translate.errors import upstream_message
from unified_app.gateway.translate.framing import compact
from unified_app.sources import Upstream

CONNECT_SECONDS = 3.0
# An error answer is read up to here for its words.
MAX_ERROR_BYTES = 64 * 1024


class Answer:
    """An upstream's answer whose status was good; iterate it for bytes, close it in any case."""

    def __init__(self, response: aiohttp.ClientResponse, first: bytes) -> None:
        self._response = response
        self.first = first
        self.content_type = response.headers.get("Content-Type", "application/json")

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield what arrives, as it arrives. Raises UpstreamInvalid when it breaks off."""
        if self.first:
            yield self.first
        try:
            async for chunk in self._response.content.iter_any():
                yield chunk
        except TimeoutError:
            raise UpstreamTimeout("The upstream fell silent in the middle of its answer.") from None
        except (aiohttp.ClientError, OSError) as error:
            raise UpstreamInvalid("The upstream's answer broke off.") from error

    async def whole(self, max_bytes: int) -> bytes:
        parts, size = [], 0
        async for chunk in self.chunks():
            size += len(chunk)
            if size > max_bytes:
                raise UpstreamInvalid(f"The upstream's answer is larger than {max_bytes // 2**20} MB.")
            parts.append(chunk)
        return b"".join(parts)

    def close(self) -> None:
        """Drop the connection unless the answer was read to its end: the upstream then stops working on it."""
        self._response.close()


class UpstreamClient:
    """Opens calls. Built on the loop that uses it."""

    def __init__(self) -> None:
        connector = aiohttp.TCPConnector(limit=0, ttl_dns_cache=60)
        self._session = aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "identity", "User-Agent": "model-registry"},
        )

    async def open(self, upstream: Upstream, path: str, payload: dict[str, Any], timeout: float) -> Answer:
        """Send the call and wait for the first bytes, so that an early failure is still a status.

        `timeout` bounds each wait for bytes, in seconds: the first one holds the queue, the load and the prompt.
        Raises UpstreamUnreachable, UpstreamTimeout, UpstreamInvalid or UpstreamError (with `upstream_status`).
        """
        try:
            body = compact(payload)
        except ValueError as error:
            raise InvalidInput("A number in the body is too large.") from error
        headers = {**upstream.headers, "Content-Type": "application/json"}
        limits = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=timeout)
        try:
            response = await self._session.post(
                upstream.url + path, data=body, headers=headers, timeout=limits, allow_redirects=False
            )
        except aiohttp.ConnectionTimeoutError as error:
            raise UpstreamUnreachable("Nothing answers at the upstream's address.") from error
        except TimeoutError as error:
            raise UpstreamTimeout(f"The upstream did not begin to answer within {timeout:g} s.") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise UpstreamUnreachable("Nothing answers at the upstream's address.") from error
        try:
            return await self._begun(response)
        except BaseException:
            response.close()
            raise

    async def close(self) -> None:
        await self._session.close()

    async def _begun(self, response: aiohttp.ClientResponse) -> Answer:
        try:
            if response.status >= 300:
                raise await self._refusal(response)
            return Answer(response, await response.content.readany())
        except TimeoutError as error:
            raise UpstreamTimeout("The upstream did not begin to answer in time.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise UpstreamInvalid("The upstream's answer broke off before it began.") from error

    async def _refusal(self, response: aiohttp.ClientResponse) -> UpstreamError:
        raw = await response.content.read(MAX_ERROR_BYTES)
        error = UpstreamError(upstream_message(raw, response.status))
        error.upstream_status = response.status
        return error
