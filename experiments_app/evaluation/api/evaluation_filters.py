"""Filters of the lists of evaluations and of results."""

from __future__ import annotations

import django_filters
from django.db.models import Exists, OuterRef, QuerySet

from experiments_app.evaluation import suite_rows
from experiments_app.evaluation.runner.pending import chosen
from experiments_app.evaluation.suites import read_suite
from experiments_app.models import CaseResult, EvaluationRun, RunModel
from experiments_app.models.results import EvaluationRunQuerySet
from unified_app.filters import ClosedFilter, NameFilter, Ordering
from unified_app.lookup import find_model

VERDICTS = {"true": True, "false": False, "null": None}


class EvaluationFilter(django_filters.FilterSet):
    suite = NameFilter(method="of_suite", help_text="Id or name.")
    model = NameFilter(method="of_model", help_text="Id, alias or name of a model that is evaluated.")
    state = ClosedFilter(choices=EvaluationRun.State.choices)
    trigger = NameFilter(help_text="Why it was started: hand, digest or promotion.")
    ordering = Ordering(
        fields=["created_at", "finished_at", "state"],
        help_text="`-` reverses; several may be given, separated by commas. The newest come first without it.",
    )

    class Meta:
        model = EvaluationRun
        fields: list[str] = []

    def of_suite(self, queryset: EvaluationRunQuerySet, name: str, value: str) -> EvaluationRunQuerySet:
        return queryset.filter(suite_version__suite=suite_rows.find(value))

    def of_model(self, queryset: EvaluationRunQuerySet, name: str, value: str) -> EvaluationRunQuerySet:
        return queryset.filter(Exists(RunModel.objects.filter(run=OuterRef("pk"), model=find_model(value))))


class ResultFilter(django_filters.FilterSet):
    """Results of one evaluation, which the view has found."""

    model = NameFilter(method="of_model", help_text="Id, alias or name.")
    state = ClosedFilter(choices=CaseResult.State.choices)
    passed = ClosedFilter(
        choices=[(word, word) for word in VERDICTS],
        method="with_verdict",
        help_text="`null`: without an answer, or a judge could not be read.",
    )
    tag = NameFilter(method="with_tag", help_text="Only cases that have it.")
    ordering = Ordering(
        fields=(
            ("case_index", "index"),
            ("latency", "latency"),
            ("cost", "cost"),
            ("tokens_out", "tokens_out"),
            ("finished_at", "finished_at"),
        ),
        help_text="`-` reverses; several may be given, separated by commas. By case without it.",
    )

    class Meta:
        model = CaseResult
        fields: list[str] = []

    def of_model(self, queryset: QuerySet[CaseResult], name: str, value: str) -> QuerySet[CaseResult]:
        return queryset.filter(run_model__model=find_model(value))

    def with_verdict(self, queryset: QuerySet[CaseResult], name: str, value: str) -> QuerySet[CaseResult]:
        return queryset.filter(passed=VERDICTS[value])

    def with_tag(self, queryset: QuerySet[CaseResult], name: str, value: str) -> QuerySet[CaseResult]:
        run: EvaluationRun = self.request.parser_context["view"].run
        cases = chosen(read_suite(run.suite_version.document).cases, "", [value])
        return queryset.filter(case_index__in=[case.index for case in cases])
