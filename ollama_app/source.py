"""Ollama hosts as a source of the registry."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any, BinaryIO, ClassVar

from django.utils import timezone

from ollama_app import making, serving
from ollama_app.category_loader import OllamaCategoryLoader, OllamaModel
from ollama_app.connection import client_for, maker_for
from ollama_app.hosts import HOSTS, SOURCE
from ollama_app.model_loader import OllamaModelLoader, to_unified
from ollama_app.models import DigestFacts, Host
from ollama_app.replies import ShowReply
from ollama_app.versions import is_newer
from unified_app import jobs
from unified_app.errors import Conflict, RegistryError
from unified_app.model_objects import RejectedRow, UnifiedModelObject
from unified_app.models import Placement
from unified_app.sources import Place, ServingObservation, Source, Upstream

FAILED_SHOW_RESTS = timedelta(hours=1)
# The columns of DigestFacts that only a `show` that answered may write.
SHOWN = ("capabilities", "facts", "texts")


class OllamaSource(Source):
    """One host. Tags tell most; `show` is asked only for digests that nobody has shown us yet."""

    name: ClassVar[str] = SOURCE
    label: ClassVar[str] = "Ollama"
    serves_locally: ClassVar[bool] = True

    def __init__(
        self, place: str, *, only: Collection[str] | None = None, loader: OllamaCategoryLoader | None = None
    ) -> None:
        """`only` makes it a reading for details: `show` is asked for these digests, and for no others.

        `loader` reads the host instead of one made here.
        """
        super().__init__(place)
        self.host = Host.objects.get(name=place)
        self.loader = loader or OllamaCategoryLoader(self.host.url, details_of=only)
        self._given_client = loader.client if loader else None
        self._only = only
        self._known = known_shows()
        self.loader.shown.update(self._known)
        self._version = ""

    @classmethod
    def places(cls) -> list[Place]:
        """Return the enabled hosts; the default one counts only once it was seen, or when it is the only one."""
        hosts = list(Host.objects.enabled())
        told = [h for h in hosts if h.origin != Host.Origin.DEFAULT or h.last_seen]
        return [host.as_place() for host in told or hosts]

    @classmethod
    def place_names(cls) -> set[str]:
        return set(Host.objects.enabled().values_list("name", flat=True))

    def fetch(self) -> Iterator[UnifiedModelObject | RejectedRow]:
        # Made here and not before: a token that cannot be read is this host's failure and no other's.
        self.loader.client = self._given_client or client_for(self.host)
        with closing(self.loader.client):
            self._version = self.loader.client.version()
            for row in OllamaModelLoader(self.loader).load_all():
                yield row if isinstance(row, RejectedRow) else self._unified(row)

    @classmethod
    def texts(cls, digest: str) -> dict[str, str]:
        """Return the long texts of one digest: template, system, license."""
        found = DigestFacts.objects.filter(digest=digest).values_list("texts", flat=True).first()
        return found or {}

    def record_reading(self) -> None:
        """Keep what `show` told, so that no later reading asks again. Raises Conflict when the host has changed."""
        as_read = Host.objects.enabled().filter(pk=self.host.pk, name=self.place, url=self.host.url)
        if not as_read.exists():
            raise Conflict("The host was changed, disabled or deleted while it was read.")
        new = {d: show for d, show in self.loader.shown.items() if self._known.get(d) is not show}
        unread = dict(self.loader.failed_shows)
        if self._only and not self.loader.gave_up:
            # What was wanted and has neither answer nor error: a cloud model, or one that has just vanished.
            unread = dict.fromkeys(set(self._only) - set(new), "not asked") | unread
        keep_shows(new, unread, self._version)

    def record_success(self) -> None:
        HOSTS.seen(self.host, self._version)
        if digests_without_details(self.host, self._version):
            request_details(self.host)

    def record_failure(self, error: RegistryError) -> None:
        HOSTS.mark_down(self.host, error)

    @classmethod
    def routes(cls, placements: Sequence[Placement]) -> dict[int, Upstream]:
        return serving.routes(placements)

    @classmethod
    def runner_of(cls, placement: Placement) -> str:
        return serving.runner_of(placement)

    @classmethod
    def start(cls, placement: Placement, *, timeout: float = 300.0) -> ServingObservation:
        return serving.start(placement, timeout)

    @classmethod
    def stop(cls, placement: Placement) -> ServingObservation:
        return serving.stop(placement)

    @classmethod
    def observe(cls, placements: Sequence[Placement]) -> dict[int, ServingObservation]:
        return serving.observe(placements)

    @classmethod
    def adapter_problem(cls, place: str, format: str, architectures: Collection[str]) -> str:
        version = Host.objects.filter(name=place).values_list("version", flat=True).first()
        return making.adapter_problem(format, architectures, version or "")

    def upload(self, sha256: str, file: BinaryIO, size: int) -> None:
        with closing(maker_for(self.host)) as client:
            making.push(client, sha256, file, size)

    def create(
        self,
        name: str,
        recipe: Mapping[str, Any],
        *,
        replace: bool = False,
        progress: making.Progress = lambda line: None,
    ) -> None:
        with closing(maker_for(self.host)) as client:
            making.make(client, name, recipe, replace=replace, progress=progress)

    def delete(self, name: str) -> None:
        with closing(maker_for(self.host)) as client:
            making.unmake(client, name)

    def _unified(self, model: OllamaModel) -> UnifiedModelObject:
        credential = f"ollama.host:{self.host.pk}" if self.host.has_token else ""
        return to_unified(model, place=self.place, base_url=self.host.url, credential=credential)


def digests_at(host: Host) -> set[str]:
    """Return the digests that a host has."""
    placed = Placement.objects.present().filter(source=OllamaSource.name, place=host.name)
    return set(placed.values_list("digest", flat=True))


def known_shows() -> dict[str, ShowReply]:
    """Return by digest what any server showed before."""
    rows = DigestFacts.objects.defer("texts")
    return {row.digest: _reply(row) for row in rows.iterator() if row.facts}


def keep_shows(shown: dict[str, ShowReply], unread: dict[str, str], version: str) -> None:
    """Upsert what `show` told, and why it told nothing; what an earlier one told of a digest stays then."""
    now = timezone.now()
    asked = ["server_version", "error", "asked_at"]
    _upsert([_row(digest, reply, version, now) for digest, reply in shown.items()], [*asked, *SHOWN])
    failed = [
        DigestFacts(digest=digest, server_version=version, error=message, asked_at=now)
        for digest, message in unread.items()
        if digest not in shown
    ]
    _upsert(failed, asked)


def digests_without_details(host: Host, version: str) -> set[str]:
    """Return the digests on this host that `show` should be asked for.

    One that could not be read is asked again after an hour, and each is asked again by a newer server, which may
    derive more from the same digest.
    """
    rested = timezone.now() - FAILED_SHOW_RESTS
    rows = DigestFacts.objects.values_list("digest", "server_version", "error", "asked_at")
    settled = {
        digest
        for digest, server_version, error, asked_at in rows
        if not is_newer(version, server_version) and (not error or asked_at > rested)
    }
    return digests_at(host) - settled


def request_details(host: Host) -> None:
    """Queue the job that fills in what tags does not tell."""
    jobs.enqueue("ollama_details", {"place": host.name}, unique_key=f"ollama_details:{host.name}", by="sync")


def _upsert(rows: list[DigestFacts], fields: list[str]) -> None:
    DigestFacts.objects.bulk_create(rows, update_conflicts=True, unique_fields=["digest"], update_fields=fields)


def _row(digest: str, reply: ShowReply, version: str, now: datetime) -> DigestFacts:
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
    """Return a stored show; a fact that an earlier version of this program kept and this one lacks is left out."""
    facts = {name: value for name, value in row.facts.items() if name in _FACT_NAMES}
    for name in ("families", "template_words"):
        facts[name] = tuple(facts.get(name) or ())
    capabilities = None if row.capabilities is None else tuple(row.capabilities)
    return ShowReply(capabilities=capabilities, **facts)


_FACT_NAMES = {f.name for f in fields(ShowReply)} - {"capabilities", "texts"}
