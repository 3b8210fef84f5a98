"""Paths of the GitHub Models API. They are declared without a trailing slash; middleware strips it."""

from __future__ import annotations

from django.urls import path

import unified_app.converters  # noqa: F401 - makes <name:> known
from github_models_app.views import (
    GitHubModelViewSet,
    GitHubSyncView,
    ProviderModelsViewSet,
    ProvidersView,
    StatusView,
)

app_name = "github"

urlpatterns = [
    path("models", GitHubModelViewSet.as_view({"get": "list"}), name="models"),
    path("providers", ProvidersView.as_view(), name="providers"),
    path("providers/<name:provider>/models", ProviderModelsViewSet.as_view({"get": "list"}), name="provider-models"),
    path("status", StatusView.as_view(), name="status"),
    path("sync", GitHubSyncView.as_view(), name="sync"),
]
