"""The API of adapters: uploaded, listed, deleted."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from experiments_app import adapters
from experiments_app.models import Adapter
from unified_app.pagination import pages
from unified_app.views.answers import name_of


class AdapterSerializer(serializers.ModelSerializer[Adapter]):
    class Meta:
        model = Adapter
        fields = [
            "sha256",
            "name",
            "format",
            "size",
            "architecture",
            "rank",
            "base_model",
            "created_at",
            "created_by",
        ]
        read_only_fields = fields


UPLOAD = {
    "multipart/form-data": {
        "type": "object",
        "required": ["file"],
        "properties": {"file": {"type": "string", "format": "binary", "description": "A LoRA adapter as GGUF."}},
    }
}


@extend_schema(tags=["Experiments"])
@extend_schema_view(
    list=extend_schema(summary="List adapters"),
    retrieve=extend_schema(summary="One adapter"),
)
class AdapterViewSet(ListModelMixin, GenericViewSet[Adapter]):
    queryset = Adapter.objects.all()
    serializer_class = AdapterSerializer
    parser_classes = [MultiPartParser]
    pagination_class = pages("adapters")
    write_scope = "experiment"

    @extend_schema(
        summary="Upload an adapter",
        description="One GGUF file, at most ADAPTER_MAX_MB. Its header is read for what it claims to be.",
        request=UPLOAD,
        responses={201: AdapterSerializer, 200: OpenApiResponse(AdapterSerializer, "It is here already.")},
    )
    def create(self, request: Request) -> Response:
        row, is_new = adapters.add(request.FILES.getlist("file"), by=name_of(request))
        return Response(self.get_serializer(row).data, status=201 if is_new else 200)

    def retrieve(self, request: Request, sha256: str) -> Response:
        return Response(self.get_serializer(adapters.find(sha256)).data)

    @extend_schema(summary="Delete an adapter", description="409 with `details.used_by` while a variant has it.")
    def destroy(self, request: Request, sha256: str) -> Response:
        adapters.delete(sha256, by=name_of(request))
        return Response(status=204)
