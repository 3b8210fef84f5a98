"""Small tables that several pages show: what changed, what ran, where a model is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

from unified_app.admin.base import Panel, place_page
from unified_app.admin.display import NONE, digest, facts, link, list_url, mark, page_link, size, took, when, words
from unified_app.models import HistoryEntry, Placement, SyncRun, UnifiedModel

SHOWN = 10
# Beyond this many a list of models is read in the list, not on a page.
MANY = 200


def history_panel(kind: str, object_id: object) -> Panel:
    """Who changed what of one thing."""
    lookups = {"kind": kind, "object_id": str(object_id)}
    entries = HistoryEntry.objects.filter(**lookups)[:SHOWN]
    return Panel(
        "What changed",
        ("When", "By", "Field", "Before", "After"),
        [[when(e.at), e.by, e.field, facts(e.old), facts(e.new)] for e in entries],
        empty="Nothing has changed yet.",
        more=list_url(HistoryEntry, **lookups),
        more_text="All changes",
    )


def log_panel(row: Model) -> Panel:
    """What was done to a row in this admin, for rows that the registry's own history does not cover."""
    lookups = {"content_type__id__exact": ContentType.objects.get_for_model(row).pk, "object_id": str(row.pk)}
    entries = LogEntry.objects.filter(**lookups).select_related("user")[:SHOWN]
    rows = [[when(e.action_time), e.user, e.get_change_message()] for e in entries]
    more = list_url(LogEntry, **lookups)
    return Panel("What was done here", ("When", "By", "What"), rows, "Nothing yet.", more, "All of it")


def runs_panel(runs: Iterable[SyncRun], *, title: str, empty: str, more: str = "") -> Panel:
    """Sync runs with their jobs; give rows with `select_related("job")`."""
    rows = [
        [page_link(r, when(r.started_at)), host(r.source, r.place), mark(r.state), changed(r), job_of(r)] for r in runs
    ]
    return Panel(title, ("Started", "Host", "Outcome", "Changed", "Job"), rows, empty, more, "All runs")


def placements_panel(placements: Iterable[Placement], *, more: str) -> Panel:
    """Where one model is; a placement is one host that answers for the model."""
    rows = [
        [
            host(p.source, p.place),
            page_link(p, p.upstream_name),
            digest(p.digest),
            mark(p.state, "pinned" if p.pinned else ""),
            size(p.size),
            when(p.last_seen),
        ]
        for p in placements
    ]
    head = ("Host", "Called there", "Digest", "State", "Size", "Last seen")
    return Panel("Where it runs (placements)", head, rows, "No host has it.", more, "All placements")


def models_panel(title: str, ids: list[str], empty: str) -> Panel:
    """Models by id, in that order; an id whose row is gone is told as it is."""
    found = UnifiedModel.objects.in_bulk(ids[:MANY])
    rows = [_model_row(model_id, found.get(model_id)) for model_id in ids[:MANY]]
    if len(ids) > MANY:
        rows.append([f"and {len(ids) - MANY} more", "", ""])
    return Panel(f"{title}: {len(ids)}", ("Model", "Category", "Status"), rows, empty)


def host(source: str, place: str) -> str:
    """Return a host's name, linked to its page where an app keeps one."""
    address = place_page(source, place)
    return link(address, place) if address else place


def job_of(run: SyncRun) -> str:
    return page_link(run.job) if run.job else NONE


def changed(run: SyncRun) -> str:
    """Return what a run did in words: `3 created, 1 retired`."""
    counts = {name: getattr(run, name) for name in ("created", "updated", "retired")}
    told = [f"{count} {name}" for name, count in counts.items() if count]
    if run.failed:
        told.append(f"{len(run.failed)} failed")
    return words(told) if told else "nothing"


def duration(run: SyncRun) -> str:
    return took(run.started_at, run.finished_at)


def _model_row(model_id: str, model: UnifiedModel | None) -> list[Any]:
    if model is None:
        return [model_id, NONE, "no longer there"]
    return [page_link(model), model.category, mark(model.status)]
