"""The list of models: found, filtered and sorted by what stands in the address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from registry_project.pages import calls, github
from registry_project.pages.access import needs
from registry_project.pages.places import Health, cards_of, places_of
from unified_app.categories import CAPABILITIES, CATEGORIES
from unified_app.filters import ModelFilter
from unified_app.models import UnifiedModel
from unified_app.models.catalog import ModelStatus, UnifiedModelQuerySet
from unified_app.sources import source_classes

PER_PAGE = 50
DEFAULT_ORDERING = "name"


@dataclass(frozen=True)
class Column:
    """A heading of the table; `field` is what it sorts by."""

    title: str
    field: str = ""
    kind: str = ""


COLUMNS = (
    Column("Model", "name"),
    Column("Category", "category"),
    Column("Can"),
    Column("Size", "size", "number"),
    Column("Context", "context_length", "number"),
    Column("Hosts"),
    Column("State", "status"),
    Column("Changed", "updated_at"),
)
# What the form and its links may say; `primary` is the page's own, for counts that add up.
NAMES = ("q", "category", "primary", "source", "status", "host", "capability", "drift")


@needs("read")
def model_list(request: HttpRequest) -> HttpResponse:
    rows, problems = narrowed(request.GET)
    page = Paginator(rows.listed(), PER_PAGE).get_page(request.GET.get("page"))
    chosen = {name: request.GET.get(name, "") for name in NAMES}
    chosen["primary"] = chosen["primary"] if chosen["primary"] in CATEGORIES else ""
    ordering = request.GET.get("ordering") or DEFAULT_ORDERING
    context = {
        "page": page,
        "problems": problems,
        "chosen": chosen,
        "is_filtered": any(chosen.values()),
        "filters": _filters(request, chosen),
        "headings": [heading(column, ordering) for column in COLUMNS],
        "ordering": ordering,
        "cards": Health(cards_of(request)).worst_first if not page.paginator.count else [],
        "add_endpoint": calls.add_endpoint(request.build_absolute_uri("/").rstrip("/")),
        **github.about(),
    }
    return render(request, "site/models.html", context)


def narrowed(given: QueryDict) -> tuple[UnifiedModelQuerySet, list[str]]:
    """Return the models that the address asks for, by the API's own filters, and what is wrong with the address."""
    rows = UnifiedModel.objects.order_by(DEFAULT_ORDERING, "id")
    if (primary := given.get("primary")) in CATEGORIES:
        rows = rows.filter(category=primary)
    filtered = ModelFilter(given, rows)
    if filtered.is_valid():
        return filtered.qs, []
    return rows.none(), [f"{name}: {message}" for name, found in filtered.errors.items() for message in found]


def heading(column: Column, ordering: str) -> dict[str, Any]:
    """Return a heading with what its link sorts by next, and how the table is sorted now."""
    is_now = bool(column.field) and ordering.removeprefix("-") == column.field
    falls = ordering.startswith("-")
    return {
        "column": column,
        "sort": ("descending" if falls else "ascending") if is_now else "",
        "next": f"-{column.field}" if is_now and not falls else column.field,
    }


def _filters(request: HttpRequest, chosen: dict[str, str]) -> list[dict[str, Any]]:
    """Return the selects of the form; a value from the address that none of them knows is kept and shown.

    A select that has but one thing to choose is left out.
    """
    choices: dict[str, tuple[str, str, list[tuple[str, str]]]] = {
        "category": ("Category", "Any", [(c, c) for c in CATEGORIES]),
        "capability": ("Can", "Anything", [(c, c.replace("_", " ")) for c in CAPABILITIES]),
        "host": ("Host", "Any", _pairs({here.place.name for here in places_of(request)})),
        "source": ("Source", "Any", [(name, cls.label) for name, cls in source_classes().items()]),
        "status": ("State", "In use", [*_pairs(ModelStatus.values), ("any", "any, with hidden ones")]),
        "drift": ("Drift", "Any", [("true", "hosts differ"), ("false", "hosts agree")]),
    }
    return [
        {
            "name": name,
            "label": label,
            "empty": empty,
            "choices": pairs if chosen[name] in {"", *dict(pairs)} else [*pairs, (chosen[name], chosen[name])],
            "value": chosen[name],
        }
        for name, (label, empty, pairs) in choices.items()
        if len(pairs) > 1 or chosen[name]
    ]


def _pairs(values: Any) -> list[tuple[str, str]]:
    return [(value, value) for value in sorted(values)]
