"""The front page: what there is, whether it is well, what changed, how to call it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from registry_project.example import chat_models
from registry_project.pages import calls, changes, gateway_calls, github
from registry_project.pages.access import needs
from registry_project.pages.jobs import attention
from registry_project.pages.places import Health, cards_of
from unified_app.categories import CATEGORIES
from unified_app.models import SyncRun, UnifiedModel
from unified_app.sources import source_classes

RUNS_SHOWN = 5


@needs("read")
def home(request: HttpRequest) -> HttpResponse:
    health = Health(cards_of(request, github.aside(request)))
    counts = _counts()
    total = sum(counts.values())
    runs = list(SyncRun.objects.order_by("-pk").defer("changes")[:RUNS_SHOWN])
    return render(
        request,
        "site/home.html",
        {
            "total": total,
            "health": health,
            "by_category": _by_category(counts),
            "by_source": _by_source(counts),
            "attention": attention(timezone.now()).count(),
            "runs": runs,
            "last_run": next((run for run in runs if run.finished_at), None),
            "feed": changes.feed() if total else [],
            "gateway_calls": _gateway_calls(request),
            "calls": _calls(request),
            "has_endpoint": any(card.source == "external" for card in health.cards),
            **_of_empty(request, total),
        },
    )


def _counts() -> dict[tuple[str, str], int]:
    """Return {(source, category): models} of what lists show, from one query."""
    rows = UnifiedModel.objects.shown().order_by().values_list("source", "category").annotate(Count("pk"))
    return {(source, category): count for source, category, count in rows}


def _by_category(counts: dict[tuple[str, str], int]) -> list[tuple[str, int]]:
    """By the one primary category of each model, so that the numbers add up."""
    found = [(c, sum(n for (_, category), n in counts.items() if category == c)) for c in CATEGORIES]
    return [(category, count) for category, count in found if count]


def _by_source(counts: dict[tuple[str, str], int]) -> list[tuple[str, str, int]]:
    labels = {name: cls.label for name, cls in source_classes().items()}
    names = sorted({source for source, _ in counts})
    return [(n, labels.get(n, n), sum(c for (source, _), c in counts.items() if source == n)) for n in names]


def _gateway_calls(request: HttpRequest) -> list[calls.Call]:
    example = chat_models().values_list("name", flat=True).first()
    base = request.build_absolute_uri("/").rstrip("/")
    return gateway_calls.for_model(base, example, ["text_generation"]) if example else []


def _of_empty(request: HttpRequest, total: int) -> dict[str, Any]:
    """Return what a registry without models tells beside."""
    base = request.build_absolute_uri("/").rstrip("/")
    return {} if total else {"add_endpoint": calls.add_endpoint(base), **github.about()}


def _calls(request: HttpRequest) -> list[Any]:
    base = request.build_absolute_uri("/").rstrip("/")
    return [calls.list_models(base, needs_key=not settings.PUBLIC_READ)]
