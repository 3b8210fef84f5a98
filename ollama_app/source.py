"""Ollama hosts as a source of the registry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from ollama_app.category_loader import OllamaCategoryLoader, OllamaModel
from ollama_app.client import OllamaClient, ShowReply
from ollama_app.model_loader import OllamaModelLoader, to_unified
from ollama_app.models import DigestFacts, Host
from unified_app import jobs
from unified_app.errors import RegistryError
from unified_app.model_objects import RejectedRow, UnifiedModelObject
from unified_app.models import Placement
from unified_app.sources import Place, Source
from unified_app.upstream import JsonClient

FAILED_SHOW_RESTS = timedelta(days=1)


def client_for(host: Host, *, timeout: float | None = None) -> OllamaClient:
    """Return a client for a host with the settings' bounds. Raises Conflict when its token cannot be read."""
    return OllamaClient(
        JsonClient(
            host.url,
            token=host.token,
            timeout=timeout or settings.UPSTREAM_TIMEOUT,
            max_bytes=settings.UPSTREAM_MAX_MB * 2**20,
        )
    )


class OllamaSource(Source):
    """One host. Tags tell most; `show` is asked only for digests that nobody has shown us yet."""

    name: ClassVar[str] = "ollama"
    label: ClassVar[str] = "Ollama"

    def __init__(self, place: str, *, only: set[str] | None = None) -> None:
        """`only` makes it a reading for details: `show` is asked for these digests, and for no others."""
        super().__init__(place)
        self.host = Host.objects.get(name=place)
        self._known = known_shows()
        self._version = ""
        self._error: RegistryError | None = None
        self.loader: OllamaCategoryLoader | None = None
        try:
            client = client_for(self.host)
        except RegistryError as error:  # the token cannot be read: this host's sync tells so, others go on
            self._error = error
            return
        self.loader = OllamaCategoryLoader(self.host.url, client=client, shown=dict(self._known), details_of=only)

    @classmethod
    def places(cls) -> list[Place]:
        """Return the enabled hosts; the default one counts only once it was seen, or when it is the only one."""
        hosts = list(Host.objects.enabled())
        told = [h for h in hosts if h.origin != Host.Origin.DEFAULT or h.last_seen]
        return [_place(host) for host in told or hosts]

    def fetch(self) -> Iterator[UnifiedModelObject | RejectedRow]:
        if self.loader is None:
            assert self._error is not None
            raise self._error
        self._version = self.loader.client.version()
        for row in OllamaModelLoader(self.loader).load_all():
            yield row if isinstance(row, RejectedRow) else self._unified(row)

    @classmethod
    def texts(cls, digest: str) -> dict[str, str]:
        """Return the long texts of one digest: template, system, license."""
        found = DigestFacts.objects.filter(digest=digest).values_list("texts", flat=True).first()
        return found or {}

    def record_success(self) -> None:
        Host.objects.filter(pk=self.host.pk).update(
            state=Host.State.UP,
            version=self._version,
            last_seen=timezone.now(),
            last_error="",
            down_since=None,
        )
        self.keep_new_shows()
        if self._lacks_details():
            request_details(self.host)

    def record_failure(self, error: RegistryError) -> None:
        mark_down(self.host, error)

    def keep_new_shows(self, asked: Iterable[str] = ()) -> int:
        """Store what `show` told in this reading, so that no later one asks again; return how many failed.

        What was `asked` for and has neither answer nor error (a cloud model, one that has just vanished) is
        noted as asked.
        """
        assert self.loader is not None
        new = {d: s for d, s in self.loader.shown.items() if self._known.get(d) is not s}
        failed = self.loader.failed_shows
        missing = set(asked) - set(self._known) - set(new)
        keep_shows(new, dict.fromkeys(missing, "not asked") | failed, self._version)
        self._known |= new
        return len(failed)

    def _unified(self, model: OllamaModel) -> UnifiedModelObject:
        credential = f"ollama.host:{self.host.pk}" if self.host.has_token else ""
        return to_unified(model, place=self.place, base_url=self.host.url, credential=credential)

    def _lacks_details(self) -> bool:
        return bool(digests_without_details(self.host))


def digests_at(host: Host) -> set[str]:
    """Return the digests that a host has."""
    placed = Placement.objects.present().filter(source=OllamaSource.name, place=host.name)
    return set(placed.values_list("digest", flat=True))


def known_shows() -> dict[str, ShowReply]:
    """Return by digest what any server showed before."""
    rows = DigestFacts.objects.filter(error="").defer("texts")
    return {row.digest: _reply(row) for row in rows.iterator()}


def keep_shows(shown: dict[str, ShowReply], failed: dict[str, str], version: str) -> None:
    """Upsert what `show` told, and the digests whose show failed, so that they are not asked all the time."""
    now = timezone.now()
    rows = [_row(digest, reply, version, now) for digest, reply in shown.items()]
    rows += [
        DigestFacts(digest=digest, server_version=version, error=message, asked_at=now)
        for digest, message in failed.items()
        if digest not in shown
    ]
    DigestFacts.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["digest"],
        update_fields=["server_version", "capabilities", "facts", "texts", "error", "asked_at"],
    )


def digests_without_details(host: Host) -> set[str]:
    """Return the digests on this host that `show` was not asked for; one that failed is asked again after a day."""
    settled = Q(error="") | Q(asked_at__gt=timezone.now() - FAILED_SHOW_RESTS)
    return digests_at(host) - set(DigestFacts.objects.filter(settled).values_list("digest", flat=True))


def request_details(host: Host) -> None:
    """Queue the job that fills in what tags does not tell."""
    jobs.enqueue("ollama_details", {"place": host.name}, unique_key=f"ollama_details:{host.name}", by="sync")


def mark_down(host: Host, error: RegistryError) -> None:
    """Note that the host could not be read; its models stay, its placements are not routed to."""
    now = timezone.now()
    Host.objects.filter(pk=host.pk).update(state=Host.State.DOWN, last_error=error.message)
    Host.objects.filter(pk=host.pk, down_since=None).update(down_since=now)
    there = Placement.objects.present().filter(source=OllamaSource.name, place=host.name)
    there.update(state=Placement.State.UNREACHABLE)


def _place(host: Host) -> Place:
    return Place(
        name=host.name,
        url=host.url,
        state=host.state,
        version=host.version,
        last_seen=host.last_seen,
        down_since=host.down_since,
        error=host.last_error,
        is_demo=host.is_demo,
    )


def _row(digest: str, reply: ShowReply, version: str, now: Any) -> DigestFacts:
    facts = asdict(reply)
    return DigestFacts(
        digest=digest,
        server_version=version,
        capabilities=facts.pop("capabilities"),
        texts=facts.pop("texts"),
        facts=facts,
        asked_at=now,
    )


def _reply(row: DigestFacts) -> ShowReply:
    facts = dict(row.facts)
    for name in ("families", "template_words"):
        facts[name] = tuple(facts.get(name) or ())
    capabilities = None if row.capabilities is None else tuple(row.capabilities)
    return ShowReply(capabilities=capabilities, **facts)
