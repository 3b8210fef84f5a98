"""What the API of comparisons takes and tells."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from experiments_app.evaluation.results.side_by_side import PASSED
from unified_app.filters import MAX_ID
from unified_app.models.catalog import Category

METRIC = "A metric's name, such as `pass` or an evaluator's; without it the one that the suite is about."


class ComparisonQuerySerializer(serializers.Serializer[Any]):
    evaluation = serializers.IntegerField(min_value=1, max_value=MAX_ID, help_text="Number of an evaluation.")
    metric = serializers.CharField(required=False, default="", max_length=300, allow_blank=True, help_text=METRIC)
    tag = serializers.CharField(required=False, default="", max_length=200, help_text="Only cases with this tag.")
    split = serializers.CharField(required=False, default="", max_length=20, help_text="Only cases of this split.")


class OutputsQuerySerializer(serializers.Serializer[Any]):
    evaluation = serializers.IntegerField(min_value=1, max_value=MAX_ID, help_text="Number of an evaluation.")
    a = serializers.CharField(max_length=500, help_text="A model of the evaluation: id, alias or name.")
    b = serializers.CharField(max_length=500, help_text="Another model of it.")
    differ = serializers.BooleanField(
        required=False, default=False, help_text="Only cases with other outputs or other verdicts."
    )
    passed = serializers.ChoiceField(
        choices=list(PASSED), required=False, default="", help_text="Who passed: only a, only b, both or neither."
    )
    tag = serializers.CharField(required=False, default="", max_length=200, help_text="Only cases with this tag.")


class LeaderboardQuerySerializer(serializers.Serializer[Any]):
    category = serializers.ChoiceField(
        choices=Category.choices, required=False, default="", help_text="Suites of this category; without it, of all."
    )
    suite = serializers.CharField(required=False, default="", max_length=200, help_text="Number or name of a suite.")
    metric = serializers.CharField(required=False, default="", max_length=300, allow_blank=True, help_text=METRIC)


class TrendQuerySerializer(serializers.Serializer[Any]):
    suite = serializers.CharField(max_length=200, help_text="Number or name of a suite.")
    model = serializers.CharField(max_length=500, help_text="Id, alias or name of a model.")
    metric = serializers.CharField(required=False, default="", max_length=300, allow_blank=True, help_text=METRIC)


class SuiteOfSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    category = serializers.CharField(allow_blank=True)
    version = serializers.IntegerField(required=False, help_text="Number of the content.")
    digest = serializers.CharField(required=False)


class NumbersSerializer(serializers.Serializer[Any]):
    """A value with its interval; null where it is not defined."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(help_text="Cases that have a value.")


class ComparedModelSerializer(NumbersSerializer):
    model = serializers.CharField(help_text="Its id.")
    name = serializers.CharField()
    model_type = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    version = serializers.CharField(help_text="When it was evaluated.")
    is_current = serializers.BooleanField(help_text="Whether that is its version now.")
    evaluation = serializers.IntegerField()
    at = serializers.DateTimeField(allow_null=True)
    interval = serializers.CharField(help_text="wilson or bootstrap; empty without a value.")
    rank = serializers.IntegerField(
        allow_null=True, help_text="1 + how many are better beyond chance: those that cannot be told apart share one."
    )
    undecided = serializers.IntegerField(help_text="Results that nobody could judge; they are in no value.")
    failed = serializers.IntegerField(help_text="Results without an answer; they are in no value.")
    results = serializers.IntegerField()
    latency_p50 = serializers.FloatField(allow_null=True)
    latency_p95 = serializers.FloatField(allow_null=True)
    cost_per_1000 = serializers.FloatField(allow_null=True, help_text="USD for 1,000 calls; null: not known.")
    pareto = serializers.BooleanField(help_text="No other model is as good in quality, latency and cost, or better.")


