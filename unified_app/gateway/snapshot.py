"""What the gateway knows without asking the database: keys, models, routes, aliases. Loaded in a thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Prefetch

from unified_app.gateway.entries import KeyEntry, ModelEntry, Route
from unified_app.gateway.following import Follower
from unified_app.gateway.variants import Variants
from unified_app.models import (
    Alias,
    ApiKey,
    ModelServingConfig,
    ModelServingStatus,
    Placement,
    RegistryEpoch,
    UnifiedModel,
)
from unified_app.naming import name_key
from unified_app.planning import preferred
from unified_app.programs import Program
from unified_app.recipes import ENSEMBLE, REALISED
from unified_app.scopes import scopes_of_user
from unified_app.sources import source_classes
from unified_app.writing import stored_placement

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
FULL_SECONDS = 60.0
# A caller that asks for what is not there may ask so often; who has just made a model calls it at once.
CATCH_UP_SECONDS = 0.1
# What holds for a model that nobody configured.
DEFAULTS = ModelServingConfig()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The registry at one epoch. `names` maps a name key to an id, `aliases` a lower-case alias to ids."""

    epoch: int = 0
    keys: dict[str, KeyEntry] = field(default_factory=dict)
    models: dict[str, ModelEntry] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    loaded_at: float = 0.0

    def find(self, called: str) -> list[ModelEntry]:
        """Return the models that `called` means, the preferred one first: an id, an alias or a name."""
        if called in self.models:
            return [self.models[called]]
        if targets := self.aliases.get(called.lower()):
            return [self.models[target] for target in targets if target in self.models]
        found = self.names.get(name_key(called))
        return [self.models[found]] if found else []


class SnapshotHolder(Follower):
    """Keeps `current` up to date from a thread of its own; readers take the attribute and never wait."""

    thread_name: ClassVar[str] = "gateway-snapshot"

    def __init__(self, load: Callable[[], Snapshot] | None = None) -> None:
        super().__init__()
        self.current = Snapshot()
        self.ready = threading.Event()
        self._load = load or load_snapshot
        self._loading = threading.Lock()
        self._catching = threading.Lock()
        self._caught_at = 0.0

    def refresh(self) -> None:
        """Load now if the epoch has moved or the snapshot is old."""
        with self._loading:  # else an older snapshot that took longer would replace a newer one
            is_old = time.monotonic() - self.current.loaded_at > FULL_SECONDS
            if is_old or not self.ready.is_set() or RegistryEpoch.current() != self.current.epoch:
                self.current = self._load()
                self.ready.set()

    def catch_up(self) -> None:
        """Look now, in the caller's thread, for what was made since the last look; often asked, it looks at times."""
        with self._catching:
            if time.monotonic() - self._caught_at < CATCH_UP_SECONDS:
                return
            try:
                self.refresh()
            except DatabaseError:  # the regular look says so
                logger.debug("no look at the registry: the database does not answer")
            finally:
                self._caught_at = time.monotonic()
                connection.close()

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                self.refresh()
            except DatabaseError as error:  # not migrated yet, or away: what is known stays in force
                logger.warning("the snapshot is %s behind: %s", self._age(), type(error).__name__)
                connection.close()
            self._stop.wait(LOOK_SECONDS)
        connection.close()

    def _age(self) -> str:
        return f"{time.monotonic() - self.current.loaded_at:.0f} s" if self.ready.is_set() else "not there, so all"


def load_snapshot() -> Snapshot:
    """Read everything in a constant number of queries. The epoch is read first: what changes later is seen later."""
    epoch = RegistryEpoch.current()
    models = _models()
    return Snapshot(
        epoch=epoch,
        keys=_keys(),
        models=models,
        names=_names(models.values()),
        aliases={a.name.lower(): tuple(a.targets) for a in Alias.objects.all()},
        loaded_at=time.monotonic(),
    )


def _keys() -> dict[str, KeyEntry]:
    rows = ApiKey.objects.usable().select_related("user").prefetch_related("user__groups")
    return {row.digest: _key(row) for row in rows}


def _key(row: ApiKey) -> KeyEntry:
    scopes = frozenset(row.scopes) & scopes_of_user(row.user)
    expires = row.expires_at.timestamp() if row.expires_at else None
    return KeyEntry(row.pk, row.user.get_username(), scopes, expires, row.rate_limit_per_minute)


