"""Addresses of Ollama hosts, as OLLAMA_HOSTS tells them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from unified_app.addresses import parse_places


def parse_hosts(entries: Iterable[str]) -> dict[str, str]:
    """Return {name: URL} of OLLAMA_HOSTS entries; each is `url` or `name=url`, a bare one is named by its address."""
    return parse_places(entries, default_name)


def default_name(url: str) -> str:
    """Return a name for a URL: its host, with the port unless it is Ollama's own."""
    parts = urlsplit(url)
    port = "" if parts.port in (None, 11434) else f"-{parts.port}"
    return re.sub(r"[^A-Za-z0-9._-]", "-", f"{parts.hostname or ''}{port}").lstrip("-._")[:60] or "host"
