"""Hosts and endpoints of all sources as the pages show them: state, models, last sync, sync under way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count
from django.http import HttpRequest
from django.utils import timezone

from registry_project.templatetags.words import counted
from unified_app.models import Job, Placement, SyncRun
from unified_app.models.catalog import ModelStatus
from unified_app.sources import Place, source_classes

# Every cycle of the schedule makes one run per place, so the last few cycles hold the last run of each.
CYCLES_READ = 5
# A job that waits longer than this has no worker to do it.
WORKER_IS_LATE = timedelta(seconds=20)
# What the places of a source are called; of another source they are hosts.
NOUNS = {"external": "endpoint"}
# The states of places that syncs visit; others are told, but neither counted nor synced.
VISITED = ("up", "down", "unknown")


@dataclass(frozen=True)
class Located:
    """A place together with the source it belongs to."""

    source: str
    label: str
    place: Place

    @property
    def key(self) -> tuple[str, str]:
        return (self.source, self.place.name)


@dataclass(frozen=True)
class PlaceCard:
    """All that a card shows of one place. `job` is the active sync that covers it."""

    located: Located
    models: int
    run: SyncRun | None
    job: Job | None

    @property
    def source(self) -> str:
        return self.located.source

    @property
    def label(self) -> str:
        return self.located.label

    @property
    def place(self) -> Place:
        return self.located.place

    @property
    def is_whole_source(self) -> bool:
        """Whether its source has this one place and no other, named like itself."""
        return self.place.name == self.source

    @property
    def title(self) -> str:
        return self.label if self.is_whole_source else self.place.name

    @property
    def noun(self) -> str:
        return self.label if self.is_whole_source else NOUNS.get(self.source, "host")

    @property
    def is_visited(self) -> bool:
        return self.place.state in VISITED

    @property
    def is_syncing(self) -> bool:
        """Whether this place still waits for its turn or its end; others of the same job may go on."""
        if self.job is None:
            return self.run is not None and self.run.state == SyncRun.State.RUNNING
        has_run = self.run is not None and self.run.job_id == self.job.pk
        return not has_run or (self.run is not None and self.run.state == SyncRun.State.RUNNING)

    @property
    def waits_for_worker(self) -> bool:
        return self.job is not None and waits_for_worker(self.job)

    @property
    def last_run(self) -> SyncRun | None:
        """The last run that has ended."""
        return self.run if self.run is not None and self.run.finished_at else None


@dataclass(frozen=True)
class Health:
    """The hosts and endpoints in numbers, for the line that answers first."""

    all_cards: list[PlaceCard]

    @property
    def cards(self) -> list[PlaceCard]:
        """What syncs visit."""
        return [card for card in self.all_cards if card.is_visited]

    @property
    def told(self) -> str:
        """`1 host, 2 endpoints and GitHub Models`."""
        counts = Counter(card.noun for card in self.cards)
        whole = {card.noun for card in self.cards if card.is_whole_source}
        parts = [noun if noun in whole else counted(count, noun) for noun, count in counts.items()]
        return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))

    @property
    def total(self) -> int:
        return len(self.cards)

    @property
    def down(self) -> list[PlaceCard]:
        return [card for card in self.cards if card.place.state == "down"]

    @property
    def up(self) -> int:
        return sum(card.place.state == "up" for card in self.cards)

    @property
    def unknown(self) -> int:
        return self.total - self.up - len(self.down)

    @property
    def worst_first(self) -> list[PlaceCard]:
        """For short lists, which must not hide what is broken; what syncs do not visit comes next."""
        order = {"down": 0, **dict.fromkeys(("up", "unknown"), 2)}
        return sorted(self.all_cards, key=lambda card: order.get(card.place.state, 1))


def waits_for_worker(job: Job) -> bool:
    """Whether a job that is due has waited longer than a living worker would let it."""
    return job.state == Job.State.QUEUED and timezone.now() - job.run_after > WORKER_IS_LATE


def places_of(request: HttpRequest) -> list[Located]:
    """Return the places of every source; one query per source and request."""
    found: list[Located] | None = getattr(request, "_places", None)
    if found is None:
        found = [Located(name, cls.label, place) for name, cls in source_classes().items() for place in cls.places()]
        request._places = found  # type: ignore[attr-defined]
    return found


def cards_of(request: HttpRequest, also: Sequence[Located] = ()) -> list[PlaceCard]:
    """Return a card for every place, in a constant number of queries; `also` are places that no sync visits."""
    located = [*places_of(request), *also]
    counts, runs, jobs = _model_counts(), _last_runs(len(located)), _active_syncs()
    return [
        PlaceCard(
            located=here,
            models=counts[here.key],
            run=runs.get(here.key),
            job=next((job for job in jobs if covers(job, here)), None),
        )
        for here in located
    ]


def covers(job: Job, here: Located) -> bool:
    """Whether a sync job visits this place: one of everything, of its source, or of it alone."""
    source, place = job.arguments.get("source"), job.arguments.get("place")
    return source in (None, here.source) and place in (None, here.place.name)


def _model_counts() -> Counter[tuple[str, str]]:
    shown = Placement.objects.present().filter(model__hidden=False).exclude(model__status=ModelStatus.RETIRED)
    rows = shown.order_by().values_list("source", "place").annotate(Count("pk"))
    return Counter({(source, place): count for source, place, count in rows})


def _last_runs(places: int) -> dict[tuple[str, str], SyncRun]:
    newest = SyncRun.objects.order_by("-pk").defer("changes")[: max(200, CYCLES_READ * places)]
    runs: dict[tuple[str, str], SyncRun] = {}
    for run in newest:
        runs.setdefault((run.source, run.place), run)
    return runs


def _active_syncs() -> list[Job]:
    return list(Job.objects.active().filter(kind="sync").order_by("pk"))
