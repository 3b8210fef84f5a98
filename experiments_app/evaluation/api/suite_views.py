"""The API of suites: kept, listed, read, changed, exported."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.mixins import ListModelMixin
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from experiments_app.evaluation import suite_posts, suite_rows
from experiments_app.evaluation.api.suite_filters import SuiteFilter
from experiments_app.evaluation.api.suite_serializers import (
    BODIES,
    CaseSerializer,
    CasesQuerySerializer,
    ChangeSerializer,
    EvaluatorsSerializer,
    ExportQuerySerializer,
    SuiteQuerySerializer,
    SuiteSerializer,
    SuiteVersionSerializer,
    UploadSerializer,
    WholeSuiteSerializer,
)
from experiments_app.evaluation.evaluators.registry import describe
from experiments_app.evaluation.files import suite_files
from experiments_app.exchange_views import OneRenderer
from experiments_app.models import Suite
from unified_app.pagination import pages
from unified_app.parsers import StrictJSONParser
from unified_app.views.answers import name_of

SUITE = OpenApiParameter("suite", str, OpenApiParameter.PATH, description="Id or name of a suite.")
EXAMPLE = {
    "name": "capitals",
    "category": "thinking",
    "messages": [{"role": "user", "content": "What is the capital of {{country}}? Answer with its name only."}],
    "testData": [{"country": "France", "expected": "Paris"}, {"country": "Peru", "expected": "Lima"}],
    "evaluators": [{"name": "name", "string": {"contains": "{{expected}}"}}],
}


def _query(request: Request, kind: Any) -> dict[str, Any]:
    query = kind(data=request.query_params.dict())
    query.is_valid(raise_exception=True)
    found: dict[str, Any] = query.validated_data
    return found


@extend_schema(tags=["Suites"])
@extend_schema_view(list=extend_schema(summary="List suites"))
class SuiteViewSet(ListModelMixin, GenericViewSet[Suite]):
    queryset = Suite.objects.listed()
    serializer_class = SuiteSerializer
    filterset_class = SuiteFilter
    pagination_class = pages("suites")
    parser_classes = [StrictJSONParser, MultiPartParser]
    write_scope = "experiment"

    @extend_schema(
        summary="Keep a suite",
        description="As JSON, or as a file in a form. Other content under the name of a suite is its next version; "
        "content that it has had is that version again. What is wrong is named by its path, such as "
        "`testData[3].tags` or `evaluators[0].with.pattern`.",
        request=BODIES,
        examples=[OpenApiExample("Capitals", EXAMPLE, request_only=True, media_type="application/json")],
        responses={201: SuiteSerializer, 200: OpenApiResponse(SuiteSerializer, "It has had this content already.")},
    )
    def create(self, request: Request) -> Response:
        if "file" in request.FILES:
            form = UploadSerializer(data=request.data)
            form.is_valid(raise_exception=True)
            kept = suite_posts.keep_file(by=name_of(request), **form.validated_data)
        else:
            kept = suite_posts.keep_document(request.data, by=name_of(request))
        return Response(SuiteSerializer(suite_rows.find(str(kept.suite.pk))).data, status=201 if kept.is_new else 200)

    @extend_schema(
        summary="One suite",
        parameters=[SUITE, SuiteQuerySerializer],
        responses=WholeSuiteSerializer,
        filters=False,
        operation_id="suites_retrieve_one",
    )
    def retrieve(self, request: Request, suite: str) -> Response:
        is_whole = _query(request, SuiteQuerySerializer)["document"]
        kind = WholeSuiteSerializer if is_whole else SuiteSerializer
        return Response(kind(suite_rows.find(suite)).data)

    @extend_schema(
        summary="Change a suite's name, category or tags",
        description="Its content is changed by posting another one under its name.",
        parameters=[SUITE],
        request=ChangeSerializer,
        responses=SuiteSerializer,
        filters=False,
    )
    def partial_update(self, request: Request, suite: str) -> Response:
        body = ChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(
            SuiteSerializer(suite_rows.change(suite_rows.find(suite), by=name_of(request), **body.validated_data)).data
        )

    @extend_schema(
        summary="Archive a suite",
        description="It is not listed any more and cannot be run; its runs stay. Posting content under its name brings "
        "it back.",
        parameters=[SUITE],
    )
    def destroy(self, request: Request, suite: str) -> Response:
        suite_rows.archive(suite_rows.find(suite), by=name_of(request))
        return Response(status=204)


@extend_schema(tags=["Suites"])
class VersionsViewSet(GenericViewSet[Any]):
    serializer_class = SuiteVersionSerializer
    filter_backends: list[Any] = []
    pagination_class = pages("versions")

    @extend_schema(
        summary="The contents that a suite has had",
        parameters=[SUITE],
        responses=SuiteVersionSerializer(many=True),
        operation_id="suites_versions_list",
    )
    def list(self, request: Request, suite: str) -> Response:
        page = self.paginate_queryset(suite_rows.find(suite).versions.defer("document"))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


@extend_schema(tags=["Suites"])
class CasesViewSet(GenericViewSet[Any]):
    serializer_class = CaseSerializer
    filter_backends: list[Any] = []
    pagination_class = pages("cases")

    @extend_schema(
        summary="The cases of a suite",
        parameters=[SUITE, CasesQuerySerializer],
        responses=CaseSerializer(many=True),
        operation_id="suites_cases_list",
    )
    def list(self, request: Request, suite: str) -> Response:
        cases = suite_posts.cases(suite_rows.find(suite), **_query(request, CasesQuerySerializer))
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(cases), many=True).data)


@extend_schema(tags=["Suites"])
class ExportView(APIView):
    content_negotiation_class = OneRenderer

    @extend_schema(
        summary="A suite as a file",
        description="What comes back in again is the same suite; a csv file holds the cases alone.",
        parameters=[SUITE, ExportQuerySerializer],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, suite: str) -> HttpResponse:
        query = _query(request, ExportQuerySerializer)
        version = suite_rows.version_of(suite_rows.find(suite), query.get("version"))
        content, kind = suite_files.export(version.document, query["format"])
        name = suite_posts.file_name(version, query["format"])
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
        return HttpResponse(content, content_type=kind, headers=headers)


@extend_schema(tags=["Suites"])
class EvaluatorsView(APIView):
    @extend_schema(summary="The evaluators that a suite may have", responses=EvaluatorsSerializer)
    def get(self, request: Request) -> Response:
        return Response({"evaluators": describe()})