class PairSerializer(serializers.Serializer[Any]):
    a = serializers.CharField()
    b = serializers.CharField()
    difference = serializers.FloatField(allow_null=True, help_text="a - b, on the cases that both have.")
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    p_value = serializers.FloatField()
    p_adjusted = serializers.FloatField(help_text="After the correction for all pairs.")
    effect_size = serializers.FloatField(allow_null=True)
    effect = serializers.CharField(help_text="What the effect size is: cohens_g, rank_biserial, cohens_dz, cohens_q.")
    test = serializers.CharField()
    n = serializers.IntegerField()
    dropped = serializers.IntegerField(help_text="Cases that only one of them has a value for.")
    verdict = serializers.ChoiceField(["a", "b", "same", "not enough cases"])
    cases_needed = serializers.IntegerField(allow_null=True, help_text="Cases in all that would probably tell.")


class SliceSerializer(serializers.Serializer[Any]):
    tag = serializers.CharField()
    cases = serializers.IntegerField()
    models = serializers.DictField(child=NumbersSerializer(), help_text="By the model's id.")


class ComparedSerializer(serializers.Serializer[Any]):
    suite = SuiteOfSerializer()
    metric = serializers.CharField()
    metrics = serializers.ListField(child=serializers.CharField(), help_text="All that these results have.")
    higher_is_better = serializers.BooleanField(required=False)
    unit = serializers.CharField(required=False, help_text="s, tokens or USD; empty for shares and scores.")
    confidence = serializers.FloatField(required=False)
    alpha = serializers.FloatField(required=False)
    correction = serializers.CharField(required=False)
    margin = serializers.FloatField(required=False, help_text="A difference below it does not matter.")
    cases = serializers.IntegerField()
    models = ComparedModelSerializer(many=True, help_text="Best first.")
    tags = SliceSerializer(many=True)
    all_tags = serializers.ListField(child=serializers.CharField(), required=False)
    pareto = serializers.ListField(child=serializers.CharField(), help_text="Ids.")


class ComparisonSerializer(ComparedSerializer):
    evaluation = serializers.IntegerField()
    state = serializers.CharField(help_text="The evaluation's.")
    repeats = serializers.IntegerField()
    tag = serializers.CharField(allow_blank=True)
    split = serializers.CharField(allow_blank=True)
    pairs = PairSerializer(many=True)


class BoardSerializer(ComparedSerializer):
    judges = serializers.ListField(child=serializers.CharField(allow_blank=True), help_text="Of more than one: unlike.")
    repeats = serializers.ListField(child=serializers.IntegerField())


class LeaderboardSerializer(serializers.Serializer[Any]):
    boards = BoardSerializer(many=True, help_text="One for each suite.")


class PointSerializer(NumbersSerializer):
    evaluation = serializers.IntegerField()
    at = serializers.DateTimeField(allow_null=True)
    version = serializers.CharField(help_text="Of the model.")
    fingerprint = serializers.CharField(help_text="SHA-256 of all that makes its answers.")
    suite_version = serializers.IntegerField()
    digest = serializers.CharField(help_text="Of the suite.")
    undecided = serializers.IntegerField()
    failed = serializers.IntegerField()
    changed = serializers.ListField(
        child=serializers.ChoiceField(["model", "suite"]), help_text="What is another than at the point before."
    )
    difference = PairSerializer(allow_null=True, help_text="a: this point, b: the one before the model changed.")


class TrendSerializer(serializers.Serializer[Any]):
    suite = SuiteOfSerializer()
    model = serializers.CharField()
    name = serializers.CharField()
    metric = serializers.CharField(allow_blank=True)
    points = PointSerializer(many=True, help_text="Oldest first.")


class OutputSerializer(serializers.Serializer[Any]):
    state = serializers.CharField()
    passed = serializers.BooleanField(allow_null=True)
    output = serializers.CharField()
    text = serializers.CharField(help_text="The output, or as text the tools that were called instead.")
    reasoning = serializers.CharField()
    tool_calls = serializers.ListField(child=serializers.DictField())
    scores = serializers.ListField(child=serializers.DictField())
    latency = serializers.FloatField(allow_null=True)
    tokens = serializers.IntegerField()
    error = serializers.DictField(allow_null=True)


class BesideSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField()
    case = serializers.CharField(help_text="The case's digest.")
    repeat = serializers.IntegerField()
    tags = serializers.ListField(child=serializers.CharField())
    data = serializers.DictField(  # type: ignore[assignment]
        help_text="The case, without its images, documents and tools."
    )
    differ = serializers.BooleanField()
    a = OutputSerializer()
    b = OutputSerializer(allow_null=True)
