"""Filters of gates and of what came of them."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet

from experiments_app.evaluation.suite_rows import find as suite_called
from experiments_app.models import Gate, GateCheck
from unified_app.filters import ClosedFilter, IdFilter, NameFilter
from unified_app.lookup import find_model


class GateFilter(django_filters.FilterSet):
    suite = NameFilter(method="of_suite", help_text="Number or name.")

    class Meta:
        model = Gate
        fields: list[str] = []

    def of_suite(self, queryset: QuerySet[Gate], name: str, value: str) -> QuerySet[Gate]:
        return queryset.filter(suite=suite_called(value))


class GateCheckFilter(django_filters.FilterSet):
    model = NameFilter(method="of_model", help_text="Id, alias or name.")
    gate = IdFilter(field_name="gate_id", help_text="Number of a gate.")
    evaluation = IdFilter(field_name="run_id", help_text="Number of an evaluation.")
    state = ClosedFilter(choices=GateCheck.State.choices)

    class Meta:
        model = GateCheck
        fields: list[str] = []

    def of_model(self, queryset: QuerySet[GateCheck], name: str, value: str) -> QuerySet[GateCheck]:
        return queryset.filter(model=find_model(value))
