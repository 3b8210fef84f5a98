"""Models by what they can do."""

from __future__ import annotations

from django.db.models import Count
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from unified_app.errors import NotFound
from unified_app.models import UnifiedModel
from unified_app.models.catalog import Category
from unified_app.serializers.catalog import CategoryCountsSerializer, CategoryModelsSerializer

CATEGORY = OpenApiParameter("category", str, OpenApiParameter.PATH, enum=Category.values)


@extend_schema(tags=["Models"])
class CategoryCountsView(APIView):
    @extend_schema(
        operation_id="models_category_counts", summary="Models by primary category", responses=CategoryCountsSerializer
    )
    def get(self, request: Request) -> Response:
        counted = UnifiedModel.objects.shown().order_by().values("category").annotate(models=Count("pk"))
        found = {row["category"]: row["models"] for row in counted}
        return Response({"categories": {category: found.get(category, 0) for category in Category.values}})


@extend_schema(tags=["Models"])
class CategoryModelsView(APIView):
    @extend_schema(
        summary="Every model of a category",
        description="A model is listed in every category of what it can do. The list is whole, not paged.",
        parameters=[CATEGORY],
        responses=CategoryModelsSerializer,
    )
    def get(self, request: Request, category: str) -> Response:
        if category not in Category.values:
            raise NotFound(f"There is no category {category!r}. Categories are: {', '.join(Category.values)}.")
        models = UnifiedModel.objects.shown().in_category(category).values("id", "name", "status")
        return Response({"category": category, "models": list(models)})
