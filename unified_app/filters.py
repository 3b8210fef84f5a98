"""Filters of the lists. A closed set refuses other values and names its own; unknown parameters are ignored."""

from __future__ import annotations

import json
from typing import Any

import django_filters
from django import forms
from django.conf import settings
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django_filters.fields import ChoiceField

from unified_app.errors import InvalidInput
from unified_app.lookup import find_model
from unified_app.models import Job, ModelVersion, Placement, SyncRun, UnifiedModel
from unified_app.models.catalog import Category, ModelStatus, ModelType, PlacementQuerySet, UnifiedModelQuerySet
from unified_app.sources import sources_meant_by

# The largest number that an id column can hold.
MAX_ID = 2**63 - 1
# Each word is five comparisons, and SQLite's expressions are at most 1000 deep.
MAX_WORDS = 20


class ClosedField(ChoiceField):
    def validate(self, value: str) -> None:
        if value and not self.valid_value(value):
            valid = ", ".join(str(key) for key, _ in self.choices if key)
            raise forms.ValidationError(f"{value!r} is not valid. Valid are: {valid}.")


class ClosedFilter(django_filters.ChoiceFilter):
    """One of a closed set."""

    field_class = ClosedField


class IdFilter(django_filters.NumberFilter):
    field_class = forms.IntegerField

    def __init__(self, **more: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_ID, **more)

    def get_max_validator(self) -> None:
        """NumberFilter's own bound is for decimals."""


class NameFilter(django_filters.CharFilter):
    """Any text up to 500 characters; the field refuses NUL, which PostgreSQL cannot compare."""

    def __init__(self, **more: Any) -> None:
        super().__init__(max_length=500, **more)


class Ordering(django_filters.OrderingFilter):
    """Rows without a value come last in both directions, and the id settles ties, so that pages never overlap."""

    field_class = ClosedField

    def filter(self, queryset: QuerySet[Any], value: list[str] | None) -> QuerySet[Any]:
        if not value:
            return queryset
        return queryset.order_by(*(self._expression(name) for name in value), "id")

    def _expression(self, name: str) -> Any:
        column = F(self.get_ordering_value(name).removeprefix("-"))
        return column.desc(nulls_last=True) if name.startswith("-") else column.asc(nulls_last=True)


def source_choices() -> list[tuple[str, str]]:
    groups = settings.MODEL_SOURCE_GROUPS
    names = [*settings.MODEL_SOURCES, *groups, *(name for members in groups.values() for name in members)]
    return [(name, name) for name in dict.fromkeys(names)]


def kind_choices() -> list[tuple[str, str]]:
    return [(name, name) for name in settings.JOB_KINDS]


class SourceFilter(ClosedFilter):
    def __init__(self, **more: Any) -> None:
        super().__init__(choices=source_choices, **more)

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.filter(source__in=sources_meant_by(value)) if value else queryset


class ModelFilter(django_filters.FilterSet):
    category = ClosedFilter(
        choices=Category.choices, method="in_category", help_text="Every model that can do it, whatever its primary is."
    )
    model_type = ClosedFilter(choices=ModelType.choices)
    source = SourceFilter(help_text="`external` includes `github`.")
    status = ClosedFilter(
        choices=[*ModelStatus.choices, ("any", "Any")],
        method="with_status",
        help_text="Without it, retired and hidden models are left out. With it, hidden ones are listed too; "
        "`any` lists every model.",
    )
    capability = NameFilter(method="able_to", help_text="Such as `function_calling`; hyphens are fine too.")
    host = NameFilter(method="on_host", help_text="Name of a host or endpoint that answers for the model.")
    drift = ClosedFilter(
        choices=[("true", "Yes"), ("false", "No")],
        method="drifting",
        help_text="Whether its hosts hold different digests under the same name.",
    )
    q = NameFilter(
        method="search", help_text="Every word must stand in the name, the display name, the description or a tag."
    )
    ordering = Ordering(
        fields=[
            "name",
            "display_name",
            "version",
            "category",
            "model_type",
            "source",
            "status",
            "size",
            "context_length",
            "created_at",
            "updated_at",
            "retired_at",
        ],
        help_text="`-` reverses; several may be given, separated by commas.",
    )

    class Meta:
        model = UnifiedModel
        fields: list[str] = []

    def filter_queryset(self, queryset: UnifiedModelQuerySet) -> UnifiedModelQuerySet:
        found: UnifiedModelQuerySet = super().filter_queryset(queryset)
        return found if self.form.cleaned_data["status"] else found.shown()

    def in_category(self, queryset: UnifiedModelQuerySet, name: str, value: str) -> UnifiedModelQuerySet:
        return queryset.in_category(value)

    def with_status(self, queryset: UnifiedModelQuerySet, name: str, value: str) -> UnifiedModelQuerySet:
        return queryset if value == "any" else queryset.filter(status=value)

    def able_to(self, queryset: UnifiedModelQuerySet, name: str, value: str) -> UnifiedModelQuerySet:
        return queryset.with_capability(value.replace("-", "_"))

    def on_host(self, queryset: UnifiedModelQuerySet, name: str, value: str) -> UnifiedModelQuerySet:
        return queryset.on_host(value)

    def drifting(self, queryset: UnifiedModelQuerySet, name: str, value: str) -> UnifiedModelQuerySet:
        here = Placement.objects.present().filter(model=OuterRef("pk")).exclude(digest="")
        differing = here.values("model").annotate(digests=Count("digest", distinct=True)).filter(digests__gt=1)
        return queryset.filter(Exists(differing) if value == "true" else ~Exists(differing))

    def search(self, queryset: UnifiedModelQuerySet, name: str, value: str) -> UnifiedModelQuerySet:
        for word in value.split()[:MAX_WORDS]:
            queryset = queryset.filter(_has_word(word))
        return queryset


