"""The API of endpoints."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from github_models_app.endpoints.endpoints import ENDPOINTS, SOURCE
from github_models_app.endpoints.models import Endpoint
from github_models_app.endpoints.serializers import EndpointBodySerializer, EndpointSerializer
from unified_app import syncing
from unified_app.models import Job
from unified_app.pagination import pages
from unified_app.serializers.servers import ConnectionSerializer
from unified_app.serializers.work import AsyncQuerySerializer
from unified_app.views.servers import ServerViewSet
from unified_app.views.syncs import SYNC, SyncView

CALLED = OpenApiParameter("called", str, OpenApiParameter.PATH, description="Id or name of an endpoint.")
NEW = OpenApiExample(
    "A server of your own",
    {"name": "vllm", "base_url": "http://gpu1.example:8000", "key": "the-server's-key"},
    request_only=True,
)
PROVIDER = OpenApiExample(
    "A provider whose deployments are typed in",
    {
        "name": "azure",
        "base_url": "https://example.openai.azure.com/openai/v1",
        "headers": {"api-key": "the-resource's-key"},
        "models": ["gpt-4o-mini"],
        "rate_limit_per_minute": 60,
    },
    request_only=True,
)
CHANGE = OpenApiExample("Another key, no extra headers", {"key": "new", "headers": None}, request_only=True)


@extend_schema(tags=["Endpoints"])
@extend_schema_view(
    list=extend_schema(summary="List endpoints"),
    retrieve=extend_schema(summary="One endpoint", parameters=[CALLED]),
    create=extend_schema(
        summary="Add an endpoint",
        description="Any OpenAI-compatible server. It is read at once, in a job of its own; its models are named "
        "`endpoint/model`.",
        request=EndpointBodySerializer,
        responses={201: EndpointSerializer},
        examples=[NEW, PROVIDER],
    ),
    partial_update=extend_schema(
        summary="Change an endpoint",
        description="A new name renames its models, whose ids stay. Another host in the address clears key and headers "
        "unless they are given with it. Disabling it retires its models.",
        parameters=[CALLED],
        request=EndpointBodySerializer(partial=True),
        responses=EndpointSerializer,
        examples=[CHANGE],
    ),
    destroy=extend_schema(summary="Delete an endpoint", description="Its models are retired.", parameters=[CALLED]),
)
class EndpointViewSet(ServerViewSet):
    verbs = ENDPOINTS
    body = EndpointBodySerializer
    route = "endpoints:endpoint"
    queryset = Endpoint.objects.all()
    serializer_class = EndpointSerializer
    pagination_class = pages("endpoints")

    @extend_schema(
        summary="Test the connection to an endpoint", parameters=[CALLED], request=None, responses=ConnectionSerializer
    )
    def test(self, request: Request, called: str) -> Response:
        return super().test(request, called)


class EndpointSyncView(SyncView):
    source = SOURCE
    query = AsyncQuerySerializer

    @extend_schema(
        tags=["Endpoints"], summary="Sync one endpoint", **SYNC | {"parameters": [CALLED, AsyncQuerySerializer]}
    )
    def post(self, request: Request, called: str = "") -> Response:
        return super().post(request)

    def requested(self, wanted: dict[str, Any], by: str) -> Job:
        return syncing.request_sync(source=SOURCE, place=ENDPOINTS.find(self.kwargs["called"]).name, by=by)
