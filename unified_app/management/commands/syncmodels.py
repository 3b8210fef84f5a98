"""A sync from the shell: by the worker when one is there, else in this process."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from unified_app import syncing
from unified_app.console import RegistryCommand, json_option
from unified_app.models import Job, SyncRun
from unified_app.running import run_or_follow
from unified_app.waiting import JobFailed

TITLES = ("HOST", "STATE", "SEEN", "CREATED", "UPDATED", "UNCHANGED", "RETIRED", "SECONDS")


class Command(RegistryCommand):
    help = "Syncs the registry with its sources. Exit code 0: all read; 1: some host or row failed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--source", help="Sync only this source, such as ollama.")
        parser.add_argument("--host", help="Sync only the host or endpoint of this name.")
        json_option(parser)

    def handle(self, **options: Any) -> None:
        job = syncing.request_sync(source=options["source"], place=options["host"], by="shell")
        for progress in run_or_follow(job):
            if not options["json"]:
                self.stdout.write(_progress_line(progress))
        if job.is_active:
            message = (job.error or {}).get("message", "")
            raise CommandError(f"The sync failed and is tried again at {job.run_after:%H:%M:%S} UTC: {message}")
        if job.state != Job.State.DONE or job.result is None:
            raise JobFailed(job)
        if options["json"]:
            self.print_json(job.result)
        else:
            self._summary(job, job.result)
        if job.result["result"] != "success":
            raise CommandError(_problem(job.result))

    def _summary(self, job: Job, result: dict[str, Any]) -> None:
        self.print_table(TITLES, (_row(run) for run in latest_runs(job)))
        self.stdout.write(f"{result['result']}: {result['synced_models']} models in {result['duration']}")
        for failure in result["failed"]:
            self.stdout.write(f"{failure['host']}: {failure['code']}: {failure['message']}")


def latest_runs(job: Job) -> list[SyncRun]:
    """Return the last run of every place that the job meant; a run of another job that it joined is among them."""
    wanted = {name: job.arguments[name] for name in ("source", "place") if job.arguments.get(name)}
    latest: dict[tuple[str, str], SyncRun] = {}
    for run in SyncRun.objects.filter(**wanted, finished_at__gte=job.started_at).order_by("id"):
        latest[run.source, run.place] = run
    return sorted(latest.values(), key=lambda run: (run.source, run.place))


def _progress_line(progress: dict[str, Any]) -> str:
    return f"{progress.get('done')} of {progress.get('total')} hosts: {progress.get('current')}"


def _row(run: SyncRun) -> tuple[object, ...]:
    seconds = (run.finished_at - run.started_at).total_seconds() if run.finished_at else None
    counts = (run.seen, run.created, run.updated, run.unchanged, run.retired)
    return (run.place, run.state, *counts, f"{seconds:.1f}" if seconds is not None else "")


def _problem(result: dict[str, Any]) -> str:
    failed = result["failed"]
    places = ", ".join(sorted({failure["host"] for failure in failed if failure["host"]}))
    return f"The sync is {result['result']}: {len(failed)} failures" + (f" at {places}." if places else ".")
