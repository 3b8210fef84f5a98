"""Paths of the core's API. They are declared without a trailing slash; middleware strips it."""

from __future__ import annotations

from django.urls import path

import unified_app.converters  # noqa: F401 - makes <name:> and <slashed:> known
from unified_app.views.access import CallerView, KeyViewSet, TokenView
from unified_app.views.aliases import AliasHistoryView, AliasViewSet
from unified_app.views.categories import CategoryCountsView, CategoryModelsView
from unified_app.views.inference import InferenceView
from unified_app.views.jobs import JobViewSet
from unified_app.views.models import ModelHistoryView, ModelViewSet
from unified_app.views.places import PlacementsView, SourcesView, VersionsView
from unified_app.views.serving import (
    HealthView,
    ServeView,
    ServingConfigView,
    ServingListView,
    ServingStatusView,
    StopView,
)
from unified_app.views.syncs import SyncRunsView, SyncView

# Pages have names like these, so the API has a name space.
app_name = "api"

models = ModelViewSet.as_view({"get": "list"})
model = ModelViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"})
alias = AliasViewSet.as_view({"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"})

urlpatterns = [
    path("models", models, name="models"),
    path("models/unified", models, name="models-unified"),
    path("models/sync", SyncView.as_view(), name="sync"),
    path("models/categories", CategoryCountsView.as_view(), name="category-counts"),
    path("models/categories/<name:category>", CategoryModelsView.as_view(), name="category-models"),
    # A name may hold slashes, so what follows the name is looked for first.
    path("models/<slashed:model>/history", ModelHistoryView.as_view(), name="model-history"),
    path("models/<slashed:model>/restore", ModelViewSet.as_view({"post": "restore"}), name="model-restore"),
    path("models/<slashed:model>/inference", InferenceView.as_view(), name="inference"),
    path("models/<slashed:model>/serve", ServeView.as_view(), name="serve"),
    path("models/<slashed:model>/stop", StopView.as_view(), name="stop"),
    path("models/<slashed:model>/serving-status", ServingStatusView.as_view(), name="serving-status"),
    path("models/<slashed:model>/serving-config", ServingConfigView.as_view(), name="serving-config"),
    path("models/<slashed:model>/health", HealthView.as_view(), name="model-health"),
    path("models/<slashed:model>", model, name="model"),
    path("placements", PlacementsView.as_view(), name="placements"),
    path("versions", VersionsView.as_view(), name="versions"),
    path("serving", ServingListView.as_view(), name="serving"),
    path("sources", SourcesView.as_view(), name="sources"),
    path("sync-runs", SyncRunsView.as_view(), name="sync-runs"),
    path("aliases", AliasViewSet.as_view({"get": "list", "post": "create"}), name="aliases"),
    path("aliases/<slashed:alias>/history", AliasHistoryView.as_view(), name="alias-history"),
    path("aliases/<slashed:alias>/rollback", AliasViewSet.as_view({"post": "rollback"}), name="alias-rollback"),
    path("aliases/<slashed:alias>", alias, name="alias"),
    path("jobs", JobViewSet.as_view({"get": "list"}), name="jobs"),
    path("jobs/<int:pk>", JobViewSet.as_view({"get": "retrieve"}), name="job"),
    path("jobs/<int:pk>/cancel", JobViewSet.as_view({"post": "cancel"}), name="job-cancel"),
    path("jobs/<int:pk>/retry", JobViewSet.as_view({"post": "retry"}), name="job-retry"),
    path("keys", KeyViewSet.as_view({"get": "list", "post": "create"}), name="keys"),
    path("keys/<int:pk>", KeyViewSet.as_view({"get": "retrieve", "delete": "destroy"}), name="key"),
    path("auth/token", TokenView.as_view(), name="token"),
    path("auth/me", CallerView.as_view(), name="me"),
]
