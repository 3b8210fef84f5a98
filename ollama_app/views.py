"""The Ollama API: models by category, hosts, syncs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from ollama_app import hosts, listing
from ollama_app.category_loader import OLLAMA_CATEGORIES
from ollama_app.host_lookup import counted_hosts, find_host
from ollama_app.models import Host
from ollama_app.serializers import (
    ConnectionSerializer,
    HostBodySerializer,
    HostSerializer,
    OllamaCategoriesSerializer,
    OllamaModelsSerializer,
)
from ollama_app.source import OllamaSource
from unified_app.pagination import pages
from unified_app.views.answers import name_of
from unified_app.views.syncs import SYNC, SyncView

CATEGORY = OpenApiParameter("category", str, OpenApiParameter.PATH, enum=OLLAMA_CATEGORIES)
HOST = OpenApiParameter("host", str, OpenApiParameter.PATH, description="Id or name of a host.")
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
@extend_schema_view(list=extend_schema(summary="List Ollama hosts"))
class HostViewSet(ListModelMixin, GenericViewSet[Host]):
    queryset = counted_hosts()
    serializer_class = HostSerializer
    pagination_class = pages("hosts")

    @extend_schema(summary="One host", parameters=[HOST])
    def retrieve(self, request: Request, host: str) -> Response:
        return self._shown(find_host(host))

    @extend_schema(
        summary="Add a host",
        description="It is read at once, in a job of its own.",
        request=HostBodySerializer,
        responses={201: HostSerializer},
        examples=[NEW_HOST],
    )
    def create(self, request: Request) -> Response:
        host = self._saved(Host(), HostBodySerializer(data=request.data))
        return self._shown(host, status=201, headers={"Location": reverse("ollama:host", args=[host.pk])})

    @extend_schema(
        summary="Change a host",
        description="A new name takes its placements along; disabling it retires what only it had.",
        parameters=[HOST],
        request=HostBodySerializer(partial=True),
        responses=HostSerializer,
    )
    def partial_update(self, request: Request, host: str) -> Response:
        found = find_host(host)
        return self._shown(self._saved(found, HostBodySerializer(found, data=request.data, partial=True)))

    @extend_schema(summary="Delete a host", description="What only it had is retired.", parameters=[HOST])
    def destroy(self, request: Request, host: str) -> Response:
        hosts.delete_host(find_host(host), by=name_of(request))
        return Response(status=204)

    @extend_schema(
        summary="Test the connection to a host", parameters=[HOST], request=None, responses=ConnectionSerializer
    )
    def test(self, request: Request, host: str) -> Response:
        return Response(asdict(hosts.test_connection(find_host(host))))

    def _saved(self, host: Host, body: HostBodySerializer) -> Host:
        body.is_valid(raise_exception=True)
        values = dict(body.validated_data)
        token = (values.pop("token") or "") if "token" in values else None
        for name, value in values.items():
            setattr(host, name, value)
        return hosts.save_host(host, by=name_of(self.request), token=token)

    def _shown(self, host: Host, **more: Any) -> Response:
        return Response(HostSerializer(self.get_queryset().get(pk=host.pk)).data, **more)
