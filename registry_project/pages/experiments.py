"""The list of variants: found, filtered and sorted by what stands in the address; a search's family stays together."""

from __future__ import annotations

import json
import shlex
from typing import Any, cast

from django.core.paginator import Paginator
from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from experiments_app.filters import VariantFilter
from experiments_app.models import Experiment, ExperimentType, Variant, VariantQuerySet
from registry_project.pages import variant_words
from registry_project.pages.access import needs
from registry_project.pages.calls import Call, key_line
from registry_project.pages.listing import Column, heading
from unified_app.errors import NotFound
from unified_app.models import UnifiedModel

PER_PAGE = 50
# Of a family, in the list of all.
FAMILY_SHOWN = 3
BASES_OFFERED = 300
COLUMNS = (
    Column("Variant", "name"),
    Column("Base", "base_model"),
    Column("Type", "experiment_type"),
    Column("What it changes"),
    Column("State", "status"),
    Column("Made", "created_at"),
)
NAMES = ("q", "base_model", "experiment_type", "status", "experiment")


@needs("read")
def experiment_list(request: HttpRequest) -> HttpResponse:
    found, problems = narrowed(request.GET)
    ordering = request.GET.get("ordering", "")
    page = Paginator(_rows(found, request.GET), PER_PAGE).get_page(request.GET.get("page"))
    chosen = {name: request.GET.get(name, "") for name in NAMES}
    context = {
        "page": page,
        "rows": described(list(page)),
        "problems": problems,
        "chosen": chosen,
        "count": found.count(),
        "answer": _counts(),
        "family": None if problems or not chosen["experiment"] else _family(chosen["experiment"]),
        "is_filtered": any(chosen.values()),
        "filters": _filters(chosen),
        "headings": [heading(column, ordering) for column in COLUMNS],
        "ordering": ordering,
        "first_call": None if page.paginator.count else _first_call(request),
    }
    return render(request, "site/experiments.html", context)


def narrowed(given: QueryDict) -> tuple[VariantQuerySet, list[str]]:
    """Return the variants that the address asks for, by the API's own filters, and what is wrong with the address."""
    rows = Variant.objects.listed().order_by("-experiment_id", "pk")
    filtered = VariantFilter(given, rows)
    if not filtered.is_valid():
        return rows.none(), [f"{name}: {message}" for name, found in filtered.errors.items() for message in found]
    try:
        return filtered.qs, []
    except NotFound as error:
        return rows.none(), [error.message]


def described(variants: list[Variant]) -> list[dict[str, Any]]:
    """Return what a row of the list shows of each; `heads` says that a family begins here."""
    found: list[dict[str, Any]] = []
    for variant in variants:
        before = found[-1]["variant"] if found else None
        is_family = getattr(variant, "of_family", 1) > 1
        word, said = variant_words.state_of(variant)
        found.append(
            {
                "variant": variant,
                "type": variant_words.TYPES[variant.experiment.experiment_type],
                "change": variant_words.change_line(variant.model.recipe if variant.model else None),
                "word": word,
                "said": said,
                "in_family": is_family,
                "heads": is_family and (before is None or before.experiment_id != variant.experiment_id),
                "description": variant_words.description(variant),
                "search": variant_words.search_line(variant.experiment.parameters),
            }
        )
    return found


def _rows(found: VariantQuerySet, given: QueryDict) -> VariantQuerySet:
    """Only a family's first ones, unless it was asked for by itself or by another order."""
    if given.get("experiment") or given.get("ordering"):
        return found
    counted: Any = found.annotate(
        of_family=Window(Count("pk"), partition_by=[F("experiment_id")]),
        place=Window(RowNumber(), partition_by=[F("experiment_id")], order_by="pk"),
    )
    return cast(VariantQuerySet, counted.filter(place__lte=FAMILY_SHOWN))


def _family(number: str) -> dict[str, Any] | None:
    experiment = Experiment.objects.select_related("base").filter(pk=number).first()
    return (
        {"experiment": experiment, "search": variant_words.search_line(experiment.parameters)} if experiment else None
    )


def _counts() -> dict[str, int]:
    archived = Q(model__status="retired")
    counts: dict[str, int] = Variant.objects.filter(model__isnull=False).aggregate(
        variants=Count("pk", filter=~archived),
        bases=Count("experiment__base", distinct=True, filter=~archived),
        promoted=Count("pk", filter=Q(status=Variant.Status.PROMOTED) & ~archived),
        failed=Count("pk", filter=Q(status=Variant.Status.FAILED) & ~archived),
        archived=Count("pk", filter=archived),
    )
    return counts


def _filters(chosen: dict[str, str]) -> list[dict[str, Any]]:
    """Return the selects of the form; a value from the address that none of them knows is kept and shown."""
    bases = UnifiedModel.objects.filter(experiments__isnull=False).distinct().order_by("name")
    offered = list(bases.values_list("pk", "name")[:BASES_OFFERED])
    statuses = [(value, value) for value in Variant.Status.values]
    choices: list[tuple[str, str, str, list[tuple[str, str]]]] = [
        ("base_model", "Base", "Any", offered),
        ("experiment_type", "Type", "Any", [(t, variant_words.TYPES[t]) for t in ExperimentType.values]),
        ("status", "State", "All but archived", [*statuses, ("any", "any")]),
    ]
    return [
        {
            "name": name,
            "label": label,
            "empty": empty,
            "choices": pairs if chosen[name] in {"", *dict(pairs)} else [*pairs, (chosen[name], chosen[name])],
            "value": chosen[name],
        }
        for name, label, empty, pairs in choices
    ]


def _first_call(request: HttpRequest) -> Call:
    """Return the call that makes a variant of a model that is there."""
    base = request.build_absolute_uri("/").rstrip("/")
    chats = UnifiedModel.objects.filter(status="available", recipe__isnull=True, placements__isnull=False)
    name = chats.exclude(category="embedding").order_by("name").values_list("name", flat=True).first() or "llama3.1:8b"
    return making_call(
        base, {"base_model": name, "experiment_type": "parameter_tuning", "parameters": {"temperature": 0.2}}
    )


def making_call(base: str, body: dict[str, Any]) -> Call:
    lines = [
        f"{key_line(base)}curl {shlex.quote(base + '/api/experimental/create')}",
        '  -H "Authorization: Bearer $REGISTRY_KEY"',
        "  -H 'Content-Type: application/json'",
        f"  -d {shlex.quote(json.dumps(body, ensure_ascii=False))}",
    ]
    return Call("Make a variant", "The key needs the scope “experiment”.", " \\\n".join(lines))
