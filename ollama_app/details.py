"""The job that fills in what tags does not tell: template, parameters, licence, counts."""

from __future__ import annotations

from typing import Any

from ollama_app.category_loader import SHOWS_AT_ONCE
from ollama_app.models import Host
from ollama_app.source import OllamaSource, digests_without_details
from unified_app import jobs, syncing
from unified_app.errors import NotFound, UpstreamTimeout
from unified_app.planning import SyncPlan

# Digests asked between two writes: what is written is not asked again after a kill.
BATCH = 25 * SHOWS_AT_ONCE
# A job's result tells so many of the failures.
MAX_REASONS = 20


def run_details_job(handle: jobs.Handle) -> dict[str, Any]:
    """Ask one host's `show` for every digest that lacks it; resumes where a killed worker stopped."""
    host = Host.objects.enabled().filter(name=handle.arguments["place"]).first()
    if host is None:
        raise NotFound(f"No enabled host is named {handle.arguments['place']!r}.")
    wanted = sorted(digests_without_details(host, host.version))
    failed: list[str] = []
    for done in range(0, len(wanted), BATCH):
        handle.progress(done=done, total=len(wanted), current=host.name)
        failed += _fill(host, set(wanted[done : done + BATCH]), handle)
    handle.progress(done=len(wanted), total=len(wanted), current=host.name)
    return {"host": host.name, "digests": len(wanted), "failed": len(failed), "reasons": failed[:MAX_REASONS]}


def _fill(host: Host, digests: set[str], handle: jobs.Handle) -> list[str]:
    """Ask for some digests and write them; return why some could not be read."""
    source = OllamaSource(host.name, only=digests)
    reading = syncing.read(source)
    if reading.error is not None:
        raise reading.error
    reading.models = [model for model in reading.models if model.placements[0].digest in digests]

    def keep(_: SyncPlan) -> None:
        handle.fence()
        source.record_reading()

    syncing.apply(source.name, host.name, reading, complete=False, before_commit=keep)
    if source.loader.gave_up:
        raise UpstreamTimeout("The host answers too slowly; the rest is asked later.")
    return [f"{digest[:12]}: {why}" for digest, why in source.loader.failed_shows.items()]
