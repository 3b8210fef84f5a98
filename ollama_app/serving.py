"""Starting, stopping and watching models on Ollama hosts.

A runner belongs to a GGUF file, not to a name: names of one file are loaded and unloaded together, and `ps` lists
them under the one that came first.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

from ollama_app.client import OllamaClient
from ollama_app.connection import client_for
from ollama_app.models import DigestFacts, Host
from ollama_app.replies import LoadedModel
from unified_app.errors import NoPlacement, RegistryError, UpstreamError
from unified_app.models import Placement
from unified_app.naming import name_key
from unified_app.sources import ServingObservation, Upstream

READY = ServingObservation("ready")
EVICTED = ServingObservation("stopped", "evicted by host")
# A host that has nothing else to do answers `ps` in milliseconds; a busy one is not a dead one.
LOOK_SECONDS = 5.0
LOOKERS = 8
# What has no open call is gone at once; what has some goes when they end, which nobody waits for.
UNLOAD_SECONDS = 3.0
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Looked:
    """What one host said: its runners, or why it said nothing."""

    loaded: list[LoadedModel]
    error: RegistryError | None = None


def routes(placements: Sequence[Placement]) -> dict[int, Upstream]:
    """Return how each placement is called; hosts that are disabled or whose token cannot be read are left out."""
    by_place: dict[str, Upstream] = {}
    for host in _hosts(placements).values():
        try:
            headers = {"Authorization": f"Bearer {host.token}"} if host.has_token else {}
        except RegistryError:
            continue  # its syncs say so
        by_place[host.name] = Upstream(host.url, headers, "ollama", "")
    return {
        p.pk: Upstream(found.url, found.headers, found.protocol, p.upstream_name, found.timeout)
        for p in placements
        if (found := by_place.get(p.place))
    }


def runner_of(placement: Placement) -> str:
    """Return the digest of the model's GGUF file, or, until `show` told it, that of the model."""
    return str(placement.facts.get("parameters", {}).get("weights_digest") or placement.digest or placement.pk)


def start(placement: Placement, timeout: float) -> ServingObservation:
    """Load the model to stay; a cloud model is ready as it is. Raises an UpstreamError."""
    if placement.facts.get("is_cloud"):
        return READY
    with closing(_client(placement, timeout)) as client:
        _load(client, placement, timeout)
        if not _is_loaded(placement, client.loaded(timeout=LOOK_SECONDS)):
            raise UpstreamError("It loaded the model, but does not list it as loaded.")
    return READY


def stop(placement: Placement) -> ServingObservation:
    """Unload the model; it is not an error when it is no longer there."""
    if placement.facts.get("is_cloud"):
        return ServingObservation("stopped")
    with closing(_client(placement, LOOK_SECONDS)) as client:
        _unload(client, placement)
        until = time.monotonic() + UNLOAD_SECONDS
        while _is_loaded(placement, client.loaded()):
            if time.monotonic() > until:
                return ServingObservation("stopped", "its host unloads it when the last open call ends")
            time.sleep(POLL_SECONDS)
    return ServingObservation("stopped")


def observe(placements: Sequence[Placement]) -> dict[int, ServingObservation]:
    """Return what is seen of each placement; every host is asked once, all at the same time."""
    hosts = _hosts(placements)
    with ThreadPoolExecutor(LOOKERS, thread_name_prefix="look") as pool:
        looked = dict(zip(hosts, pool.map(_look, hosts.values()), strict=True))
    weights = _weights_of({row.digest for found in looked.values() for row in found.loaded})
    return {p.pk: _seen(p, looked.get(p.place), weights) for p in placements}


def _seen(placement: Placement, looked: Looked | None, weights: dict[str, str]) -> ServingObservation:
    if looked is None:
        return ServingObservation.failed(placement.place, NoPlacement("The host is disabled or deleted."))
    if looked.error is not None:
        return ServingObservation.failed(placement.place, looked.error)
    if placement.facts.get("is_cloud") or _is_loaded(placement, looked.loaded, weights):
        return READY
    return EVICTED


def _look(host: Host) -> Looked:
    try:
        with closing(client_for(host, timeout=LOOK_SECONDS)) as client:
            return Looked(client.loaded())
    except RegistryError as error:
        return Looked([], error)


def _is_loaded(placement: Placement, loaded: Iterable[LoadedModel], weights: dict[str, str] | None = None) -> bool:
    """Whether the model's runner is among `loaded`: under its own name, or that of another name of its file."""
    known = _weights_of({row.digest for row in loaded}) if weights is None else weights
    return any(_is_runner_of(placement, row, known) for row in loaded)


def _is_runner_of(placement: Placement, row: LoadedModel, weights: dict[str, str]) -> bool:
    if name_key(row.name) == name_key(placement.upstream_name) or row.digest == placement.digest:
        return True
    facts = placement.facts.get("parameters", {})
    if row.digest in weights and facts.get("weights_digest"):
        return weights[row.digest] == runner_of(placement)
    # Until `show` has told both files the runner is known by what its file holds: this model may have been made just
    # now, and a name of its file that was deleted since keeps standing for the runner.
    kind = tuple(facts.get(name, "") for name in ("family", "parameter_size", "quantization"))
    return all(kind[:2]) and row.kind == kind


def _load(client: OllamaClient, placement: Placement, timeout: float) -> None:
    """Load by generate, or by embed what embeds; a host that does not tell what a model can do may prove us wrong."""
    embeds = "text_embedding" in (placement.facts.get("capabilities") or ())
    try:
        client.load(placement.upstream_name, embeds=embeds, timeout=timeout)
    except UpstreamError as error:
        if embeds or error.upstream_status != 400:
            raise
        client.load(placement.upstream_name, embeds=True, timeout=timeout)


def _unload(client: OllamaClient, placement: Placement) -> None:
    """Unload by the model's name, or, when that was deleted, by another name of its file."""
    try:
        client.unload(placement.upstream_name)
    except UpstreamError as error:
        if error.upstream_status != 404:
            raise
        same_place = Placement.objects.present().filter(source=placement.source, place=placement.place)
        others = [p for p in same_place.exclude(pk=placement.pk) if runner_of(p) == runner_of(placement)]
        if others:
            client.unload(others[0].upstream_name)


def _weights_of(digests: set[str]) -> dict[str, str]:
    """Return by digest of a model the digest of its GGUF file, as far as `show` told it."""
    rows = DigestFacts.objects.filter(digest__in=digests).values_list("digest", "facts")
    return {digest: facts["weights"] for digest, facts in rows if facts.get("weights")}


def _hosts(placements: Sequence[Placement]) -> dict[str, Host]:
    return {host.name: host for host in Host.objects.enabled().filter(name__in={p.place for p in placements})}


def _client(placement: Placement, timeout: float) -> OllamaClient:
    host = Host.objects.enabled().filter(name=placement.place).first()
    if host is None:
        raise NoPlacement(f"The host {placement.place!r} is disabled or deleted.")
    return client_for(host, timeout=timeout)