def _models() -> dict[str, ModelEntry]:
    routes = _routes()
    configs = {c.model_id: c for c in ModelServingConfig.objects.all()}
    serving = {s.model_id: s for s in ModelServingStatus.objects.order_by("id")}
    present = Prefetch("placements", Placement.objects.present(), to_attr="there")
    rows = list(UnifiedModel.objects.order_by().prefetch_related(present))
    away = _away(rows, routes)
    found = {
        row.id: _entry(row, routes, configs.get(row.id), serving.get(row.id), away.get(row.id, "")) for row in rows
    }
    made = {row.id: row.recipe for row in rows if row.recipe}
    return found | Variants(found, made, _programs(rows), _unmade(rows)).entries() if made else found


def _programs(rows: list[Any]) -> dict[str, Program]:
    """Return by model id what runs an ensemble, as its source builds it."""
    sources = source_classes()
    ensembles = [row for row in rows if row.recipe and row.recipe.get("kind") == ENSEMBLE and row.source in sources]
    built = {row.id: sources[row.source].program(row.recipe) for row in ensembles}
    return {model_id: program for model_id, program in built.items() if program is not None}


def _unmade(rows: list[Any]) -> dict[str, str]:
    """Return by model id why variants that are to be models of their own are none, where that has failed."""
    wanted: dict[str, list[str]] = {}
    for row in rows:
        if row.recipe and row.recipe.get("kind") == REALISED and not row.recipe.get("model"):
            wanted.setdefault(row.source, []).append(row.id)
    sources = source_classes()
    told = [sources[name].why_unmade(ids) for name, ids in wanted.items() if name in sources]
    return {model_id: why for reasons in told for model_id, why in reasons.items()}


def _away(rows: list[Any], routes: dict[int, Route]) -> dict[str, str]:
    """Return by model id why it has placements, but none that can be called; each place is asked once."""
    sources = source_classes()
    reasons: dict[tuple[str, str], str] = {}
    found: dict[str, str] = {}
    for row in rows:
        if row.is_retired or any(p.pk in routes for p in row.there):
            continue
        places = [(p.source, p.place) for p in row.there if p.source in sources]
        for source, place in places:
            if (source, place) not in reasons:
                reasons[source, place] = sources[source].why_unroutable(place)
        found[row.id] = next(filter(None, (reasons[where] for where in places)), "")
    return found


def _routes() -> dict[int, Route]:
    """Return the route of every placement that its source can reach now."""
    found: dict[int, Route] = {}
    for name, source in source_classes().items():
        placements = list(Placement.objects.filter(source=name, state=Placement.State.AVAILABLE))
        upstreams = source.routes(placements)
        for p in placements:
            if p.pk in upstreams:
                found[p.pk] = Route(p.pk, p.place, upstreams[p.pk], source.takes_slot(p), p.version)
    return found


def _entry(
    row: Any,
    routes: dict[int, Route],
    config: ModelServingConfig | None,
    serving: ModelServingStatus | None,
    away: str,
) -> ModelEntry:
    chosen = preferred({p.place: stored_placement(p) for p in row.there})
    modified = chosen.placement.modified_at if chosen else None
    config = config or DEFAULTS
    there = tuple(routes[p.pk] for p in row.there if p.pk in routes)
    return ModelEntry(
        id=row.id,
        name=row.name,
        version=row.version,
        created=int(row.created_at.timestamp()),
        digest=chosen.placement.digest if chosen else "",
        size=row.size or 0,
        modified_at=(modified or row.updated_at).isoformat(),
        category=row.category,
        capabilities=tuple(row.capabilities),
        context_length=row.context_length,
        parameters=row.parameters,
        routes=there,
        retired=(row.retired_reason or "retired") if row.is_retired else "",
        hidden=row.hidden,
        state=serving.status if serving else "stopped",
        served_placement=serving.placement_id if serving else None,
        served_at=int(serving.started_at.timestamp()) if serving and serving.started_at else None,
        away=away,
        timeout=config.timeout,
        max_concurrent=_at_once(config.max_concurrent_requests, there),
        max_queue=config.max_queue,
        runs_on=row.id,
    )


def _at_once(configured: int, routes: tuple[Route, ...]) -> int:
    """Return how many calls of a model run at once: no more than is configured, nor than all its places take."""
    told = [route.upstream.concurrent for route in routes]
    known = [most for most in told if most is not None]
    return max(1, min(configured, sum(known))) if told and len(known) == len(told) else configured


def _names(models: Any) -> dict[str, str]:
    """Map each name to one model: one that is not retired, in the order of MODEL_SOURCES."""
    order = {name: rank for rank, name in enumerate(settings.MODEL_SOURCES)}
    sources = dict(UnifiedModel.objects.order_by().values_list("id", "source"))
    best_last = sorted(models, key=lambda m: (bool(m.retired), order.get(sources.get(m.id, ""), 99)), reverse=True)
    return {name_key(m.name): m.id for m in best_last}
