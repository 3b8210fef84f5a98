"""The GitHub Models service as a source of the registry: one place, named like the source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import ClassVar

from django.conf import settings

from github_models_app import entries, rate_limiter, service
from github_models_app.addresses import routes
from github_models_app.api_client import ANSWER_SECONDS, GitHubModelsAPIClient
from github_models_app.catalog import GitHubModel
from github_models_app.mapping import PLACE, PROTOCOL, SOURCE, to_unified
from github_models_app.model_loader import GitHubModelsLoader
from github_models_app.models import GitHubService
from github_models_app.rate_limiter import RateLimiter
from github_models_app.reasoning import refused_by
from github_models_app.refusals import GONE
from github_models_app.service import Configuration
from unified_app.errors import Conflict, NoPlacement, NotFound, RegistryError
from unified_app.model_objects import RejectedRow, UnifiedModelObject
from unified_app.models import Placement
from unified_app.sources import Place, ServingObservation, Source, Upstream

State = GitHubService.State
_PLACE_STATES = {State.OK: "up", State.ERROR: "down", State.RETIRED: "down"}


@dataclass(frozen=True)
class GitHubPace:
    """The pace of one model: the table's and what was learnt, in the limiter that the process shares."""

    model: str
    tier: str
    config: Configuration
    limiter: RateLimiter

    def acquire(self) -> float:
        return self.limiter.acquire(self.model, self.tier)

    def learn(self, status: int, headers: Mapping[str, str], text: str) -> None:
        """Learn of the limits from an answer that was an error; of the end of the service from a 410."""
        if status == GONE:
            service.mark_retired(self.config)
        else:
            self.limiter.learn(self.model, status, headers, text)


class GitHubSource(Source):
    """The service that is configured. `provider` makes it a reading of one publisher's models alone."""

    name: ClassVar[str] = SOURCE
    label: ClassVar[str] = "GitHub Models"

    def __init__(self, place: str, *, provider: str | None = None) -> None:
        super().__init__(place)
        config = service.configuration()
        if config is None:
            raise NotFound(service.NOT_CONFIGURED)
        self.config = config
        self.provider = provider
        self._models: list[GitHubModel] = []

    @classmethod
    def places(cls) -> list[Place]:
        """Return the one place; a retired service has none, so that nothing asks it by itself."""
        config, known = service.look()
        return [] if config is None or known.state == State.RETIRED else [_place(config, known)]

    @classmethod
    def place_names(cls) -> set[str]:
        """Return the place whenever a service is configured: whoever names it may ask a retired one once more."""
        return {PLACE} if service.configuration() else set()

    def fetch(self) -> Iterator[UnifiedModelObject | RejectedRow]:
        self._models = []
        with closing(self._client()) as client:
            for found in GitHubModelsLoader(client).load(self.provider):
                if isinstance(found, GitHubModel):
                    self._models.append(found)
                    yield to_unified(found, self.config.url)
                else:
                    yield found

    @property
    def publishers(self) -> set[str]:
        """The slugs of the publishers whose models were read."""
        return {model.publisher_slug for model in self._models}

    def record_reading(self) -> None:
        """Keep the catalog's rows. Raises Conflict when another service is configured by now."""
        if service.configuration() != self.config:
            raise Conflict("GitHub Models was configured anew while its catalog was read.")
        entries.keep(self._models)

    def record_success(self) -> None:
        service.mark_ok(self.config)

    def record_failure(self, error: RegistryError) -> None:
        service.mark_failed(self.config, error)

    def _client(self) -> GitHubModelsAPIClient:
        return GitHubModelsAPIClient(
            self.config.token, base_url=self.config.url, timeout=float(settings.UPSTREAM_TIMEOUT)
        )

    @classmethod
    def routes(cls, placements: Sequence[Placement]) -> dict[int, Upstream]:
        """Return how each placement is called; one that another service told of waits for the next sync."""
        config, known = service.look()
        if config is None or known.state == State.RETIRED:
            return {}
        limiter = rate_limiter.shared(config.token, config.url)
        return {p.pk: _upstream(p, config, limiter) for p in placements if p.base_url == config.url}

    @classmethod
    def why_unroutable(cls, place: str) -> str:
        return service.why_away()

    @classmethod
    def observe(cls, placements: Sequence[Placement]) -> dict[int, ServingObservation]:
        """Return what is known of the service: asking for each model would cost a call of its quota."""
        reason = service.why_away()
        seen = ServingObservation.failed(PLACE, NoPlacement(reason)) if reason else ServingObservation("ready")
        return {placement.pk: seen for placement in placements}


def _place(config: Configuration, known: GitHubService) -> Place:
    is_down = known.state == State.ERROR
    return Place(
        name=PLACE,
        url=config.shown_url,
        state=_PLACE_STATES.get(State(known.state), "unknown"),
        last_seen=known.last_sync,
        down_since=known.since if is_down else None,
        error=known.reason if is_down else "",
        is_demo=config.is_demo,
    )


def _upstream(placement: Placement, config: Configuration, limiter: RateLimiter) -> Upstream:
    facts = placement.facts
    tier = facts.get("parameters", {}).get("rate_limit_tier", "")
    name = placement.upstream_name
    return Upstream(
        url=routes(config.url).inference,
        headers={"Authorization": f"Bearer {config.token}"},
        protocol=PROTOCOL,
        model=name,
        timeout=ANSWER_SECONDS,
        pace=GitHubPace(name, tier, config, limiter),
        concurrent=limiter.concurrency(name, tier),
        refuses=refused_by(name, facts.get("capabilities")),
    )
