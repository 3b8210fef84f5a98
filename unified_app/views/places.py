"""Where models come from, where they are, and what was behind their names."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from unified_app.filters import PlacementFilter, VersionFilter
from unified_app.models import ModelVersion, Placement
from unified_app.pagination import pages
from unified_app.serializers.catalog import PlacementSerializer, VersionSerializer
from unified_app.serializers.work import SourcesSerializer
from unified_app.sources import source_classes


@extend_schema(tags=["Sources"])
class SourcesView(APIView):
    @extend_schema(summary="Every source with its hosts and endpoints", responses=SourcesSerializer)
    def get(self, request: Request) -> Response:
        return Response(SourcesSerializer({"sources": list(source_classes().values())}).data)


@extend_schema(tags=["Models"], summary="List placements")
class PlacementsView(ListAPIView[Placement]):
    queryset = Placement.objects.order_by("model_id", "place", "id")
    serializer_class = PlacementSerializer
    filterset_class = PlacementFilter
    pagination_class = pages("placements")


@extend_schema(tags=["Models"], summary="List versions, the newest first")
class VersionsView(ListAPIView[ModelVersion]):
    queryset = ModelVersion.objects.all()
    serializer_class = VersionSerializer
    filterset_class = VersionFilter
    pagination_class = pages("versions")
