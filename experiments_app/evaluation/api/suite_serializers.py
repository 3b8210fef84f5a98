"""What the API tells of suites, and what it takes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from experiments_app.evaluation.files.suite_files import FORMATS
from experiments_app.models import Suite, SuiteVersion
from unified_app.models.catalog import Category
from unified_app.serializers.bodies import ClosedField, StrictSerializer


class SuiteSerializer(serializers.ModelSerializer[Suite]):
    """A row of `Suite.objects.listed()`, with the version that counts."""

    digest = serializers.CharField(source="latest.digest", read_only=True, help_text="SHA-256 of the content.")
    cases = serializers.IntegerField(source="latest.case_count", read_only=True)
    version = serializers.IntegerField(source="latest.number", read_only=True, help_text="1 for the first content.")
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Suite
        fields = [
            "id",
            "name",
            "category",
            "tags",
            "digest",
            "cases",
            "version",
            "shipped",
            "archived_at",
            "created_at",
            "created_by",
        ]
        read_only_fields = fields


class WholeSuiteSerializer(SuiteSerializer):
    """A suite with its document, where it was asked for."""

    document = serializers.DictField(
        source="latest.document", read_only=True, help_text="With the keys of a .prompt.yml; with `document=true`."
    )

    class Meta(SuiteSerializer.Meta):
        fields = [*SuiteSerializer.Meta.fields, "document"]
        read_only_fields = fields


class SuiteVersionSerializer(serializers.ModelSerializer[SuiteVersion]):
    version = serializers.IntegerField(source="number", read_only=True)
    cases = serializers.IntegerField(source="case_count", read_only=True)

    class Meta:
        model = SuiteVersion
        fields = ["version", "digest", "cases", "created_at", "created_by"]
        read_only_fields = fields


class SuiteQuerySerializer(serializers.Serializer[Any]):
    document = serializers.BooleanField(default=False, help_text="Tell the whole document, too.")


class VersionQuerySerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="The version that counts, unless told."
    )


class ExportQuerySerializer(VersionQuerySerializer):
    format = ClosedField(list(FORMATS), default="prompt.yml", help_text="csv holds the cases alone.")


class CasesQuerySerializer(VersionQuerySerializer):
    tag = serializers.CharField(required=False, default="", max_length=500, help_text="Only cases that have it.")
    split = serializers.CharField(required=False, default="", max_length=500, help_text="Such as `test` or `train`.")


class CaseSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="From 0.")
    digest = serializers.CharField(help_text="SHA-256 of the case's content.")
    split = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    data = serializers.DictField(help_text="As it was given.")  # type: ignore[assignment]


class UploadSerializer(serializers.Serializer[Any]):
    """The fields of the form beside the file."""

    file = serializers.FileField(help_text="A .prompt.yml, .jsonl, .csv or .json file.")
    name = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)
    category = ClosedField(Category.choices, required=False, allow_blank=True)
    like = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=500,
        help_text="Id or name of a suite, whose messages and evaluators a file of cases takes.",
    )


class ChangeSerializer(StrictSerializer):
    name = serializers.CharField(required=False, max_length=200)
    category = ClosedField(Category.choices, required=False, allow_blank=True)
    tags = serializers.ListField(required=False, child=serializers.CharField(max_length=100), max_length=100)


class EvaluatorSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    type = serializers.CharField(help_text="The family, such as string, judge or tools.")
    uses = serializers.CharField(help_text="What an entry of `evaluators` says in `uses`; empty for string and llm.")
    description = serializers.CharField()
    parameters = serializers.DictField(help_text="The JSON schema of its options.")
    needs = serializers.ListField(child=serializers.CharField())


class EvaluatorsSerializer(serializers.Serializer[Any]):
    evaluators = EvaluatorSerializer(many=True)


_TEXTS = {"type": "array", "items": {"type": "string"}}
DOCUMENT = {
    "type": "object",
    "required": ["name", "testData"],
    "description": "The keys of a .prompt.yml; others are kept.",
    "properties": {
        "name": {"type": "string", "maxLength": 200},
        "description": {"type": "string"},
        "category": {"type": "string", "enum": ["", *Category.values]},
        "tags": _TEXTS,
        "modelParameters": {"type": "object", "additionalProperties": True},
        "messages": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
        "testData": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
        "evaluators": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
        "tools": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
        "corpus": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
    },
    "additionalProperties": True,
}
UPLOAD = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "A .prompt.yml, .jsonl, .csv or .json file."},
        "name": {"type": "string", "maxLength": 200, "description": "Without it, the file's own name."},
        "category": {"type": "string", "enum": ["", *Category.values]},
        "like": {"type": "string", "description": "A suite whose messages and evaluators a file of cases takes."},
    },
}
BODIES = {"application/json": DOCUMENT, "multipart/form-data": UPLOAD}
