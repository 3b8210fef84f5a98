"""What is done with hosts: added, changed, deleted, checked. The admin, the API and the commands call these."""

from __future__ import annotations

import logging
from collections.abc import Container
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from ollama_app.addresses import normalise_url, parse_hosts, same_origin
from ollama_app.connection import client_for
from ollama_app.models import Host
from ollama_app.source import OllamaSource, mark_down
from unified_app import jobs, syncing, vault
from unified_app.errors import Conflict, InvalidInput, RegistryError
from unified_app.history import record
from unified_app.models import Job, Placement, RegistryEpoch
from unified_app.sources import source_classes

logger = logging.getLogger(__name__)

DEMO_NAME = "demo"
# Who acts when OLLAMA_HOSTS, or the start of the demo, changes a host.
ENVIRONMENT = "environment"
FROM_ENVIRONMENT = (Host.Origin.ENVIRONMENT, Host.Origin.DEFAULT)
# How long a host may take to say that it is there: at start-up somebody waits; later a busy one is not a dead one.
PROBE_SECONDS = 2.0
CHECK_SECONDS = 5.0
CHECKERS = 8
EDITABLE = ("name", "url", "enabled")


@dataclass(frozen=True)
class TestOutcome:
    """What a connection test found; `models` counts what the host lists."""

    ok: bool
    code: str
    message: str
    version: str = ""
    models: int | None = None


def save_host(host: Host, *, by: str, token: str | None = None) -> Host:
    """Validate and write a new or changed host; `token` None keeps the stored one, "" clears it.

    Another address also clears it, unless a token is given with it. Raises InvalidInput naming the fields.
    A new name or URL moves the placements along; disabling retires what only this host had, until it is enabled
    and a sync finds it again.
    """
    host.url = normalise_url(host.url)
    if token is not None:
        host.sealed_token = vault.seal(_checked_token(token))
    _validate(host)
    if by != ENVIRONMENT:
        _refuse_twin(host)
    try:
        _write(host, by=by, token=token)
    except IntegrityError:  # another one of that name was saved between the look and the write
        message = "Ollama host with this Name already exists."
        raise InvalidInput(f"name: {message}", details={"name": [message]}) from None
    return host


def _write(host: Host, *, by: str, token: str | None) -> None:
    with transaction.atomic():
        RegistryEpoch.lock()
        before = Host.objects.filter(pk=host.pk).first() if host.pk else None
        if before is not None and token is None and before.has_token and not same_origin(before.url, host.url):
            # A token was entered for one server; whoever answers at the new address must not be sent it.
            host.sealed_token, token = "", ""
        if before is not None and by != ENVIRONMENT and _differs(before, host):
            # What a person has changed is that person's: the environment does not change it back.
            host.origin = Host.Origin.MANUAL if host.origin != Host.Origin.DEMO else host.origin
        # Only what was edited: checks and syncs write the other columns meanwhile.
        host.save(update_fields=None if before is None else [*EDITABLE, "sealed_token", "origin"])
        _record(before, host, by, token)
        if before is not None:
            _follow(before, host)
        RegistryEpoch.bump()
        is_new_to_us = before is None or not before.enabled or before.url != host.url
        # At the start everything is synced anyway.
        if host.enabled and is_new_to_us and by != ENVIRONMENT:
            transaction.on_commit(partial(syncing.request_sync, place=host.name, by=by))


def delete_host(host: Host, *, by: str) -> None:
    """Delete a host; models that only it had are retired, the others lose this placement."""
    with transaction.atomic():
        RegistryEpoch.lock()
        syncing.retire_place(OllamaSource.name, host.name, f"host {host.name} was deleted by {by}")
        _drop_queued(host.name, by)
        record("host", host.name, by, {"deleted": (host.url, None)})
        host.delete()
        RegistryEpoch.bump()


