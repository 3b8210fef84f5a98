"""Looking whether servers are there, and noting what was found in their rows and placements."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from typing import Any, ClassVar, Generic, TypeVar

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from unified_app import syncing
from unified_app.errors import RegistryError
from unified_app.models import Placement, RegistryEpoch
from unified_app.models.servers import Server

# How long a server may take to say that it is there: later a busy one is not a dead one.
CHECK_SECONDS = 5.0
CHECKERS = 8

Row = TypeVar("Row", bound=Server)


@dataclass(frozen=True)
class TestOutcome:
    """What a connection test found; `models` counts what the server lists."""

    __test__ = False  # not pytest's

    ok: bool
    code: str
    message: str
    version: str = ""
    models: int | None = None


class ServerChecks(Generic[Row]):
    """The checks of one source's servers."""

    model: type[Row]
    source: ClassVar[str]

    def probe(self, row: Row, seconds: float) -> str:
        """Return the version that the server tells, or "". Raises RegistryError when it is not there."""
        raise NotImplementedError

    def look(self, row: Row, seconds: float) -> TestOutcome:
        """Return what a connection test tells of a server that answers. Raises RegistryError when it does not."""
        raise NotImplementedError

    def test(self, row: Row) -> TestOutcome:
        """Ask a server now and note what was found; never raises. The row need not be stored."""
        try:
            outcome = self.look(row, min(CHECK_SECONDS, settings.UPSTREAM_TIMEOUT))
        except RegistryError as error:
            if row.pk:
                self.mark_down(row, error)
            return TestOutcome(False, error.code, error.message)
        if row.pk:
            self.mark_up(row, outcome.version)
        return outcome

    def mark_down(self, row: Row, error: RegistryError) -> None:
        """Note that the server could not be read; its models stay, its placements are not routed to."""
        now = timezone.now()
        available = self._placements(row.name).filter(state=Placement.State.AVAILABLE)
        with transaction.atomic():
            self.rows.filter(pk=row.pk).update(state=Server.State.DOWN, last_error=error.message)
            self.rows.filter(pk=row.pk, down_since=None).update(down_since=now)
            if available.update(state=Placement.State.UNREACHABLE):
                RegistryEpoch.bump()

    def mark_up(self, row: Row, version: str) -> None:
        """Note that the server answers; one that was down is synced, since what it has may have changed."""
        self.seen(row, version)
        if row.state == Server.State.DOWN and row.enabled:
            syncing.request_sync(source=self.source, place=row.name, by="check")
        with transaction.atomic():
            away = self._placements(row.name).filter(state=Placement.State.UNREACHABLE)
            if away.update(state=Placement.State.AVAILABLE):
                RegistryEpoch.bump()

    def seen(self, row: Row, version: str) -> None:
        """Note in the row alone that the server answered."""
        now = timezone.now()
        self.rows.filter(pk=row.pk).update(
            state=Server.State.UP, version=version, last_seen=now, last_error="", down_since=None
        )

    def check(self) -> dict[str, str]:
        """Ask every enabled server whether it is there, all at once; return {name: state}, noted in the rows."""
        rows: list[Row] = list(self.rows.enabled())
        states = {}
        for row, answer in self.probed(rows, CHECK_SECONDS):
            self.note(row, answer)
            states[row.name] = "down" if isinstance(answer, RegistryError) else "up"
        return states

    def note(self, row: Row, answer: str | RegistryError) -> None:
        """Note what `probed` found of a server."""
        if isinstance(answer, RegistryError):
            self.mark_down(row, answer)
        else:
            self.mark_up(row, answer)

    def probed(self, rows: list[Row], seconds: float) -> Iterator[tuple[Row, str | RegistryError]]:
        """Yield each server with its version, or why it is not there; all are asked at the same time."""
        with ThreadPoolExecutor(CHECKERS, thread_name_prefix="probe") as pool:
            answers = list(pool.map(self._probe, rows, repeat(seconds)))
        yield from zip(rows, answers, strict=True)

    @property
    def rows(self) -> Any:
        """All servers of this source."""
        return self.model.objects

    def _placements(self, name: str) -> Any:
        return Placement.objects.filter(source=self.source, place=name)

    def _probe(self, row: Row, seconds: float) -> str | RegistryError:
        try:
            return self.probe(row, seconds)
        except RegistryError as error:
            return error
