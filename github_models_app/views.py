"""The GitHub Models API: the catalog's models by publisher, the state of the service, syncs."""

from __future__ import annotations

from dataclasses import asdict
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import SimpleLazyObject
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from github_models_app import entries, service, sync_requests
from github_models_app.filters import GitHubModelFilter
from github_models_app.mapping import SOURCE
from github_models_app.serializers import (
    GitHubModelSerializer,
    GitHubSyncQuerySerializer,
    ProvidersSerializer,
    StatusSerializer,
)
from unified_app import rows
from unified_app.models import Job, UnifiedModel
from unified_app.pagination import Pages, pages
from unified_app.serializers.work import QueuedSerializer, SyncSerializer
from unified_app.views.syncs import SyncView

TAGS = ["GitHub Models"]
PROVIDER = OpenApiParameter("provider", str, OpenApiParameter.PATH, description="Slug or name of a publisher.")


@extend_schema(tags=TAGS)
@extend_schema_view(list=extend_schema(summary="List the catalog's models"))
class GitHubModelViewSet(ListModelMixin, GenericViewSet[UnifiedModel]):
    queryset = UnifiedModel.objects.listed().filter(source=SOURCE, github_entry__isnull=False)
    serializer_class = GitHubModelSerializer
    filterset_class = GitHubModelFilter
    pagination_class = pages("models")

    def get_queryset(self) -> QuerySet[UnifiedModel]:
        return super().get_queryset().select_related("github_entry")

    def get_serializer_context(self) -> dict[str, Any]:
        # Lazy: the OpenAPI schema builds serializers where there may be no database.
        return {**super().get_serializer_context(), "demo_places": SimpleLazyObject(rows.demo_places)}


class ProviderPages(Pages):
    """Pages of one publisher's models, which the view names."""

    key = "models"

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        pages = super().get_paginated_response_schema(schema)
        own = {"publisher": {"type": "string", "example": "Mistral AI"}, "slug": {"type": "string"}}
        return {**pages, "required": [*own, *pages["required"]], "properties": {**own, **pages["properties"]}}


@extend_schema(tags=TAGS)
@extend_schema_view(
    list=extend_schema(
        operation_id="github_provider_models_list",
        summary="List one publisher's models",
        description="404 names the publishers that there are.",
        parameters=[PROVIDER],
    )
)
class ProviderModelsViewSet(GitHubModelViewSet):
    pagination_class = ProviderPages

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        answer = super().list(request, *args, **kwargs)
        answer.data = {"publisher": self.publisher["name"], "slug": self.publisher["publisher_slug"], **answer.data}
        return answer

    def get_queryset(self) -> QuerySet[UnifiedModel]:
        # The OpenAPI schema asks without a publisher.
        slug = self.publisher["publisher_slug"] if self.kwargs.get("provider") else ""
        return super().get_queryset().filter(github_entry__publisher_slug=slug)

    @cached_property
    def publisher(self) -> dict[str, Any]:
        """The publisher in the path. Raises NotFound."""
        return entries.find_publisher(self.kwargs["provider"])


@extend_schema(tags=TAGS)
class ProvidersView(APIView):
    @extend_schema(summary="Publishers with their numbers of models", responses=ProvidersSerializer)
    def get(self, request: Request) -> Response:
        return Response(ProvidersSerializer({"providers": entries.publishers()}).data)


@extend_schema(tags=TAGS)
class StatusView(APIView):
    @extend_schema(summary="Whether the service is there", responses=StatusSerializer)
    def get(self, request: Request) -> Response:
        return Response(StatusSerializer(asdict(service.status())).data)


class GitHubSyncView(SyncView):
    source = SOURCE
    query = GitHubSyncQuerySerializer

    @extend_schema(
        tags=TAGS,
        summary="Sync the catalog",
        description="Queues a job and waits up to 25 s for it. A retired service is asked once more. 409 when none is "
        "configured. With `provider` only that publisher's models change; 404 when the catalog has no such publisher.",
        parameters=[GitHubSyncQuerySerializer],
        request=None,
        responses={
            200: SyncSerializer,
            202: OpenApiResponse(QueuedSerializer, "Not finished yet; `Location` tells where to look."),
        },
    )
    def post(self, request: Request) -> Response:
        return super().post(request)

    def requested(self, wanted: dict[str, Any], by: str) -> Job:
        return sync_requests.request_sync(provider=wanted.get("provider"), by=by)