def test_connection(host: Host) -> TestOutcome:
    """Ask a host for its version and its models now, and note what was found; never raises."""
    try:
        with closing(client_for(host, timeout=min(CHECK_SECONDS, settings.UPSTREAM_TIMEOUT))) as client:
            version = client.version()
            models = len(client.tags())
    except RegistryError as error:
        if host.pk:
            mark_down(host, error)
        return TestOutcome(False, error.code, error.message)
    if host.pk:
        _mark_up(host, version)
    return TestOutcome(True, "ok", f"Ollama {version} answers with {models} models.", version, models)


def check_hosts() -> dict[str, str]:
    """Ask every enabled host whether it is there, all at once; return {name: state} and note it in the rows."""
    hosts = list(Host.objects.enabled())
    with ThreadPoolExecutor(CHECKERS, thread_name_prefix="check") as pool:
        answers = list(pool.map(_probe, hosts, repeat(CHECK_SECONDS)))
    for host, answer in zip(hosts, answers, strict=True):
        if isinstance(answer, RegistryError):
            mark_down(host, answer)
        else:
            _mark_up(host, answer)
    return {h.name: "down" if isinstance(a, RegistryError) else "up" for h, a in zip(hosts, answers, strict=True)}


def ensure_environment_hosts() -> None:
    """Make the rows agree with OLLAMA_HOSTS; hosts that people made or changed are left alone."""
    wanted = parse_hosts(settings.OLLAMA_HOSTS)
    origin = Host.Origin.ENVIRONMENT
    if not wanted:
        wanted, origin = parse_hosts([settings.DEFAULT_OLLAMA_HOST]), Host.Origin.DEFAULT
    for name, url in wanted.items():
        _ensure(name, url, origin, wanted)
    for host in Host.objects.enabled().filter(origin__in=FROM_ENVIRONMENT).exclude(name__in=wanted):
        host.enabled = False
        save_host(host, by=ENVIRONMENT)


def set_demo_host(url: str | None) -> None:
    """Register the demo upstream under `url`, or disable it when it is not running."""
    host = Host.objects.filter(origin=Host.Origin.DEMO).first()
    if url is None:
        if host is not None and host.enabled:
            host.enabled = False
            save_host(host, by=ENVIRONMENT)
        return
    host = host or Host(name=_free_name(DEMO_NAME), origin=Host.Origin.DEMO)
    host.url, host.enabled = url, True
    save_host(host, by=ENVIRONMENT)


def any_source_answers() -> bool:
    """Whether a real source is there: an Ollama host that answers a short probe, or a place of another source."""
    for name, source in source_classes().items():
        if name != OllamaSource.name and source.places():
            return True
    hosts = [h for h in Host.objects.enabled() if not h.is_demo]
    with ThreadPoolExecutor(CHECKERS, thread_name_prefix="probe") as pool:
        return any(not isinstance(answer, RegistryError) for answer in pool.map(_probe, hosts, repeat(PROBE_SECONDS)))


def _probe(host: Host, seconds: float) -> str | RegistryError:
    try:
        with closing(client_for(host, timeout=seconds)) as client:
            return client.version()
    except RegistryError as error:
        return error


def _mark_up(host: Host, version: str) -> None:
    now = timezone.now()
    Host.objects.filter(pk=host.pk).update(
        state=Host.State.UP, version=version, last_seen=now, last_error="", down_since=None
    )
    if host.state == Host.State.DOWN and host.enabled:
        # What it has may have changed while it was away; the schedule's next sync can be minutes off.
        syncing.request_sync(place=host.name, by="check")
    with transaction.atomic():
        away = Placement.objects.filter(source=OllamaSource.name, place=host.name, state=Placement.State.UNREACHABLE)
        if away.update(state=Placement.State.AVAILABLE):
            RegistryEpoch.bump()


def _validate(host: Host) -> None:
    try:
        host.full_clean()
    except ValidationError as error:
        details = error.message_dict
        sentence = "; ".join(f"{name}: {' '.join(messages)}" for name, messages in details.items())
        raise InvalidInput(sentence, details=details) from None


