"""The Ollama API: models by category, hosts, syncs."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ollama_app import hosts, listing
from ollama_app.category_loader import OLLAMA_CATEGORIES
from ollama_app.models import Host
from ollama_app.serializers import (
    HostBodySerializer,
    HostSerializer,
    OllamaCategoriesSerializer,
    OllamaModelsSerializer,
)
from ollama_app.source import OllamaSource
from unified_app.pagination import pages
from unified_app.serializers.servers import ConnectionSerializer
from unified_app.views.servers import ServerViewSet
from unified_app.views.syncs import SYNC, SyncView

CATEGORY = OpenApiParameter("category", str, OpenApiParameter.PATH, enum=OLLAMA_CATEGORIES)
HOST = OpenApiParameter("called", str, OpenApiParameter.PATH, description="Id or name of a host.")
NEW_HOST = OpenApiExample("A host", {"name": "gpu1", "url": "http://gpu1.example:11434"}, request_only=True)


@extend_schema(tags=["Ollama"])
class CategoriesView(APIView):
    @extend_schema(summary="Names of Ollama models by category", responses=OllamaCategoriesSerializer)
    def get(self, request: Request) -> Response:
        return Response({"categories": listing.names_by_category()})


@extend_schema(tags=["Ollama"])
class CategoryModelsView(APIView):
    @extend_schema(summary="Ollama models of a category", parameters=[CATEGORY], responses=OllamaModelsSerializer)
    def get(self, request: Request, category: str) -> Response:
        return Response({"category": category, "models": listing.models_in(category)})


class OllamaSyncView(SyncView):
    source = OllamaSource.name

    @extend_schema(tags=["Ollama"], summary="Sync the Ollama hosts", **SYNC)
    def post(self, request: Request) -> Response:
        return super().post(request)


@extend_schema(tags=["Hosts"])
@extend_schema_view(
    list=extend_schema(summary="List Ollama hosts"),
    retrieve=extend_schema(summary="One host", parameters=[HOST]),
    create=extend_schema(
        summary="Add a host",
        description="It is read at once, in a job of its own.",
        request=HostBodySerializer,
        responses={201: HostSerializer},
        examples=[NEW_HOST],
    ),
    partial_update=extend_schema(
        summary="Change a host",
        description="A new name takes its placements along; disabling it retires what only it had.",
        parameters=[HOST],
        request=HostBodySerializer(partial=True),
        responses=HostSerializer,
    ),
    destroy=extend_schema(summary="Delete a host", description="What only it had is retired.", parameters=[HOST]),
)
class HostViewSet(ServerViewSet):
    verbs = hosts.HOSTS
    body = HostBodySerializer
    route = "ollama:host"
    queryset = Host.objects.all()
    serializer_class = HostSerializer
    pagination_class = pages("hosts")

    @extend_schema(
        summary="Test the connection to a host", parameters=[HOST], request=None, responses=ConnectionSerializer
    )
    def test(self, request: Request, called: str) -> Response:
        return super().test(request, called)
