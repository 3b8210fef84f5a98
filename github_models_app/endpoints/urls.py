"""Paths of the API of endpoints. They are declared without a trailing slash; middleware strips it."""

from __future__ import annotations

from django.urls import path

import unified_app.converters  # noqa: F401 - makes <name:> known
from github_models_app.endpoints.views import EndpointSyncView, EndpointViewSet

app_name = "endpoints"

endpoint = EndpointViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"})

urlpatterns = [
    path("endpoints", EndpointViewSet.as_view({"get": "list", "post": "create"}), name="endpoints"),
    path("endpoints/<name:called>", endpoint, name="endpoint"),
    path("endpoints/<name:called>/test", EndpointViewSet.as_view({"post": "test"}), name="endpoint-test"),
    path("endpoints/<name:called>/sync", EndpointSyncView.as_view(), name="endpoint-sync"),
]
