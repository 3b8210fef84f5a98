"""Paths of the Ollama API. They are declared without a trailing slash; middleware strips it."""

from __future__ import annotations

from django.urls import path

import unified_app.converters  # noqa: F401 - makes <name:> known
from ollama_app.views import CategoriesView, CategoryModelsView, HostViewSet, OllamaSyncView

app_name = "ollama"

host = HostViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"})

urlpatterns = [
    path("categories", CategoriesView.as_view(), name="categories"),
    path("models/<name:category>", CategoryModelsView.as_view(), name="category-models"),
    path("sync", OllamaSyncView.as_view(), name="sync"),
    path("hosts", HostViewSet.as_view({"get": "list", "post": "create"}), name="hosts"),
    path("hosts/<name:called>", host, name="host"),
    path("hosts/<name:called>/test", HostViewSet.as_view({"post": "test"}), name="host-test"),
]
