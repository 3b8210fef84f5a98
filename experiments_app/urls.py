"""Paths of the experiments' API. They are declared without a trailing slash; middleware strips it."""

from __future__ import annotations

from django.urls import path

import unified_app.converters  # noqa: F401 - makes <slashed:> known
from experiments_app.exchange_views import ExportView, ImportView
from experiments_app.views import (
    ArtifactsView,
    ArtifactView,
    CreateView,
    DiffView,
    ExperimentalModelViewSet,
    LineageView,
    SchemasView,
)

app_name = "experiments"

viewset = ExperimentalModelViewSet
model = viewset.as_view({"get": "retrieve", "delete": "destroy"})

urlpatterns = [
    path("create", CreateView.as_view(), name="create"),
    path("import", ImportView.as_view(), name="import"),
    path("schemas", SchemasView.as_view(), name="schemas"),
    path("models", viewset.as_view({"get": "list"}), name="models"),
    # A name may hold slashes, so what follows the name is looked for first.
    path("models/<slashed:model>/archive", viewset.as_view({"post": "archive"}), name="archive"),
    path("models/<slashed:model>/restore", viewset.as_view({"post": "restore"}), name="restore"),
    path("models/<slashed:model>/promote", viewset.as_view({"post": "promote"}), name="promote"),
    path("models/<slashed:model>/realise", viewset.as_view({"post": "realise"}), name="realise"),
    path("models/<slashed:model>/export", ExportView.as_view(), name="export"),
    path("models/<slashed:model>/lineage", LineageView.as_view(), name="lineage"),
    path("models/<slashed:model>/diff", DiffView.as_view(), name="diff"),
    path("models/<slashed:model>/artifacts", ArtifactsView.as_view(), name="artifacts"),
    path("models/<slashed:model>/artifacts/<str:name>", ArtifactView.as_view(), name="artifact"),
    path("models/<slashed:model>", model, name="model"),
]
