"""What changed in the registry, told as a short feed: entries of one moment and one kind become one line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Case, CharField, Count, Value, When

from unified_app.models import HistoryEntry, UnifiedModel
from unified_app.models.catalog import ModelStatus

TOLD_FIELDS = ("created", "version", "status", "placement")
# What an entry says in one word.
WORD = Case(
    When(field="created", then=Value("new")),
    When(field="version", then=Value("changed")),
    When(field="placement", then=Value("left")),
    When(field="status", new=ModelStatus.RETIRED, then=Value("vanished")),
    default=Value("back"),
    output_field=CharField(),
)
ENTRIES_READ = 400
LINES = 8
NAMED = 4


@dataclass(frozen=True)
class Named:
    """One model of a line; `detail` says what happened to it beyond the line's word."""

    id: str
    name: str
    detail: str = ""


@dataclass
class Line:
    """One line of the feed. `more` counts the models that are not named."""

    at: datetime
    by: str
    word: str
    count: int = 0
    entries: list[HistoryEntry] = field(default_factory=list)
    models: list[Named] = field(default_factory=list)

    @property
    def more(self) -> int:
        return self.count - len(self.models)

    @property
    def state(self) -> str:
        """The word that decides the tone."""
        return {"new": "new", "back": "returned", "changed": "changed"}.get(self.word, "off")


def feed() -> list[Line]:
    """Return the last changes, newest first, in three queries however many there are."""
    told = HistoryEntry.objects.filter(kind="model", field__in=TOLD_FIELDS).annotate(word=WORD)
    lines = group(told.order_by("-at", "-id")[:ENTRIES_READ])[:LINES]
    totals = _totals({line.at for line in lines})
    wanted = {entry.object_id for line in lines for entry in line.entries[:NAMED]}
    names = {row.pk: str(row) for row in UnifiedModel.objects.filter(pk__in=wanted).only("id", "name", "display_name")}
    for line in lines:
        line.count = max(len(line.entries), totals.get((line.at, line.by, line.word), 0))
        line.models = [
            Named(e.object_id, names.get(e.object_id, e.object_id), _detail(e)) for e in line.entries[:NAMED]
        ]
    return lines


def group(entries: Iterable[HistoryEntry]) -> list[Line]:
    """Join entries of the same moment, doer and word; pure."""
    lines: dict[tuple[datetime, str, str], Line] = {}
    for entry in entries:
        key = (entry.at, entry.by, entry.word)  # type: ignore[attr-defined]
        lines.setdefault(key, Line(*key)).entries.append(entry)
    return list(lines.values())


def _detail(entry: HistoryEntry) -> str:
    if entry.field == "version":
        return f"{entry.old} → {entry.new}"
    return f"from {entry.old}" if entry.field == "placement" else ""


def _totals(moments: set[datetime]) -> dict[tuple[datetime, str, str], int]:
    """Count whole lines: one moment may hold more entries than were read."""
    rows = HistoryEntry.objects.filter(kind="model", at__in=moments, field__in=TOLD_FIELDS).annotate(word=WORD)
    counted = rows.order_by().values_list("at", "by", "word").annotate(Count("pk"))
    return {(at, by, word): count for at, by, word, count in counted}
