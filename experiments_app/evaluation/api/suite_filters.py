"""Filters of the list of suites."""

from __future__ import annotations

import django_filters

from experiments_app.models import Suite
from experiments_app.models.suites import SuiteQuerySet
from unified_app.filters import MAX_WORDS, ClosedFilter, NameFilter, Ordering
from unified_app.models.catalog import Category

YES_OR_NO = [("true", "Yes"), ("false", "No")]


class SuiteFilter(django_filters.FilterSet):
    category = ClosedFilter(choices=Category.choices)
    shipped = ClosedFilter(choices=YES_OR_NO, method="is_shipped", help_text="Whether it came with the product.")
    archived = ClosedFilter(
        choices=[*YES_OR_NO, ("any", "Any")],
        method="is_archived",
        help_text="Without it, archived suites are left out; `any` lists all.",
    )
    q = NameFilter(method="search", help_text="Every word must stand in the name or in a tag.")
    ordering = Ordering(
        fields=["name", "category", "created_at"],
        help_text="`-` reverses; several may be given, separated by commas.",
    )

    class Meta:
        model = Suite
        fields: list[str] = []

    def filter_queryset(self, queryset: SuiteQuerySet) -> SuiteQuerySet:
        found: SuiteQuerySet = super().filter_queryset(queryset)
        return found if self.form.cleaned_data["archived"] else found.filter(archived_at=None)

    def is_shipped(self, queryset: SuiteQuerySet, name: str, value: str) -> SuiteQuerySet:
        return queryset.filter(shipped=value == "true")

    def is_archived(self, queryset: SuiteQuerySet, name: str, value: str) -> SuiteQuerySet:
        return queryset if value == "any" else queryset.filter(archived_at__isnull=value == "false")

    def search(self, queryset: SuiteQuerySet, name: str, value: str) -> SuiteQuerySet:
        for word in value.split()[:MAX_WORDS]:
            queryset = queryset.with_word(word)
        return queryset
