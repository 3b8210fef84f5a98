"""Paths of the API of suites and evaluations. They are declared without a trailing slash; middleware strips it."""

from __future__ import annotations

from django.urls import path

import unified_app.converters  # noqa: F401 - makes <slashed:> known
from experiments_app.evaluation.api.evaluation_views import EvaluationViewSet, ResultViewSet
from experiments_app.evaluation.api.suite_views import (
    CasesViewSet,
    EvaluatorsView,
    ExportView,
    SuiteViewSet,
    VersionsViewSet,
)

app_name = "evaluations"

suite = SuiteViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"})
run = EvaluationViewSet

urlpatterns = [
    path("suites", SuiteViewSet.as_view({"get": "list", "post": "create"}), name="suites"),
    path("suites/evaluators", EvaluatorsView.as_view(), name="evaluators"),
    # A name may hold slashes, so what follows the name is looked for first.
    path("suites/<slashed:suite>/versions", VersionsViewSet.as_view({"get": "list"}), name="suite-versions"),
    path("suites/<slashed:suite>/cases", CasesViewSet.as_view({"get": "list"}), name="suite-cases"),
    path("suites/<slashed:suite>/export", ExportView.as_view(), name="suite-export"),
    path("suites/<slashed:suite>", suite, name="suite"),
    path("evaluations", run.as_view({"get": "list", "post": "create"}), name="evaluations"),
    path(
        "evaluations/<int:evaluation>",
        run.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="evaluation",
    ),
    path("evaluations/<int:evaluation>/results", ResultViewSet.as_view({"get": "list"}), name="results"),
    path("evaluations/<int:evaluation>/cancel", run.as_view({"post": "cancel"}), name="cancel"),
    path("evaluations/<int:evaluation>/resume", run.as_view({"post": "resume"}), name="resume"),
    path("evaluations/<int:evaluation>/retry", run.as_view({"post": "retry"}), name="retry"),
]
