"""What the API tells of evaluations and their results, and what it takes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from experiments_app.models import CaseResult, EvaluationRun, RunModel
from unified_app.serializers.bodies import StrictSerializer
from unified_app.serializers.work import JobSerializer


class BudgetsSerializer(StrictSerializer):
    budget_tokens = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=2**62, help_text="Of models and judges; null: no limit."
    )
    budget_cost = serializers.DecimalField(
        required=False,
        allow_null=True,
        max_digits=18,
        decimal_places=9,
        min_value=Decimal("0.000000001"),
        help_text="USD; needs a price for every model. Null: no limit.",
    )


class StartSerializer(BudgetsSerializer):
    suite = serializers.CharField(max_length=500, help_text="Id or name; `@` and the beginning of a digest may follow.")
    models = serializers.ListField(
        child=serializers.CharField(max_length=500), min_length=1, max_length=100, help_text="Ids, aliases or names."
    )
    repeats = serializers.IntegerField(default=1, min_value=1, max_value=100, help_text="Independent answers to each.")
    concurrency = serializers.IntegerField(
        default=4, min_value=1, max_value=64, help_text="Calls at once for each place that answers for a model."
    )
    judge = serializers.CharField(
        default="", allow_blank=True, max_length=500, help_text="Model that judges in place of the suite's own judges."
    )
    split = serializers.CharField(default="", allow_blank=True, max_length=20, help_text="Only cases of this split.")
    tags = serializers.ListField(
        child=serializers.CharField(max_length=100),
        default=list,
        max_length=100,
        help_text="Only cases with one of these.",
    )
    cache = serializers.BooleanField(default=True, help_text="Whether answers of earlier runs count.")


class ProgressSerializer(serializers.Serializer[Any]):
    done = serializers.IntegerField(help_text="Results that are final, failed ones too.")
    total = serializers.IntegerField()
    failed = serializers.IntegerField(help_text="Results without an answer.")


class ErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    details = serializers.DictField(required=False)


class EvaluatedModelSerializer(serializers.ModelSerializer[RunModel]):
    model = serializers.CharField(source="model_id", read_only=True, help_text="Its id.")
    name = serializers.CharField(source="model.name", read_only=True)
    summary = serializers.DictField(read_only=True, help_text="Empty until all its results are there.")

    class Meta:
        model = RunModel
        fields = ["model", "name", "version", "summary", "mlflow_run_id"]
        read_only_fields = fields


class EvaluationSerializer(serializers.ModelSerializer[EvaluationRun]):
    """A row of `EvaluationRun.objects.listed()`."""

    suite = serializers.CharField(source="suite_version.suite.name", read_only=True)
    suite_id = serializers.IntegerField(source="suite_version.suite_id", read_only=True)
    suite_version = serializers.IntegerField(source="suite_version.number", read_only=True)
    suite_digest = serializers.CharField(source="suite_version.digest", read_only=True)
    progress = ProgressSerializer(source="*", read_only=True)
    models = EvaluatedModelSerializer(source="run_models", many=True, read_only=True)
    job = JobSerializer(read_only=True, allow_null=True)
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)
    cache = serializers.BooleanField(source="use_cache", read_only=True)
    error = ErrorSerializer(read_only=True, allow_null=True, help_text="Why it failed or stopped.")

    class Meta:
        model = EvaluationRun
        fields = [
            "id",
            "suite",
            "suite_id",
            "suite_version",
            "suite_digest",
            "state",
            "progress",
            "models",
            "repeats",
            "concurrency",
            "judge",
            "split",
            "tags",
            "cache",
            "budget_tokens",
            "budget_cost",
            "tokens_used",
            "cost_used",
            "repeated_calls",
            "error",
            "trigger",
            "job",
            "created_by",
            "created_at",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields


class ModelProgressSerializer(EvaluatedModelSerializer):
    progress = ProgressSerializer(read_only=True, help_text="Of this model.")

    class Meta(EvaluatedModelSerializer.Meta):
        fields = [*EvaluatedModelSerializer.Meta.fields, "progress"]
        read_only_fields = fields


class OneEvaluationSerializer(EvaluationSerializer):
    """A run that `progress.with_progress` has looked at."""

    models = ModelProgressSerializer(source="run_models", many=True, read_only=True)


class ScoreSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="The evaluator's.")
    score = serializers.FloatField(allow_null=True)
    passed = serializers.BooleanField(allow_null=True)
    details = serializers.CharField()
    error = serializers.CharField(required=False, help_text="Why there is no verdict.")
    values = serializers.DictField(child=serializers.FloatField(), required=False)


class ResultSerializer(serializers.ModelSerializer[CaseResult]):
    case = serializers.CharField(source="case_digest", read_only=True, help_text="Digest of the case.")
    index = serializers.IntegerField(source="case_index", read_only=True, help_text="Place in the suite, from 0.")
    model = serializers.CharField(source="run_model.model_id", read_only=True, help_text="Its id.")
    scores = ScoreSerializer(many=True, read_only=True)
    message = serializers.DictField(read_only=True, allow_null=True, help_text="What is no text: tool calls, thoughts.")
    error = ErrorSerializer(read_only=True, allow_null=True)

    class Meta:
        model = CaseResult
        fields = [
            "id",
            "case",
            "index",
            "model",
            "repeat",
            "state",
            "passed",
            "scores",
            "output",
            "message",
            "latency",
            "first_token",
            "thinking_seconds",
            "tokens_in",
            "tokens_out",
            "tokens_thinking",
            "judge_tokens",
            "cost",
            "cached",
            "attempts",
            "error",
            "finished_at",
        ]
        read_only_fields = fields
