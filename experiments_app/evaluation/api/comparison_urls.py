"""Paths of comparisons and gates. They are declared without a trailing slash; middleware strips it."""

from __future__ import annotations

from django.urls import path

from experiments_app.evaluation.api.comparison_views import ComparisonView, LeaderboardView, OutputsView, TrendView
from experiments_app.evaluation.api.gate_views import GateChecksView, GateViewSet

app_name = "comparisons"

gate = GateViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"})

urlpatterns = [
    path("comparisons", ComparisonView.as_view(), name="comparison"),
    path("comparisons/outputs", OutputsView.as_view(), name="outputs"),
    path("comparisons/leaderboard", LeaderboardView.as_view(), name="leaderboard"),
    path("comparisons/trend", TrendView.as_view(), name="trend"),
    path("comparisons/gates", GateViewSet.as_view({"get": "list", "post": "create"}), name="gates"),
    path("comparisons/gates/<int:pk>", gate, name="gate"),
    path("comparisons/gates/<int:pk>/check", GateViewSet.as_view({"post": "check"}), name="gate-check"),
    path("comparisons/gate-checks", GateChecksView.as_view(), name="gate-checks"),
]
