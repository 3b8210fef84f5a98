"""Filters of the GitHub models: those of every list of models, and the publisher."""

from __future__ import annotations

from django.db.models import Q

from unified_app.filters import ModelFilter, NameFilter
from unified_app.models import UnifiedModel
from unified_app.models.catalog import UnifiedModelQuerySet


class GitHubModelFilter(ModelFilter):
    publisher = NameFilter(method="by_publisher", help_text="Slug or name of a publisher, such as `mistral-ai`.")
    tier = NameFilter(
        field_name="github_entry__rate_limit_tier", lookup_expr="iexact", help_text="Such as `low`, `high`, `custom`."
    )

    class Meta:
        model = UnifiedModel
        fields: list[str] = []

    def by_publisher(self, queryset: UnifiedModelQuerySet, name: str, value: str) -> UnifiedModelQuerySet:
        return queryset.filter(Q(github_entry__publisher_slug=value.lower()) | Q(github_entry__publisher__iexact=value))
