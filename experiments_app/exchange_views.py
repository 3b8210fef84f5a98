"""The API that makes variants of files, and files of variants."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from experiments_app import creating, exchange, promoting
from experiments_app.serializers import ExperimentalModelSerializer, MadeSerializer
from experiments_app.views import KEY
from unified_app.parsers import StrictJSONParser
from unified_app.serializers.bodies import ClosedField, StrictSerializer
from unified_app.views.answers import caller_of, name_of
from unified_app.views.parameters import MODEL


class ImportSerializer(StrictSerializer):
    format = ClosedField(list(exchange.READERS))
    text = serializers.CharField(required=False, trim_whitespace=False, max_length=exchange.MAX_BYTES)
    file = serializers.FileField(required=False, help_text="Instead of `text`, in a multipart form.")
    base_model = serializers.CharField(required=False, default="", allow_blank=True, max_length=500)
    name = serializers.CharField(required=False, default="", allow_blank=True, max_length=120)

    def validate(self, attrs: Any) -> Any:
        if ("text" in attrs) == ("file" in attrs):
            raise serializers.ValidationError({"text": ["Give the file's text, or the file itself as `file`."]})
        return attrs


class ImportedSerializer(MadeSerializer):
    ignored = serializers.ListField(child=serializers.CharField(), help_text="What was passed over.")

    class Meta(MadeSerializer.Meta):
        fields = [*MadeSerializer.Meta.fields, "ignored"]
        read_only_fields = fields


class ExportQuerySerializer(serializers.Serializer[Any]):
    format = ClosedField(list(exchange.WRITERS), default="modelfile")


@extend_schema(tags=["Experiments"])
class ImportView(APIView):
    parser_classes = [StrictJSONParser, MultiPartParser]
    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "work"
    write_scope = "experiment"

    @extend_schema(
        summary="Make a variant of a Modelfile or a .prompt.yml",
        description="Its base is `base_model`, or what the file names. Adapter, parameters and prompt become variants "
        "on top of each other; the last one is answered.",
        parameters=[KEY],
        request=ImportSerializer,
        responses={201: ImportedSerializer, 200: OpenApiResponse(ImportedSerializer, "Made before with this key.")},
    )
    def post(self, request: Request) -> Response:
        body = ImportSerializer(data=request.data if isinstance(request.data, dict) else {})
        body.is_valid(raise_exception=True)
        told = body.validated_data
        content = told["file"].read(exchange.MAX_BYTES + 1) if "file" in told else told["text"].encode()
        more = {"base_model": told["base_model"], "name": told["name"], "by": name_of(request)}
        asked = ["import", told["format"], content.hex(), told["base_model"], told["name"]]
        sent = creating.once(caller_of(request).user, request.headers.get("Idempotency-Key"), asked)
        made, ignored = exchange.import_file(told["format"], content, sent=sent, **more)
        variants = ExperimentalModelSerializer(made.variants, many=True).data
        answer = {**variants[0], "variants": variants, "ignored": ignored}
        return Response(answer, status=201 if made.is_new else 200)


class OneRenderer(BaseContentNegotiation):
    """Errors are JSON whatever `format` says, which is ours here and not DRF's."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return next(iter(parsers), None)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


@extend_schema(tags=["Experiments"])
class ExportView(APIView):
    content_negotiation_class = OneRenderer

    @extend_schema(
        summary="A variant as a Modelfile or a .prompt.yml",
        parameters=[MODEL, ExportQuerySerializer],
        responses={(200, "text/plain"): OpenApiTypes.STR},
    )
    def get(self, request: Request, model: str) -> HttpResponse:
        query = ExportQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        form = query.validated_data["format"]
        text = exchange.export(promoting.find_variant(model), form)
        headers = {"Content-Disposition": f'attachment; filename="{exchange.FILE_NAMES[form]}"'}
        headers["X-Content-Type-Options"] = "nosniff"
        return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=headers)
