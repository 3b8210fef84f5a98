"""Paths of the Ollama API. They are declared without a trailing slash; middleware strips it."""

from __future__ import annotations

from django.urls import path

import unified_app.converters  # noqa: F401 - makes <name:> known
from ollama_app.views import CategoriesView, CategoryModelsView, HostViewSet, OllamaSyncView

host = HostViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"})

urlpatterns = [
    path("categories", CategoriesView.as_view(), name="ollama-categories"),
    path("models/<name:category>", CategoryModelsView.as_view(), name="ollama-category-models"),
    path("sync", OllamaSyncView.as_view(), name="ollama-sync"),
    path("hosts", HostViewSet.as_view({"get": "list", "post": "create"}), name="ollama-hosts"),
    path("hosts/<name:host>", host, name="ollama-host"),
    path("hosts/<name:host>/test", HostViewSet.as_view({"post": "test"}), name="ollama-host-test"),
]
