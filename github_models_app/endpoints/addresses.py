"""Addresses of OpenAI-compatible servers, as people and OPENAI_ENDPOINTS tell them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from unified_app.addresses import parse_places

# `/v1`, `/openai/v1`, `/v1beta/openai`: such an address is the API's base as it is.
_VERSION = re.compile(r"v\d+[a-z0-9]*")


def parse_endpoints(entries: Iterable[str]) -> dict[str, str]:
    """Return {name: URL} of OPENAI_ENDPOINTS entries; each is `name=url`. Raises ValidationError."""
    return parse_places(entries)


def key_variable(name: str) -> str:
    """Return the environment variable that holds the key of the endpoint `name`."""
    return f"OPENAI_ENDPOINT_{re.sub(r'[^A-Z0-9]', '_', name.upper())}_KEY"


def api_base(url: str) -> str:
    """Return the base of the API: `url` itself when its path has a version in it, else `url`/v1."""
    url = url.rstrip("/")
    return url if _version_at(url) is not None else f"{url}/v1"


def root(url: str) -> str:
    """Return what stands before the version: where servers answer in ways of their own."""
    url = url.rstrip("/")
    at = _version_at(url)
    return url if at is None else url[:at].rstrip("/")


def _version_at(url: str) -> int | None:
    """Return where the version's segment begins, or None."""
    begin = len(url) - len(urlsplit(url).path)
    for segment in url[begin:].split("/"):
        if _VERSION.fullmatch(segment):
            return begin
        begin += len(segment) + 1
    return None
