"""Syncs of the catalog that somebody asks for: whole, or one publisher's part of it."""

from __future__ import annotations

from typing import Any

from github_models_app import service
from github_models_app.catalog import publisher_of
from github_models_app.mapping import PLACE, SOURCE
from github_models_app.source import GitHubSource
from unified_app import jobs, syncing
from unified_app.errors import Conflict, NotFound, RegistryError
from unified_app.model_objects import RejectedRow, SyncResult
from unified_app.models import Job
from unified_app.planning import SyncPlan

PROVIDER_JOB = "github_provider"
HOW_TO_CONFIGURE = (
    "Set GITHUB_TOKEN, and GITHUB_MODELS_URL for another service than the public one, and start the registry again."
)


def request_sync(*, provider: str | None = None, by: str) -> Job:
    """Queue a sync, which asks a retired service once more; join the one that is active.

    Raises Conflict when no service is configured.
    """
    if service.configuration() is None:
        raise Conflict(f"{service.NOT_CONFIGURED} {HOW_TO_CONFIGURE}")
    if not provider:
        return syncing.request_sync(source=SOURCE, place=PLACE, by=by)
    key = f"{PROVIDER_JOB}:{provider.strip().lower()}"[:200]
    return jobs.enqueue(PROVIDER_JOB, {"provider": provider.strip()}, unique_key=key, by=by)


def run_provider_job(handle: jobs.Handle) -> dict[str, Any]:
    """Do a job of kind `github_provider`; its result is the body of the sync call.

    It may run beside a sync of the whole: each writes in one transaction what it has read. Raises NotFound for a
    publisher that the catalog does not have.
    """
    result = sync_provider(handle.arguments["provider"], handle)
    return {**result.to_dict(), "job_id": handle.job_id}


def sync_provider(provider: str, handle: jobs.Handle | None = None) -> SyncResult:
    """Bring one publisher's models up to date; what it no longer lists is retired, other publishers' models stay."""
    source = GitHubSource(PLACE, provider=provider)
    reading = syncing.read(source)
    if isinstance(reading.error, NotFound):
        raise reading.error
    if reading.error is not None:
        source.record_failure(reading.error)
        return _unread(reading.error)

    def before_commit(plan: SyncPlan) -> None:
        if handle is not None:
            handle.fence()
        source.record_reading()

    plan = syncing.apply(
        SOURCE,
        PLACE,
        reading,
        complete=all(row.kept for row in reading.rejected),
        covers=lambda name: publisher_of(name) in source.publishers,
        before_commit=before_commit,
    )
    source.record_success()
    return _result(plan, reading.rejected)


def _unread(error: RegistryError) -> SyncResult:
    failure = {"source": SOURCE, "host": PLACE, "code": error.code, "message": error.message}
    return SyncResult(result="failed", failed=[failure])


def _result(plan: SyncPlan, rejected: list[RejectedRow]) -> SyncResult:
    failed = syncing.row_failures(SOURCE, PLACE, [*rejected, *plan.rejected][: syncing.MAX_FAILURES])
    return SyncResult(
        result="partial" if failed else "success",
        synced_models=len(plan.seen),
        categories=syncing.count_categories(plan.seen),
        created=len(plan.create),
        updated=len(plan.update),
        unchanged=len(plan.unchanged),
        retired=len([p for p in plan.retire if p.columns]),
        failed=failed,
    )