class PlacementFilter(django_filters.FilterSet):
    model = NameFilter(method="of_model", help_text="Id, alias or name.")
    source = SourceFilter()
    host = NameFilter(field_name="place")
    state = ClosedFilter(
        choices=[*Placement.State.choices, ("any", "Any")],
        method="in_state",
        help_text="Without it, placements that are gone are left out.",
    )

    class Meta:
        model = Placement
        fields: list[str] = []

    def filter_queryset(self, queryset: PlacementQuerySet) -> PlacementQuerySet:
        found: PlacementQuerySet = super().filter_queryset(queryset)
        return found if self.form.cleaned_data["state"] else found.present()

    def of_model(self, queryset: PlacementQuerySet, name: str, value: str) -> PlacementQuerySet:
        return queryset.filter(model=find_model(value))

    def in_state(self, queryset: PlacementQuerySet, name: str, value: str) -> PlacementQuerySet:
        return queryset if value == "any" else queryset.filter(state=value)


class VersionFilter(django_filters.FilterSet):
    model = NameFilter(method="of_model", help_text="Id, alias or name.")

    class Meta:
        model = ModelVersion
        fields: list[str] = []

    def of_model(self, queryset: QuerySet[ModelVersion], name: str, value: str) -> QuerySet[ModelVersion]:
        return queryset.filter(model=find_model(value))


class SyncRunFilter(django_filters.FilterSet):
    source = SourceFilter()
    host = NameFilter(field_name="place")
    state = ClosedFilter(choices=SyncRun.State.choices)
    job = IdFilter(field_name="job_id", help_text="Id of the job that ran it.")

    class Meta:
        model = SyncRun
        fields: list[str] = []


class JobFilter(django_filters.FilterSet):
    kind = ClosedFilter(choices=kind_choices)
    state = ClosedFilter(choices=Job.State.choices)

    class Meta:
        model = Job
        fields: list[str] = []


def filtered_models(queryset: UnifiedModelQuerySet, **values: str | None) -> UnifiedModelQuerySet:
    """Return the models that the list's parameters mean. Raises InvalidInput, as the API would."""
    found = ModelFilter({name: value for name, value in values.items() if value is not None}, queryset)
    if not found.is_valid():
        details = {name: [str(message) for message in messages] for name, messages in found.errors.items()}
        sentence = "; ".join(f"{name}: {' '.join(messages)}" for name, messages in details.items())
        raise InvalidInput(sentence, details=details)
    models: UnifiedModelQuerySet = found.qs
    return models


def _has_word(word: str) -> Q:
    # SQLite keeps JSON as text with escapes beyond ASCII, PostgreSQL without: one of the two finds the tag.
    escaped = json.dumps(word)[1:-1]
    return (
        Q(name__icontains=word)
        | Q(display_name__icontains=word)
        | Q(description__icontains=word)
        | Q(tags__icontains=word)
        | Q(tags__icontains=escaped)
    )
