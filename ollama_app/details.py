"""The job that fills in what tags does not tell: template, parameters, licence, counts."""

from __future__ import annotations

from typing import Any

from ollama_app.category_loader import SHOWS_AT_ONCE
from ollama_app.models import DigestFacts, Host
from ollama_app.source import OllamaSource, digests_at, digests_without_details
from ollama_app.versions import is_newer
from unified_app import jobs, syncing
from unified_app.errors import NotFound
from unified_app.model_objects import UnifiedModelObject

# Digests asked between two writes: what is written is not asked again after a kill.
BATCH = 8 * SHOWS_AT_ONCE


def run_details_job(handle: jobs.Handle) -> dict[str, Any]:
    """Ask one host's `show` for every digest that lacks it; resumes where a killed worker stopped."""
    host = Host.objects.enabled().filter(name=handle.arguments["place"]).first()
    if host is None:
        raise NotFound(f"No enabled host is named {handle.arguments['place']!r}.")
    _forget_outdated(host)
    wanted = sorted(digests_without_details(host))
    done = failed = 0
    for start in range(0, len(wanted), BATCH):
        handle.progress(done=done, total=len(wanted), current=host.name)
        batch = set(wanted[start : start + BATCH])
        failed += _fill(host, batch, handle)
        done += len(batch)
    return {"host": host.name, "digests": done, "failed": failed}


def _fill(host: Host, digests: set[str], handle: jobs.Handle) -> int:
    """Ask for some digests and write them; return how many could not be read."""
    source = OllamaSource(host.name, only=digests)
    reading = syncing.read(source)
    if reading.error is not None:
        raise reading.error
    reading.models = [model for model in reading.models if _is_of(model, digests)]
    syncing.apply(source.name, host.name, reading, complete=False, before_commit=lambda _: handle.fence())
    return source.keep_new_shows(digests)


def _is_of(model: UnifiedModelObject, digests: set[str]) -> bool:
    return model.placements[0].digest in digests


def _forget_outdated(host: Host) -> None:
    """A newer server may derive more from the same digest, so what an older one showed is asked again."""
    here = DigestFacts.objects.filter(digest__in=digests_at(host))
    outdated = [
        row.digest for row in here.only("digest", "server_version") if is_newer(host.version, row.server_version)
    ]
    DigestFacts.objects.filter(digest__in=outdated).delete()
