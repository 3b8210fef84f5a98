"""Clients for hosts, with the settings' bounds."""

from __future__ import annotations

from django.conf import settings

from ollama_app.client import OllamaClient
from ollama_app.models import Host
from unified_app.upstream import JsonClient
from unified_app.upstream_streams import StreamingClient


def client_for(host: Host, *, timeout: float | None = None) -> OllamaClient:
    """Return a client for a host with the settings' bounds. Raises Conflict when its token cannot be read."""
    return OllamaClient(
        JsonClient(
            host.url,
            token=host.token,
            timeout=timeout or settings.UPSTREAM_TIMEOUT,
            max_bytes=settings.UPSTREAM_MAX_MB * 2**20,
        )
    )


def maker_for(host: Host) -> StreamingClient:
    """Return a client for what takes long. Raises Conflict when the host's token cannot be read."""
    return StreamingClient(
        host.url, token=host.token, timeout=settings.UPSTREAM_TIMEOUT, max_bytes=settings.UPSTREAM_MAX_MB * 2**20
    )
