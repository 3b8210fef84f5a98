"""The API of evaluations: started, followed, stopped, resumed, their results read."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from experiments_app.evaluation import runs
from experiments_app.evaluation.api.evaluation_filters import EvaluationFilter, ResultFilter
from experiments_app.evaluation.api.evaluation_serializers import (
    BudgetsSerializer,
    EvaluationSerializer,
    OneEvaluationSerializer,
    ResultSerializer,
    StartSerializer,
)
from experiments_app.evaluation.progress import with_progress
from experiments_app.evaluation.run_checks import wanted_version
from experiments_app.models import CaseResult, EvaluationRun
from unified_app.pagination import pages
from unified_app.views.answers import name_of

EVALUATION = OpenApiParameter("evaluation", int, OpenApiParameter.PATH, description="Id of an evaluation.")
EXAMPLE = {"suite": "capitals", "models": ["llama3.1:8b", "champion"], "repeats": 3, "budget_tokens": 100_000}


def _told(run_id: int) -> dict[str, Any]:
    data: dict[str, Any] = OneEvaluationSerializer(with_progress(runs.find(run_id))).data
    return data


def _accepted(run_id: int) -> Response:
    return Response(_told(run_id), status=202, headers={"Location": f"/api/evaluations/{run_id}"})


@extend_schema(tags=["Evaluations"])
@extend_schema_view(list=extend_schema(summary="List evaluations"))
class EvaluationViewSet(ListModelMixin, GenericViewSet[EvaluationRun]):
    queryset = EvaluationRun.objects.listed()
    serializer_class = EvaluationSerializer
    filterset_class = EvaluationFilter
    pagination_class = pages("evaluations")
    write_scope = "experiment"

    @extend_schema(
        summary="Evaluate models with a suite",
        description="A worker calls the models through the gateway, as its lowest priority; results can be read as "
        "they land. Answers of earlier runs are taken from the cache, so that a run pays only for what is new; they "
        "cost nothing of a budget. What is wrong is named by its field, such as `models[1]`.",
        request=StartSerializer,
        examples=[OpenApiExample("Two models", EXAMPLE, request_only=True)],
        responses={202: OneEvaluationSerializer},
    )
    def create(self, request: Request) -> Response:
        body = StartSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        values = dict(body.validated_data)
        version, models = wanted_version(values.pop("suite")), values.pop("models")
        return _accepted(runs.start(version, models, by=name_of(request), **values).pk)

    @extend_schema(
        summary="One evaluation",
        parameters=[EVALUATION],
        responses=OneEvaluationSerializer,
        filters=False,
        operation_id="evaluations_retrieve_one",
    )
    def retrieve(self, request: Request, evaluation: int) -> Response:
        return Response(_told(evaluation))

    @extend_schema(
        summary="Change an evaluation's budgets",
        description="One under way heeds them at its next step; one that was stopped goes on when it is resumed.",
        parameters=[EVALUATION],
        request=BudgetsSerializer,
        responses=OneEvaluationSerializer,
        filters=False,
    )
    def partial_update(self, request: Request, evaluation: int) -> Response:
        runs.change_budgets(runs.find(evaluation), **_budgets(request))
        return Response(_told(evaluation))

    @extend_schema(
        summary="Cancel an evaluation",
        description="What is done is kept; calls in flight are let go. 409 when it has ended.",
        parameters=[EVALUATION],
        request=None,
        responses={202: OneEvaluationSerializer},
    )
    def cancel(self, request: Request, evaluation: int) -> Response:
        runs.cancel(runs.find(evaluation), by=name_of(request))
        return _accepted(evaluation)

    @extend_schema(
        summary="Go on with an evaluation",
        description="With one that was cancelled, failed, or was stopped by its budget, which may be raised here. 409 "
        "for others.",
        parameters=[EVALUATION],
        request=BudgetsSerializer,
        responses={202: OneEvaluationSerializer},
    )
    def resume(self, request: Request, evaluation: int) -> Response:
        runs.resume(runs.find(evaluation), by=name_of(request), **_budgets(request))
        return _accepted(evaluation)

    @extend_schema(
        summary="Try an evaluation's failed cases again",
        description="Those without an answer, and those that a judge left undecided. 409 when there are none.",
        parameters=[EVALUATION],
        request=None,
        responses={202: OneEvaluationSerializer},
    )
    def retry(self, request: Request, evaluation: int) -> Response:
        runs.retry(runs.find(evaluation), by=name_of(request))
        return _accepted(evaluation)


@extend_schema(tags=["Evaluations"])
@extend_schema_view(
    list=extend_schema(
        summary="The results of an evaluation", parameters=[EVALUATION], operation_id="evaluations_results_list"
    )
)
class ResultViewSet(ListModelMixin, GenericViewSet[CaseResult]):
    queryset = CaseResult.objects.select_related("run_model")
    serializer_class = ResultSerializer
    filterset_class = ResultFilter
    pagination_class = pages("results")

    def get_queryset(self) -> QuerySet[CaseResult]:
        return super().get_queryset().filter(run=self.kwargs.get("evaluation"))

    def list(self, request: Request, evaluation: int) -> Response:
        self.run = runs.find(evaluation)
        return super().list(request)


def _budgets(request: Request) -> dict[str, Any]:
    body = BudgetsSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    found: dict[str, Any] = body.validated_data
    return found
