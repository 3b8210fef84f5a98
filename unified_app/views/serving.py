"""Serving: start, stop, watch and configure models."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from unified_app.lookup import find_model
from unified_app.models.serving import ServingState
from unified_app.serializers.serving import (
    HealthSerializer,
    ServingConfigBodySerializer,
    ServingConfigSerializer,
    ServingListSerializer,
    ServingStatusSerializer,
)
from unified_app.serving import places, requests, status, stopping
from unified_app.serving.configuration import configure
from unified_app.serving_interface import check_health
from unified_app.views.answers import name_of
from unified_app.views.parameters import MODEL

EXAMPLE = OpenApiExample("Fewer calls at a time", {"max_concurrent_requests": 2, "max_queue": 10}, request_only=True)


class ThrottledView(APIView):
    """Work for a host: counted by RATE_LIMIT_PER_MINUTE."""

    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "work"
    write_scope = "operate"


@extend_schema(tags=["Serving"])
class ServeView(ThrottledView):
    @extend_schema(
        summary="Start a model",
        description="Waits up to 25 s until it is ready; a start that is under way is joined. 409 with "
        "`details.serving` when every slot is taken. A model that runs remotely is ready and takes no slot.",
        parameters=[MODEL],
        request=None,
        responses={
            200: ServingStatusSerializer,
            202: OpenApiResponse(ServingStatusSerializer, "Still starting; look at `serving-status`."),
        },
    )
    def post(self, request: Request, model: str) -> Response:
        told = requests.serve(model, by=name_of(request))
        return Response(told, status=202 if told["state"] == ServingState.STARTING else 200)


@extend_schema(tags=["Serving"])
class StopView(ThrottledView):
    @extend_schema(
        summary="Stop a model",
        description="Open calls may finish. Other models that share its file stay loaded.",
        parameters=[MODEL],
        request=None,
        responses=ServingStatusSerializer,
    )
    def post(self, request: Request, model: str) -> Response:
        found = find_model(model)
        stopping.stop(found.pk, f"stopped by {name_of(request)}")
        return Response(status.of_model(found))


@extend_schema(tags=["Serving"])
class ServingStatusView(APIView):
    @extend_schema(summary="A model's serving state", parameters=[MODEL], responses=ServingStatusSerializer)
    def get(self, request: Request, model: str) -> Response:
        return Response(status.of_model(find_model(model)))


@extend_schema(tags=["Serving"])
class HealthView(APIView):
    @extend_schema(summary="Ask a model's host now", parameters=[MODEL], responses=HealthSerializer)
    def get(self, request: Request, model: str) -> Response:
        healthy, reason = check_health(model)
        return Response({"healthy": healthy, "reason": reason})


@extend_schema(tags=["Serving"])
class ServingListView(APIView):
    @extend_schema(summary="Every model that is served, starting, stopping or failed", responses=ServingListSerializer)
    def get(self, request: Request) -> Response:
        return Response(status.of_all())


@extend_schema(tags=["Serving"])
class ServingConfigView(APIView):
    write_scope = "operate"

    @extend_schema(summary="How a model is served", parameters=[MODEL], responses=ServingConfigSerializer)
    def get(self, request: Request, model: str) -> Response:
        return self._shown(places.config_of(find_model(model).pk))

    @extend_schema(
        summary="Change how a model is served",
        description="Times in seconds. It acts in every process within 2 s.",
        parameters=[MODEL],
        request=ServingConfigBodySerializer(partial=True),
        responses=ServingConfigSerializer,
        examples=[EXAMPLE],
    )
    def patch(self, request: Request, model: str) -> Response:
        body = ServingConfigBodySerializer(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        return self._shown(configure(find_model(model), body.validated_data, by=name_of(request)))

    def _shown(self, config: Any) -> Response:
        return Response(ServingConfigSerializer(config).data)