def _refuse_twin(host: Host) -> None:
    """Raise InvalidInput for a second row of one server: its models would be counted twice."""
    others = Host.objects.enabled().exclude(pk=host.pk)
    if twin := others.filter(name__iexact=host.name).first():
        message = f"The host {twin.name!r} has this name but for its case."
        raise InvalidInput(f"name: {message}", details={"name": [message]})
    if host.enabled and (twin := others.filter(url=host.url).first()):
        message = f"The host {twin.name!r} has this address already."
        raise InvalidInput(f"url: {message}", details={"url": [message]})


def _record(before: Host | None, host: Host, by: str, token: str | None) -> None:
    changes: dict[str, tuple[Any, Any]] = {
        name: (getattr(before, name) if before else None, getattr(host, name)) for name in EDITABLE
    }
    if token is not None:
        was = "set" if before and before.has_token else "not set"
        now = "not set" if not host.has_token else "set again" if was == "set" else "set"
        changes["token"] = (was, now)
    record("host", host.name, by, changes)


def _follow(before: Host, host: Host) -> None:
    """Let the placements of a changed host follow it."""
    placements = Placement.objects.filter(source=OllamaSource.name)
    if before.name != host.name:
        # What a host of that name left behind, long deleted, would be in the way.
        placements.filter(place=host.name).delete()
        placements.filter(place=before.name).update(place=host.name)
    if before.url != host.url:
        placements.filter(place=host.name).update(base_url=host.url)
        Host.objects.filter(pk=host.pk).update(state=Host.State.UNKNOWN, version="", last_error="")
    if before.enabled and not host.enabled:
        syncing.retire_place(OllamaSource.name, host.name, f"host {host.name} is disabled")
        _drop_queued(host.name, "its host is disabled")
        Host.objects.filter(pk=host.pk).update(state=Host.State.UNKNOWN, last_error="", down_since=None)


def _drop_queued(name: str, by: str) -> None:
    """Cancel the jobs that would only find that the host is gone."""
    for key in (f"sync:{OllamaSource.name}:{name}", f"ollama_details:{name}"):
        for job in Job.objects.filter(state=Job.State.QUEUED, unique_key=key):
            jobs.cancel(job, by)


def _differs(before: Host, host: Host) -> bool:
    return any(getattr(before, name) != getattr(host, name) for name in EDITABLE)


def _checked_token(token: str) -> str:
    """Return a token that can stand in a header. Raises InvalidInput, without the token, for another."""
    token = token.strip()
    if token and not (token.isascii() and token.isprintable() and " " not in token):
        message = "A token has printable ASCII characters and no spaces."
        raise InvalidInput(f"token: {message}", details={"token": [message]})
    return token


def _ensure(name: str, url: str, origin: str, wanted: Container[str]) -> None:
    """Make one host of the environment; one that only got another name there keeps its row."""
    host = Host.objects.filter(name=name).first()
    if host is None:
        same = Host.objects.filter(url=url)
        if same.filter(origin=Host.Origin.MANUAL).exists():
            logger.warning("OLLAMA_HOSTS names %s, which somebody has made under another name; that row is kept", url)
            return
        renamed = [h for h in same.filter(origin__in=FROM_ENVIRONMENT) if h.name not in wanted]
        host = renamed[0] if renamed else Host(origin=origin)
    elif host.origin not in FROM_ENVIRONMENT:
        if host.url != url:
            logger.warning("OLLAMA_HOSTS names %r, which somebody made or changed here; that row is kept", name)
        return
    if host.pk is None or (host.name, host.url, host.origin, host.enabled) != (name, url, origin, True):
        host.name, host.url, host.origin, host.enabled = name, url, origin, True
        save_host(host, by=ENVIRONMENT)


def _free_name(name: str) -> str:
    taken = set(Host.objects.values_list("name", flat=True))
    for candidate in (name, *(f"{name}-{number}" for number in range(2, 100))):
        if candidate not in taken:
            return candidate
    raise Conflict(f"Every name from {name} to {name}-99 is taken.")
