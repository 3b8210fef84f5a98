"""The service behind the GitHub Models contract: where it is, and whether it is there.

Its state belongs to one address and starts anew at another. `retired` is final for everybody who asks by themselves:
only a sync by hand asks again, and only an answer ends it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from github_models_app.mapping import PLACE, SOURCE
from github_models_app.models import GitHubService
from github_models_app.refusals import PUBLIC_HOST, RETIRED_ON, retired
from unified_app import syncing
from unified_app.addresses import normalise_url
from unified_app.errors import RegistryError, UpstreamRetired
from unified_app.history import record
from unified_app.models import Placement, RegistryEpoch

State = GitHubService.State

DEMO_TOKEN = "demo"  # noqa: S105 - the stand-in takes any
PUBLIC_NOTE = (
    f"GitHub retired the public service at {PUBLIC_HOST} on {RETIRED_ON}. GITHUB_MODELS_URL may name another service "
    "that keeps to its contract; for models to call today, add an OpenAI-compatible endpoint."
)
NOT_CONFIGURED = "GitHub Models is not configured: GITHUB_TOKEN is not set."
HISTORY_KIND = "github service"
NOT_ASKED = "It has not been asked yet."


@dataclass(frozen=True)
class Configuration:
    """The service that is asked, and with which token."""

    url: str
    token: str
    is_demo: bool = False

    @property
    def shown_url(self) -> str:
        return without_credentials(self.url)


@dataclass(frozen=True)
class Status:
    """What is known of the service: `state` is ok, error, retired or not_configured; `since` when it became so."""

    state: str
    reason: str
    since: datetime | None
    last_sync: datetime | None
    url: str
    demo: bool
    plan: str
    public_service: str = PUBLIC_NOTE


def configuration() -> Configuration | None:
    """Return what is asked now: the service of the settings, else the demo's stand-in, else nothing."""
    if settings.GITHUB_TOKEN:
        return Configuration(normalise_url(settings.GITHUB_MODELS_URL), settings.GITHUB_TOKEN)
    return _of_demo(row())


def row() -> GitHubService:
    """Return the one row."""
    found: GitHubService = GitHubService.objects.get_or_create(pk=1)[0]
    return found


def known(config: Configuration) -> GitHubService:
    """Return what is known of this configuration's service, in a row that is not to be saved."""
    return _at(config, row())


def look() -> tuple[Configuration | None, GitHubService]:
    """Return what is asked now and what is known of it, in one query."""
    found = row()
    config = configuration() if settings.GITHUB_TOKEN else _of_demo(found)
    return config, _at(config, found) if config else found


def status() -> Status:
    """Return the state as people are told it."""
    config, found = look()
    if config is None:
        return Status("not_configured", NOT_CONFIGURED, None, None, "", False, settings.GITHUB_MODELS_PLAN)
    # Nothing is wrong with one that nobody has asked yet; the reason and the missing sync tell the rest.
    state, reason = (State.OK, NOT_ASKED) if found.state == State.UNKNOWN else (found.state, found.reason)
    more = (found.since, found.last_sync, config.shown_url, config.is_demo, settings.GITHUB_MODELS_PLAN)
    return Status(str(state), reason, *more)


def why_away() -> str:
    """Return a sentence why none of its models can be called, or ""."""
    config, found = look()
    if config is None:
        return NOT_CONFIGURED
    return found.reason if found.state in (State.RETIRED, State.ERROR) else ""


def mark_ok(config: Configuration) -> None:
    """Note that the catalog was read. The sync that read it has made the placements callable again."""
    with transaction.atomic():
        RegistryEpoch.lock()
        _write(config, State.OK, "")


def mark_failed(config: Configuration, error: RegistryError) -> None:
    """Note that the service could not be read, or is gone for good: its models stay, and are not routed to.

    A retired one that does not answer at all is as retired as before.
    """
    if isinstance(error, UpstreamRetired):
        mark_retired(config, error.message)
        return
    with transaction.atomic():
        RegistryEpoch.lock()
        if known(config).state != State.RETIRED:
            _write(config, State.ERROR, error.message)
        _cut_off()


def mark_retired(config: Configuration, reason: str = "") -> None:
    """Note that the service has been switched off for good; the first reason and date stay."""
    with transaction.atomic():
        RegistryEpoch.lock()
        if known(config).state != State.RETIRED:
            _write(config, State.RETIRED, reason or retired(config.url).message)
        _cut_off()


def set_demo(url: str | None) -> None:
    """Let the demo's stand-in at `url` answer when no token is set; None: it is not running.

    What only a stand-in told of that no longer runs is retired, like the models of a host that is disabled.
    """
    wanted = normalise_url(url) if url else ""
    with transaction.atomic():
        RegistryEpoch.lock()
        before = row().demo_url
        GitHubService.objects.filter(pk=1).update(demo_url=wanted)
        # A stand-in that was just started is another server than the one that was there before it.
        GitHubService.objects.filter(pk=1, url=wanted).update(state=State.UNKNOWN, reason="", since=None)
        RegistryEpoch.bump()
        if before and not wanted and _present().filter(base_url=before).exists():
            syncing.retire_place(SOURCE, PLACE, "the demo's stand-in for GitHub Models is not running")


def without_credentials(url: str) -> str:
    """Return an address without user and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))


def _of_demo(found: GitHubService) -> Configuration | None:
    return Configuration(found.demo_url, DEMO_TOKEN, is_demo=True) if found.demo_url else None


def _at(config: Configuration, found: GitHubService) -> GitHubService:
    """Return what is known of one address: nothing, when the row tells of another."""
    return found if found.url == config.url else GitHubService(url=config.url, demo_url=found.demo_url)


def _write(config: Configuration, state: GitHubService.State, reason: str) -> None:
    """Write a state; `since` moves only when the state does. A change goes into the history."""
    before, now = known(config), timezone.now()
    is_new = before.state != state
    GitHubService.objects.filter(pk=1).update(
        url=config.url,
        state=state,
        reason=reason,
        since=now if is_new else before.since,
        last_sync=now if state == State.OK else before.last_sync,
    )
    if is_new:
        changes = {"state": (str(before.state), str(state)), "reason": (before.reason, reason)}
        record(HISTORY_KIND, 1, "sync", changes)
        RegistryEpoch.bump()


def _cut_off() -> None:
    """Take all placements out of the routes until a sync finds them again."""
    if _present().filter(state=Placement.State.AVAILABLE).update(state=Placement.State.UNREACHABLE):
        RegistryEpoch.bump()


def _present() -> Any:
    return Placement.objects.present().filter(source=SOURCE, place=PLACE)
