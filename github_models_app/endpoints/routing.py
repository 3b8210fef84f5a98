"""How models of endpoints are called, how often, and whether they are there."""

from __future__ import annotations

import email.utils
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from github_models_app.endpoints.endpoints import ENDPOINTS
from github_models_app.endpoints.headers import with_key
from github_models_app.endpoints.models import Endpoint
from unified_app import pacing
from unified_app.errors import NoPlacement, RegistryError
from unified_app.models import Placement
from unified_app.server_checks import CHECK_SECONDS
from unified_app.sources import ServingObservation, Upstream

READY = ServingObservation("ready")
# Providers count every question, so the schedule takes what a sync or a test saw lately.
FRESH = timedelta(minutes=5)
# A refusal that does not tell how long it holds is believed this long, and none longer than an hour.
HOLD_SECONDS = 5.0
MAX_HOLD_SECONDS = 3_600.0


@dataclass(frozen=True)
class EndpointPace:
    """The limit of one endpoint, which all its models share; learns from 429."""

    key: str
    per_minute: int | None

    def acquire(self) -> float:
        return pacing.shared().acquire(self.key, pacing.Limits(per_minute=self.per_minute))

    def learn(self, status: int, headers: Mapping[str, str], text: str) -> None:
        if status == 429:
            pacing.shared().hold(self.key, hold_of(headers))


def hold_of(headers: Mapping[str, str]) -> float:
    """Return for how many seconds an answer asks not to be called again."""
    told = {name.lower(): value for name, value in headers.items()}.get("retry-after", "").strip()
    if told.isascii() and told.isdecimal() and len(told) < 10:
        return min(float(told), MAX_HOLD_SECONDS)
    try:
        seconds = (email.utils.parsedate_to_datetime(told) - timezone.now()).total_seconds()
    except (TypeError, ValueError):
        return HOLD_SECONDS
    return min(max(seconds, 0.0), MAX_HOLD_SECONDS)


def routes(placements: Sequence[Placement]) -> dict[int, Upstream]:
    """Return how each placement is called; endpoints that are disabled or whose key cannot be read are left out."""
    by_place = {endpoint.name: route for endpoint in _endpoints(placements) if (route := _route(endpoint))}
    return {
        p.pk: Upstream(found.url, found.headers, found.protocol, p.upstream_name, found.timeout, found.pace)
        for p in placements
        if (found := by_place.get(p.place))
    }


def why_unroutable(place: str) -> str:
    """Return why no model of an endpoint can be called now, or ""."""
    endpoint = Endpoint.objects.filter(name=place).first()
    if endpoint is None or not endpoint.enabled:
        return f"The endpoint {place!r} is disabled or deleted."
    return "" if _route(endpoint) else f"The key of the endpoint {place!r} cannot be read. Enter it again."


def observe(placements: Sequence[Placement], *, now: bool = False) -> dict[int, ServingObservation]:
    """Return what is seen of each placement; every endpoint is asked once, all at the same time, and noted.

    Without `now` one that answered lately is taken to be there.
    """
    there = {endpoint.name: endpoint for endpoint in _endpoints(placements)}
    asked = [endpoint for endpoint in there.values() if now or not _was_seen_lately(endpoint)]
    errors: dict[str, RegistryError] = {}
    for endpoint, answer in ENDPOINTS.probed(asked, CHECK_SECONDS):
        ENDPOINTS.note(endpoint, answer)
        if isinstance(answer, RegistryError):
            errors[endpoint.name] = answer
    gone = NoPlacement("The endpoint is disabled or deleted.")
    return {p.pk: _seen(p.place, errors.get(p.place) or (None if p.place in there else gone)) for p in placements}


def _seen(place: str, error: RegistryError | None) -> ServingObservation:
    return ServingObservation.failed(place, error) if error else READY


def _was_seen_lately(endpoint: Endpoint) -> bool:
    is_fresh = endpoint.last_seen is not None and timezone.now() - endpoint.last_seen < FRESH
    return is_fresh and endpoint.state == Endpoint.State.UP


def _route(endpoint: Endpoint) -> Upstream | None:
    """Return how an endpoint is called; None when its key cannot be read, which its syncs say."""
    try:
        headers = with_key(endpoint.token, endpoint.headers)
    except RegistryError:
        return None
    pace = EndpointPace(f"endpoint:{endpoint.pk}", endpoint.rate_limit_per_minute)
    return Upstream(endpoint.api_base, headers, "openai", "", float(endpoint.timeout), pace)


def _endpoints(placements: Sequence[Placement]) -> list[Endpoint]:
    return list(Endpoint.objects.enabled().filter(name__in={p.place for p in placements}))
