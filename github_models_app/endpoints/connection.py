"""Clients for endpoints, with the settings' bounds."""

from __future__ import annotations

from django.conf import settings

from github_models_app.endpoints.client import EndpointClient
from github_models_app.endpoints.models import Endpoint


def client_for(endpoint: Endpoint, *, timeout: float | None = None) -> EndpointClient:
    """Return a client for an endpoint. Raises Conflict when its key or headers cannot be read."""
    return EndpointClient(
        endpoint.url,
        key=endpoint.token,
        headers=endpoint.headers,
        timeout=timeout or settings.UPSTREAM_TIMEOUT,
        max_bytes=settings.UPSTREAM_MAX_MB * 2**20,
    )
