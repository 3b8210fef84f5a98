"""The API of experiments: variants made, listed, compared, promoted, archived."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from experiments_app import artifacts, creating, host_models, promoting, realising
from experiments_app.diffing import diff
from experiments_app.filters import VariantFilter
from experiments_app.lineage import lineage
from experiments_app.models import Variant
from experiments_app.schemas import BODY_SCHEMAS, EXAMPLES
from experiments_app.serializers import (
    ArtifactsSerializer,
    DeletionSerializer,
    DiffQuerySerializer,
    DiffSerializer,
    ExperimentalModelSerializer,
    LineageSerializer,
    MadeSerializer,
    PromotionSerializer,
    SchemasSerializer,
)
from unified_app.authentication import need
from unified_app.lookup import find_model
from unified_app.pagination import pages
from unified_app.views.answers import caller_of, name_of
from unified_app.views.parameters import MODEL

KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="The same key and body give the same variants and 200; the same key with another body is a 409.",
)
BODY = {"application/json": {"oneOf": list(BODY_SCHEMAS.values())}}
BODY_EXAMPLES = [
    OpenApiExample(
        kind.replace("_", " ").capitalize(),
        {"base_model": "llama3.1:8b", "experiment_type": kind, "parameters": parameters},
        request_only=True,
    )
    for kind, parameters in EXAMPLES.items()
]


@extend_schema(tags=["Experiments"])
class CreateView(APIView):
    """Writes rows only, so that it is fast whatever MLflow and the hosts do."""

    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "work"
    write_scope = "experiment"

    @extend_schema(
        summary="Make a variant of a model",
        description="It can be called at once under its name, unless it must be realised on a host first. A search "
        "makes a family under one experiment. Its record in MLflow follows.",
        parameters=[KEY],
        request=BODY,
        examples=BODY_EXAMPLES,
        responses={201: MadeSerializer, 200: OpenApiResponse(MadeSerializer, "Made before with this key.")},
    )
    def post(self, request: Request) -> Response:
        sent = creating.once(caller_of(request).user, request.headers.get("Idempotency-Key"), request.data)
        made = creating.create(request.data, by=name_of(request), sent=sent)
        first = ExperimentalModelSerializer(made.variants[0]).data
        variants = ExperimentalModelSerializer(made.variants, many=True).data
        return Response({**first, "variants": variants}, status=201 if made.is_new else 200)


@extend_schema(tags=["Experiments"])
class SchemasView(APIView):
    @extend_schema(summary="The JSON schema of each experiment type", responses=SchemasSerializer)
    def get(self, request: Request) -> Response:
        return Response({"schemas": BODY_SCHEMAS, "examples": EXAMPLES})


@extend_schema(tags=["Experiments"])
@extend_schema_view(list=extend_schema(summary="List experimental models"))
class ExperimentalModelViewSet(ListModelMixin, GenericViewSet[Variant]):
    queryset = Variant.objects.listed()
    serializer_class = ExperimentalModelSerializer
    filterset_class = VariantFilter
    pagination_class = pages("experimental_models")
    write_scope = "experiment"
    action_scopes: ClassVar[dict[str, str]] = {"promote": "curate"}

    @extend_schema(
        summary="One experimental model",
        parameters=[MODEL],
        responses=ExperimentalModelSerializer,
        filters=False,
        operation_id="experimental_models_retrieve_one",
    )
    def retrieve(self, request: Request, model: str) -> Response:
        return self._told(promoting.find_variant(model))

    @extend_schema(
        summary="Delete an experimental model",
        description="It is archived: it cannot be called, and its id stays taken. 409 with `details.used_by` while "
        "something builds on it. With `delete_on_host` the model that it is on its host is deleted there too, which "
        "needs the scope `operate`; when the host does not answer, nothing is changed.",
        parameters=[MODEL, DeletionSerializer],
    )
    def destroy(self, request: Request, model: str) -> Response:
        query = DeletionSerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        variant = promoting.find_variant(model)
        if query.validated_data["delete_on_host"]:
            need(request, "operate")
            host_models.delete(variant, by=name_of(request))
        else:
            promoting.archive(variant, by=name_of(request))
        return Response(status=204)

    @extend_schema(
        summary="Archive an experimental model",
        description="409 with `details.used_by` while something builds on it.",
        parameters=[MODEL],
        request=None,
        responses=ExperimentalModelSerializer,
    )
    def archive(self, request: Request, model: str) -> Response:
        return self._told(promoting.archive(promoting.find_variant(model), by=name_of(request)))

    @extend_schema(
        summary="Bring an archived model back",
        description="409 when what it is made from is retired.",
        parameters=[MODEL],
        request=None,
        responses=ExperimentalModelSerializer,
    )
    def restore(self, request: Request, model: str) -> Response:
        return self._told(promoting.restore(promoting.find_variant(model), by=name_of(request)))

    @extend_schema(
        summary="Put a variant on its host once more",
        description="For one that failed or whose host lost it; 409 for one that is there, or not meant for a host.",
        parameters=[MODEL],
        request=None,
        responses={202: ExperimentalModelSerializer},
    )
    def realise(self, request: Request, model: str) -> Response:
        row = realising.request_again(promoting.find_variant(model), by=name_of(request))
        return Response(ExperimentalModelSerializer(row).data, status=202)

    @extend_schema(
        summary="Promote an experimental model",
        description="It becomes a variant, and with `alias` the first model of that alias, which is made if it is "
        "missing. Who, when and why stand in the history. 409 with `details.gate`, a report for each gate that it does "
        "not pass: the numbers, or in `evaluate` the evaluation that is missing.",
        parameters=[MODEL],
        request=PromotionSerializer,
        responses=ExperimentalModelSerializer,
    )
    def promote(self, request: Request, model: str) -> Response:
        body = PromotionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        variant = promoting.find_variant(model)
        return self._told(promoting.promote(variant, by=name_of(request), **body.validated_data))

    def _told(self, variant: Variant) -> Response:
        return Response(ExperimentalModelSerializer(variant).data)


@extend_schema(tags=["Experiments"])
class LineageView(APIView):
    @extend_schema(
        summary="What a model is made from, and what is made from it",
        description="Of any model, not only of variants.",
        parameters=[MODEL],
        responses=LineageSerializer,
    )
    def get(self, request: Request, model: str) -> Response:
        return Response(lineage(find_model(model)))


@extend_schema(tags=["Experiments"])
class DiffView(APIView):
    @extend_schema(
        summary="What differs between a variant and its base",
        parameters=[MODEL, DiffQuerySerializer],
        responses=DiffSerializer,
    )
    def get(self, request: Request, model: str) -> Response:
        variant: Any = promoting.find_variant(model).model
        query = DiffQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        other = query.validated_data.get("to")
        return Response({"diff": diff(variant, find_model(other) if other else None)})


@extend_schema(tags=["Experiments"])
class ArtifactsView(APIView):
    @extend_schema(
        summary="The files that were logged with a variant",
        description="None until its job has run.",
        parameters=[MODEL],
        responses=ArtifactsSerializer,
    )
    def get(self, request: Request, model: str) -> Response:
        return Response({"artifacts": artifacts.listed(promoting.find_variant(model))})


@extend_schema(tags=["Experiments"])
class ArtifactView(APIView):
    @extend_schema(
        summary="One file that was logged with a variant",
        description="As it was logged, or 409 when its sha256 is another by now.",
        parameters=[MODEL, OpenApiParameter("name", str, OpenApiParameter.PATH, enum=list(artifacts.CONTENT_TYPES))],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        operation_id="experimental_models_artifacts_retrieve_one",
    )
    def get(self, request: Request, model: str, name: str) -> HttpResponse:
        content = artifacts.read(promoting.find_variant(model), name)
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
        return HttpResponse(content, content_type=artifacts.CONTENT_TYPES[name], headers=headers)
