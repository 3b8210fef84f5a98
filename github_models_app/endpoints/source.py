"""OpenAI-compatible endpoints as a source of the registry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import ClassVar

from github_models_app.endpoints import routing
from github_models_app.endpoints.connection import client_for
from github_models_app.endpoints.endpoints import ENDPOINTS, SOURCE, read
from github_models_app.endpoints.model_loader import models_of, to_unified
from github_models_app.endpoints.models import Endpoint
from unified_app.errors import Conflict, RegistryError
from unified_app.model_objects import RejectedRow, UnifiedModelObject
from unified_app.models import Placement
from unified_app.sources import Place, ServingObservation, Source, Upstream


class EndpointSource(Source):
    """One endpoint. Its listing tells its models, unless their names are typed in."""

    name: ClassVar[str] = SOURCE
    label: ClassVar[str] = "Endpoints"

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.endpoint: Endpoint = Endpoint.objects.get(name=place)
        self._kind = ""

    @classmethod
    def places(cls) -> list[Place]:
        return [endpoint.as_place() for endpoint in Endpoint.objects.enabled()]

    def fetch(self) -> Iterator[UnifiedModelObject | RejectedRow]:
        endpoint = self.endpoint
        # Made here and not before: a key that cannot be read is this endpoint's failure and no other's.
        with closing(client_for(endpoint)) as client:
            told = read(client, endpoint.models)
        self._kind = told.kind
        credential = f"endpoint:{endpoint.pk}" if endpoint.has_token or endpoint.sealed_headers else ""
        for found in models_of(told, endpoint.models):
            if isinstance(found, RejectedRow):
                yield found
            else:
                yield to_unified(*found, endpoint=self.place, base=endpoint.api_base, credential=credential)

    def record_reading(self) -> None:
        """Raise Conflict when the endpoint is no longer the one that was read."""
        read_as = {name: getattr(self.endpoint, name) for name in ("url", "sealed_token", "sealed_headers")}
        now = Endpoint.objects.enabled().filter(pk=self.endpoint.pk, name=self.place, **read_as).first()
        if now is None or now.models != self.endpoint.models:
            raise Conflict("The endpoint was changed, disabled or deleted while it was read.")

    def record_success(self) -> None:
        ENDPOINTS.seen(self.endpoint, self._kind)

    def record_failure(self, error: RegistryError) -> None:
        ENDPOINTS.mark_down(self.endpoint, error)

    @classmethod
    def routes(cls, placements: Sequence[Placement]) -> dict[int, Upstream]:
        return routing.routes(placements)

    @classmethod
    def why_unroutable(cls, place: str) -> str:
        return routing.why_unroutable(place)

    @classmethod
    def observe(cls, placements: Sequence[Placement]) -> dict[int, ServingObservation]:
        return routing.observe(placements)

    @classmethod
    def health(cls, placement: Placement) -> ServingObservation:
        return routing.observe([placement], now=True)[placement.pk]
