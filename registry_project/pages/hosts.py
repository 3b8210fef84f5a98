"""Hosts and endpoints: a card each, with its last sync and the button for the next."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from github_models_app.mapping import SOURCE
from registry_project.pages import calls, github
from registry_project.pages.access import needs
from registry_project.pages.errors import Missing
from registry_project.pages.places import Health, PlaceCard, cards_of
from unified_app.syncing import request_sync


@needs("read")
def host_list(request: HttpRequest) -> HttpResponse:
    cards = cards_of(request, github.aside(request))
    base = request.build_absolute_uri("/").rstrip("/")
    context = {
        "health": Health(cards),
        "add_endpoint": calls.add_endpoint(base),
        "has_github": any(card.source == SOURCE for card in cards),
        **github.about(),
    }
    return render(request, "site/hosts.html", context)


@needs("read")
def host_card(request: HttpRequest, source: str, place: str) -> HttpResponse:
    """One card alone, for the page that watches a sync."""
    return render(request, "site/place_card.html", {"card": _card(request, source, place)})


@require_POST
@needs("operate")
def sync_host(request: HttpRequest, source: str, place: str) -> HttpResponse:
    """Queue a sync of one host, or join the one that covers it; the card shows it at once."""
    if _card(request, source, place).place.state == github.NOT_CONFIGURED:
        raise Missing("It is not configured, so there is nothing to ask.")
    request_sync(source=source, place=place, by=request.user.get_username())
    if request.headers.get("HX-Request"):
        return host_card(request, source, place)
    return redirect("hosts")


def _card(request: HttpRequest, source: str, place: str) -> PlaceCard:
    for card in cards_of(request, github.aside(request)):
        if card.located.key == (source, place):
            return card
    raise Missing(f"No enabled host is named {place!r}.")
