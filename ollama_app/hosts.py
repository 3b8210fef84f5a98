"""What is done with hosts: added, changed, deleted, checked. The admin, the API and the commands call these."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from ollama_app.addresses import normalise_url, parse_hosts
from ollama_app.models import Host
from ollama_app.source import OllamaSource, client_for, mark_down
from unified_app import syncing, vault
from unified_app.errors import Conflict, InvalidInput, RegistryError
from unified_app.history import record
from unified_app.models import Placement, RegistryEpoch
from unified_app.sources import source_classes

logger = logging.getLogger(__name__)

DEMO_NAME = "demo"
PROBE_SECONDS = 2.0
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

    Raises InvalidInput naming the fields. A new name moves the placements along; disabling or another URL
    retires what only this host had, until the next sync finds it again.
    """
    host.url = normalise_url(host.url)
    if token is not None:
        host.sealed_token = vault.seal(token.strip())
    _validate(host)
    with transaction.atomic():
        RegistryEpoch.lock()
        before = Host.objects.filter(pk=host.pk).first() if host.pk else None
        host.save()
        _record(before, host, by, token)
        if before is not None:
            _follow(before, host)
        RegistryEpoch.bump()
    return host


def delete_host(host: Host, *, by: str) -> None:
    """Delete a host; models that only it had are retired, the others lose this placement."""
    with transaction.atomic():
        syncing.retire_place(OllamaSource.name, host.name, f"host {host.name} was deleted by {by}")
        record("host", host.name, by, {"deleted": (host.url, None)})
        host.delete()
        RegistryEpoch.bump()


def test_connection(host: Host) -> TestOutcome:
    """Ask a host for its version and its models now, and note what was found; never raises."""
    try:
        client = client_for(host, timeout=min(5.0, settings.UPSTREAM_TIMEOUT))
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
        answers = list(pool.map(_probe, hosts))
    for host, answer in zip(hosts, answers, strict=True):
        if isinstance(answer, RegistryError):
            mark_down(host, answer)
        else:
            _mark_up(host, answer)
    return {h.name: "down" if isinstance(a, RegistryError) else "up" for h, a in zip(hosts, answers, strict=True)}


def ensure_environment_hosts() -> None:
    """Make the rows agree with OLLAMA_HOSTS; hosts that people made are left alone."""
    wanted = parse_hosts(settings.OLLAMA_HOSTS)
    origin = Host.Origin.ENVIRONMENT
    if not wanted:
        wanted, origin = parse_hosts([settings.DEFAULT_OLLAMA_HOST]), Host.Origin.DEFAULT
    ours = [Host.Origin.ENVIRONMENT, Host.Origin.DEFAULT]
    for host in Host.objects.filter(origin__in=ours, enabled=True).exclude(name__in=wanted):
        host.enabled = False
        save_host(host, by="environment")
    for name, url in wanted.items():
        _ensure(name, url, origin)


def set_demo_host(url: str | None) -> None:
    """Register the demo upstream under `url`, or disable it when it is not running."""
    host = Host.objects.filter(origin=Host.Origin.DEMO).first()
    if url is None:
        if host is not None and host.enabled:
            host.enabled = False
            save_host(host, by="run")
        return
    host = host or Host(name=_free_name(DEMO_NAME), origin=Host.Origin.DEMO)
    host.url, host.enabled = url, True
    save_host(host, by="run")


def any_source_answers() -> bool:
    """Whether a real source is there: an Ollama host that answers a short probe, or a place of another source."""
    for name, source in source_classes().items():
        if name != OllamaSource.name and source.places():
            return True
    hosts = [h for h in Host.objects.enabled() if not h.is_demo]
    with ThreadPoolExecutor(CHECKERS, thread_name_prefix="probe") as pool:
        return any(not isinstance(answer, RegistryError) for answer in pool.map(_probe, hosts))


def _probe(host: Host) -> str | RegistryError:
    try:
        return client_for(host, timeout=PROBE_SECONDS).version()
    except RegistryError as error:
        return error


def _mark_up(host: Host, version: str) -> None:
    now = timezone.now()
    Host.objects.filter(pk=host.pk).update(
        state=Host.State.UP, version=version, last_seen=now, last_error="", down_since=None
    )
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
    placements = Placement.objects.filter(source=OllamaSource.name, place=before.name)
    if before.name != host.name:
        placements.update(place=host.name)
    if before.enabled and not host.enabled:
        syncing.retire_place(OllamaSource.name, host.name, f"host {host.name} is disabled")
    if before.url != host.url:
        Host.objects.filter(pk=host.pk).update(state=Host.State.UNKNOWN, version="", last_error="")


def _ensure(name: str, url: str, origin: str) -> None:
    host = Host.objects.filter(name=name).first()
    if host is None:
        save_host(Host(name=name, url=url, origin=origin), by="environment")
    elif host.origin not in (Host.Origin.ENVIRONMENT, Host.Origin.DEFAULT):
        logger.warning("OLLAMA_HOSTS names %r, which somebody made by hand; that row is kept as it is", name)
    elif (host.url, host.origin, host.enabled) != (url, origin, True):
        host.url, host.origin, host.enabled = url, origin, True
        save_host(host, by="environment")


def _free_name(name: str) -> str:
    taken = set(Host.objects.values_list("name", flat=True))
    for candidate in (name, *(f"{name}-{number}" for number in range(2, 100))):
        if candidate not in taken:
            return candidate
    raise Conflict(f"Every name from {name} to {name}-99 is taken.")
