"""What every page knows."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from registry_project.pages.places import places_of
from unified_app.scopes import scopes_of_user

# The name of a page's path begins with its section's word, in singular: host-card is among the hosts.
SECTIONS = {
    "home": "home",
    "model": "models",
    "experiment": "experiments",
    "evaluation": "evaluations",
    "leaderboard": "evaluations",
    "suite": "evaluations",
    "host": "hosts",
    "sync": "syncs",
    "job": "jobs",
    "serving": "serving",
}


def site(request: HttpRequest) -> dict[str, Any]:
    """Lazy where it queries, because the admin's pages get it too and ask for none of it."""
    return {
        "public_read": settings.PUBLIC_READ,
        "page_url": page_url(request),
        "section": _section(request),
        "scopes": SimpleLazyObject(lambda: scopes_of_user(request.user)),
        "demo_names": SimpleLazyObject(lambda: {h.place.name for h in places_of(request) if h.place.is_demo}),
    }


def page_url(request: HttpRequest) -> str:
    """Return where the page for evaluators is, as this person reaches it; "" when there is none, or nobody told."""
    if settings.PAGE_URL or not settings.GRADIO_PORT or request.is_secure():
        # Behind TLS its port is not a guess to make: PAGE_URL tells.
        return str(settings.PAGE_URL)
    name = urlsplit(request.build_absolute_uri("/")).hostname or ""
    return f"http://{f'[{name}]' if ':' in name else name}:{settings.GRADIO_PORT}/"


def _section(request: HttpRequest) -> str:
    name = request.resolver_match.url_name if request.resolver_match else None
    word = (name or "").partition("-")[0]
    return SECTIONS.get(word.removesuffix("s"), "account")
