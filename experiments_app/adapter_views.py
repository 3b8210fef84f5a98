"""The API of adapters: uploaded, listed, deleted."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from experiments_app import adapter_peft, adapters
from experiments_app.models import Adapter
from unified_app.pagination import pages
from unified_app.views.answers import name_of


class FileSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    sha256 = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")


class AdapterSerializer(serializers.ModelSerializer[Adapter]):
    files = FileSerializer(many=True, read_only=True)
    modules = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="The parts of a layer that it changes."
    )
    warnings = serializers.SerializerMethodField(help_text="What the server is known to get wrong with it.")

    class Meta:
        model = Adapter
        fields = [
            "sha256",
            "name",
            "format",
            "size",
            "files",
            "architecture",
            "rank",
            "alpha",
            "width",
            "modules",
            "base_model",
            "warnings",
            "created_at",
            "created_by",
        ]
        read_only_fields = fields

    def get_warnings(self, row: Adapter) -> list[str]:
        return adapter_peft.warnings(row.architecture, row.modules) if row.format == "safetensors" else []


class UploadSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


UPLOAD = {
    "multipart/form-data": {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {
                "type": "array",
                "items": {"type": "string", "format": "binary"},
                "minItems": 1,
                "description": "A LoRA adapter: one GGUF file, or PEFT's adapter_config.json and its safetensors.",
            },
            "name": {"type": "string", "maxLength": 200, "description": "Without it, the name of the largest file."},
        },
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
        description="One GGUF file, or adapter_config.json and its safetensors as several `file`s; together at most "
        "ADAPTER_MAX_MB. They are read for what they claim to be. `sha256` is that of the GGUF file, or of the list "
        "that `sha256sum` prints of several files, sorted by name. Ollama before 0.34.1 takes safetensors, for bases "
        "of architecture llama or gemma2; GGUF goes everywhere.",
        request=UPLOAD,
        responses={201: AdapterSerializer, 200: OpenApiResponse(AdapterSerializer, "It is here already.")},
    )
    def create(self, request: Request) -> Response:
        form = UploadSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        row, is_new = adapters.add(request.FILES.getlist("file"), by=name_of(request), **form.validated_data)
        return Response(self.get_serializer(row).data, status=201 if is_new else 200)

    def retrieve(self, request: Request, sha256: str) -> Response:
        return Response(self.get_serializer(adapters.find(sha256)).data)

    @extend_schema(summary="Delete an adapter", description="409 with `details.used_by` while a variant has it.")
    def destroy(self, request: Request, sha256: str) -> Response:
        adapters.delete(sha256, by=name_of(request))
        return Response(status=204)
