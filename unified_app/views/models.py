"""Models: the list, one model, and what curators do with it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.functional import SimpleLazyObject
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from unified_app import rows
from unified_app.filters import ModelFilter
from unified_app.lookup import find_model
from unified_app.models import HistoryEntry, UnifiedModel
from unified_app.pagination import pages
from unified_app.registry_manager import UnifiedRegistryManager
from unified_app.serializers.catalog import (
    CurationSerializer,
    HistorySerializer,
    ModelDetailSerializer,
    ModelSerializer,
)
from unified_app.views.answers import name_of
from unified_app.views.parameters import MODEL

EXAMPLE = OpenApiExample("Set a category, reset the description", {"category": "vision", "description": None})


@extend_schema(tags=["Models"])
@extend_schema_view(list=extend_schema(summary="List models"))
class ModelViewSet(ListModelMixin, GenericViewSet[UnifiedModel]):
    queryset = UnifiedModel.objects.listed()
    serializer_class = ModelSerializer
    filterset_class = ModelFilter
    pagination_class = pages("models")
    write_scope = "curate"

    @extend_schema(summary="One model", parameters=[MODEL], responses=ModelDetailSerializer, filters=False)
    def retrieve(self, request: Request, model: str) -> Response:
        return self._detail(model)

    @extend_schema(
        summary="Curate a model",
        description="Null resets a field to what the source says, or empties it. Edits survive syncs.",
        parameters=[MODEL],
        request=CurationSerializer,
        responses=ModelDetailSerializer,
        examples=[EXAMPLE],
    )
    def partial_update(self, request: Request, model: str) -> Response:
        body = CurationSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        self._manager().update_model(model, body.validated_data)
        return self._detail(model)

    @extend_schema(summary="Delete a model", description="It is retired and its id stays taken.", parameters=[MODEL])
    def destroy(self, request: Request, model: str) -> Response:
        self._manager().delete_model(model)
        return Response(status=204)

    @extend_schema(
        summary="Restore a deleted model",
        description="409 when no host has it any more.",
        parameters=[MODEL],
        request=None,
        responses=ModelDetailSerializer,
    )
    def restore(self, request: Request, model: str) -> Response:
        self._manager().restore_model(model)
        return self._detail(model)

    def get_serializer_context(self) -> dict[str, Any]:
        # Lazy: the OpenAPI schema builds serializers where there may be no database.
        return {**super().get_serializer_context(), "demo_places": SimpleLazyObject(rows.demo_places)}

    def _manager(self) -> UnifiedRegistryManager:
        return UnifiedRegistryManager(by=name_of(self.request))

    def _detail(self, called: str) -> Response:
        found = self.get_queryset().prefetch_related("serving_rows").get(pk=find_model(called).pk)
        return Response(ModelDetailSerializer(found, context=self.get_serializer_context()).data)


@extend_schema(tags=["Models"], summary="What changed on a model", parameters=[MODEL])
class ModelHistoryView(ListAPIView[HistoryEntry]):
    serializer_class = HistorySerializer
    pagination_class = pages("history")
    queryset = HistoryEntry.objects.filter(kind="model")

    def get_queryset(self) -> QuerySet[HistoryEntry]:
        return super().get_queryset().filter(object_id=find_model(self.kwargs["model"]).pk)
