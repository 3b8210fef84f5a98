"""Filters of the list of experimental models."""

from __future__ import annotations

import django_filters
from django.db.models import Q

from experiments_app.models import ExperimentType, Variant, VariantQuerySet
from unified_app.filters import MAX_WORDS, ClosedFilter, IdFilter, NameFilter, Ordering
from unified_app.lookup import find_model


class VariantFilter(django_filters.FilterSet):
    base_model = NameFilter(method="of_base", help_text="Id, alias or name.")
    experiment_type = ClosedFilter(choices=ExperimentType.choices, field_name="experiment__experiment_type")
    experiment = IdFilter(field_name="experiment_id", help_text="Number of an experiment.")
    status = ClosedFilter(
        choices=[*Variant.Status.choices, ("any", "Any")],
        method="with_status",
        help_text="Without it, archived ones are left out; `any` lists all.",
    )
    q = NameFilter(method="search", help_text="Every word must stand in the name, the description or the base's name.")
    ordering = Ordering(
        fields=(
            ("created_at", "created_at"),
            ("model__name", "name"),
            ("experiment__base__name", "base_model"),
            ("experiment__experiment_type", "experiment_type"),
            ("status", "status"),
            ("promoted_at", "promoted_at"),
        ),
        help_text="`-` reverses; several may be given, separated by commas.",
    )

    class Meta:
        model = Variant
        fields: list[str] = []

    def filter_queryset(self, queryset: VariantQuerySet) -> VariantQuerySet:
        found: VariantQuerySet = super().filter_queryset(queryset)
        return found if self.form.cleaned_data["status"] else found.shown()

    def of_base(self, queryset: VariantQuerySet, name: str, value: str) -> VariantQuerySet:
        return queryset.filter(experiment__base=find_model(value))

    def with_status(self, queryset: VariantQuerySet, name: str, value: str) -> VariantQuerySet:
        return queryset if value == "any" else queryset.in_status(value)

    def search(self, queryset: VariantQuerySet, name: str, value: str) -> VariantQuerySet:
        for word in value.split()[:MAX_WORDS]:
            queryset = queryset.filter(
                Q(model__name__icontains=word)
                | Q(model__description__icontains=word)
                | Q(experiment__base__name__icontains=word)
            )
        return queryset
