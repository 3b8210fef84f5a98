"""The list of models: found, filtered and sorted by what stands in the address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from registry_project.pages.access import needs
from registry_project.pages.places import places_of
from unified_app.categories import CAPABILITIES, CATEGORIES
from unified_app.models import UnifiedModel
from unified_app.models.catalog import ModelStatus, UnifiedModelQuerySet
from unified_app.sources import source_classes

PER_PAGE = 50
ANY = "any"


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
SORTABLE = {column.field for column in COLUMNS if column.field}
# What the form and its links may say.
NAMES = ("q", "category", "primary", "source", "status", "host", "capability")


@needs("read")
def model_list(request: HttpRequest) -> HttpResponse:
    ordering = _ordering(request.GET)
    rows = narrowed(request.GET).listed().order_by(_by(ordering), "id")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    chosen = {name: request.GET.get(name, "") for name in NAMES}
    context = {
        "page": page,
        "chosen": chosen,
        "is_filtered": any(chosen.values()),
        "filters": _filters(request, chosen),
        "headings": [_heading(column, ordering) for column in COLUMNS],
        "ordering": ordering,
        "places": places_of(request),
    }
    return render(request, "site/models.html", context)


def narrowed(given: QueryDict) -> UnifiedModelQuerySet:
    """Return the models that the address asks for; retired and hidden ones only when it names a status."""
    rows: UnifiedModelQuerySet = UnifiedModel.objects.all()
    status = given.get("status", "")
    if not status:
        rows = rows.shown()
    elif status != ANY:
        rows = rows.filter(status=status)
    if words := given.get("q", "").strip():
        rows = rows.filter(_mentions(words))
    for name, column in (("source", "source"), ("primary", "category")):
        if value := given.get(name):
            rows = rows.filter(**{column: value})
    for name, narrow in _JOINED.items():
        if value := given.get(name):
            rows = narrow(rows, value)
    return rows


_JOINED = {
    "category": UnifiedModelQuerySet.in_category,
    "capability": UnifiedModelQuerySet.with_capability,
    "host": UnifiedModelQuerySet.on_host,
}


def _mentions(words: str) -> Q:
    fields = ("name", "display_name", "description", "id")
    found = Q()
    for field in fields:
        found |= Q(**{f"{field}__icontains": words})
    return found


def _ordering(given: QueryDict) -> str:
    wanted = given.get("ordering", "")
    return wanted if wanted.removeprefix("-") in SORTABLE else "name"


def _by(ordering: str) -> Any:
    """Return the expression to sort by; what is not known comes last, whichever way it is sorted."""
    column = F(ordering.removeprefix("-"))
    return column.desc(nulls_last=True) if ordering.startswith("-") else column.asc(nulls_last=True)


def _heading(column: Column, ordering: str) -> dict[str, Any]:
    """Return a heading with what its link sorts by next, and how the table is sorted now."""
    is_now = bool(column.field) and ordering.removeprefix("-") == column.field
    falls = ordering.startswith("-")
    return {
        "column": column,
        "sort": ("descending" if falls else "ascending") if is_now else "",
        "next": f"-{column.field}" if is_now and not falls else column.field,
    }


def _filters(request: HttpRequest, chosen: dict[str, str]) -> list[dict[str, Any]]:
    """Return the selects of the form; a value from the address that none of them knows is kept and shown."""
    choices: dict[str, tuple[str, str, list[tuple[str, str]]]] = {
        "category": ("Category", "Any", [(c, c) for c in CATEGORIES]),
        "capability": ("Can", "Anything", [(c, c.replace("_", " ")) for c in CAPABILITIES]),
        "host": ("Host", "Any", _pairs({here.place.name for here in places_of(request)})),
        "source": ("Source", "Any", [(name, cls.label) for name, cls in source_classes().items()]),
        "status": ("State", "In use", [*_pairs(ModelStatus.values), (ANY, "any, with hidden ones")]),
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
    ]


def _pairs(values: Any) -> list[tuple[str, str]]:
    return [(value, value) for value in sorted(values)]
