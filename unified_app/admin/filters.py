"""Filters of the list of models: they join tables and never look into JSON, but for the curators' own tags."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest

from unified_app.categories import CAPABILITIES
from unified_app.models import Placement, UnifiedModel
from unified_app.models.catalog import Category


class _Filter(admin.SimpleListFilter):
    """A filter of values with one method that applies the chosen one."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset if value is None else self.chosen(queryset, value)

    def chosen(self, queryset: Any, value: str) -> QuerySet[Any]:
        raise NotImplementedError


class ListedIn(_Filter):
    title = "listed in category"
    parameter_name = "listed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return Category.choices

    def chosen(self, queryset: Any, value: str) -> QuerySet[Any]:
        return queryset.in_category(value)  # type: ignore[no-any-return]


class CanDo(_Filter):
    title = "capability"
    parameter_name = "capability"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(name, name.replace("_", " ")) for name in CAPABILITIES]

    def chosen(self, queryset: Any, value: str) -> QuerySet[Any]:
        return queryset.with_capability(value)  # type: ignore[no-any-return]


class OnHost(_Filter):
    title = "host"
    parameter_name = "host"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        places = Placement.objects.present().order_by("place").values_list("place", flat=True).distinct()
        return [(place, place) for place in places]

    def chosen(self, queryset: Any, value: str) -> QuerySet[Any]:
        return queryset.on_host(value)  # type: ignore[no-any-return]


class Tagged(_Filter):
    title = "tag"
    parameter_name = "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        lists = UnifiedModel.objects.exclude(tags=[]).order_by().values_list("tags", flat=True)
        return [(tag, tag) for tag in sorted({tag for tags in lists for tag in tags})]

    def chosen(self, queryset: Any, value: str) -> QuerySet[Any]:
        # SQLite keeps what Python wrote, with escapes; PostgreSQL keeps the characters.
        found = Q(tags__icontains=json.dumps(value)) | Q(tags__icontains=json.dumps(value, ensure_ascii=False))
        return queryset.filter(found)  # type: ignore[no-any-return]


class Curated(_Filter):
    title = "attention"
    parameter_name = "attention"
    _edited = ~Q(category_override="") | ~Q(description_override="") | ~Q(display_name="") | ~Q(tags=[])

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [
            ("edited", "edited by a curator"),
            ("hidden", "hidden"),
            ("drift", "drift: hosts differ"),
            ("unowned", "no owner"),
        ]

    def chosen(self, queryset: Any, value: str) -> QuerySet[Any]:
        digests = Placement.objects.present().order_by().values("model").annotate(n=Count("digest", distinct=True))
        wanted = {
            "edited": self._edited,
            "hidden": Q(hidden=True),
            "drift": Q(pk__in=digests.filter(n__gt=1).values("model")),
            "unowned": Q(owner=""),
        }
        return queryset.filter(wanted.get(value, Q()))  # type: ignore[no-any-return]
