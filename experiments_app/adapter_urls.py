"""Paths of the adapters' API. They are declared without a trailing slash; middleware strips it."""

from __future__ import annotations

from django.urls import path

import unified_app.converters  # noqa: F401 - makes <name:> known
from experiments_app.adapter_views import AdapterViewSet

app_name = "adapters"

urlpatterns = [
    path("adapters", AdapterViewSet.as_view({"get": "list", "post": "create"}), name="adapters"),
    path("adapters/<name:sha256>", AdapterViewSet.as_view({"get": "retrieve", "delete": "destroy"}), name="adapter"),
]
