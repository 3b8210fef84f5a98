"""The API of comparisons: models of an evaluation, leaderboards, trends, outputs side by side."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from experiments_app.evaluation import runs
from experiments_app.evaluation.api.comparison_serializers import (
    BesideSerializer,
    ComparisonQuerySerializer,
    ComparisonSerializer,
    LeaderboardQuerySerializer,
    LeaderboardSerializer,
    OutputsQuerySerializer,
    TrendQuerySerializer,
    TrendSerializer,
)
from experiments_app.evaluation.results import comparisons, leaderboards, side_by_side
from experiments_app.evaluation.results.trends import trend
from experiments_app.evaluation.suite_rows import find as suite_called
from experiments_app.models import CaseResult
from unified_app.lookup import find_model
from unified_app.pagination import pages


def _asked(kind: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    query = kind(data=request.query_params.dict())
    query.is_valid(raise_exception=True)
    told: dict[str, Any] = query.validated_data
    return told


@extend_schema(tags=["Comparisons"])
class ComparisonView(APIView):
    @extend_schema(
        summary="Compare the models of an evaluation",
        description="Each model's value with its interval, every two models with what can be said of them, corrected "
        "for being many, and the values by tag. Models that cannot be told apart share a rank. An evaluation that is "
        "under way is compared as far as it is.",
        parameters=[ComparisonQuerySerializer],
        responses=ComparisonSerializer,
    )
    def get(self, request: Request) -> Response:
        asked = _asked(ComparisonQuerySerializer, request)
        return Response(comparisons.compare_run(runs.find(asked.pop("evaluation")), **asked))


@extend_schema(tags=["Comparisons"])
class OutputsView(GenericAPIView[CaseResult]):
    queryset = CaseResult.objects.none()
    serializer_class = BesideSerializer
    pagination_class = pages("outputs")

    @extend_schema(
        summary="The outputs of two models side by side",
        description="In the order of the cases.",
        parameters=[OutputsQuerySerializer],
        responses=BesideSerializer(many=True),
        operation_id="comparisons_outputs_list",
    )
    def get(self, request: Request) -> Response:
        asked = _asked(OutputsQuerySerializer, request)
        run = runs.find(asked.pop("evaluation"))
        a, b = (side_by_side.side(run, asked.pop(name), name) for name in ("a", "b"))
        page = self.paginate_queryset(side_by_side.outputs(run, a, b, **asked))
        return self.get_paginated_response(side_by_side.beside(page or [], run.suite_version))


@extend_schema(tags=["Comparisons"])
class LeaderboardView(APIView):
    @extend_schema(
        summary="Leaderboards",
        description="A board for each suite of a category, or for one suite: the newest finished results of each model "
        "on the suite's newest content. Ranks are shared by models that cannot be told apart.",
        parameters=[LeaderboardQuerySerializer],
        responses=LeaderboardSerializer,
    )
    def get(self, request: Request) -> Response:
        asked = _asked(LeaderboardQuerySerializer, request)
        if asked["suite"]:
            return Response({"boards": leaderboards.of_suite(suite_called(asked["suite"]), asked["metric"])})
        return Response({"boards": leaderboards.of_category(asked["category"], asked["metric"])})


@extend_schema(tags=["Comparisons"])
class TrendView(APIView):
    @extend_schema(
        summary="How a model did on a suite over time",
        description="A point for each finished evaluation of all of the suite's cases, with what changed in between.",
        parameters=[TrendQuerySerializer],
        responses=TrendSerializer,
    )
    def get(self, request: Request) -> Response:
        asked = _asked(TrendQuerySerializer, request)
        return Response(trend(suite_called(asked["suite"]), find_model(asked["model"]), asked["metric"]))
