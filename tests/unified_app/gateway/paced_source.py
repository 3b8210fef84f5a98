"""A source whose placements have a pace, a number of calls at once and parameters that they refuse, as a test says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from tests.unified_app.gateway.wire_source import NAME, WireSource
from unified_app.models import Placement
from unified_app.sources import Upstream

PACED = {NAME: "tests.unified_app.gateway.paced_source.PacedSource"}


class RecordingPace:
    """Answers what it is told to, the last one for ever, and keeps what it learns."""

    def __init__(self, *waits: float) -> None:
        self.waits = list(waits) or [0.0]
        self.asked = 0
        self.learnt: list[tuple[int, Mapping[str, str], str]] = []

    def acquire(self) -> float:
        self.asked += 1
        Placement.objects.count()  # the database may be asked here
        return self.waits.pop(0) if len(self.waits) > 1 else self.waits[0]

    def learn(self, status: int, headers: Mapping[str, str], text: str) -> None:
        Placement.objects.count()
        self.learnt.append((status, headers, text))


class PacedSource(WireSource):
    """`more` maps a place to what its upstreams have beside their address; a place in `away` has no route."""

    more: ClassVar[dict[str, dict[str, Any]]] = {}
    away: ClassVar[dict[str, str]] = {}
    asked: ClassVar[list[str]] = []

    @classmethod
    def reset(cls) -> None:
        cls.more, cls.away, cls.asked = {}, {}, []

    @classmethod
    def routes(cls, placements: Sequence[Placement]) -> dict[int, Upstream]:
        found = super().routes(placements)
        return {p.pk: replace(found[p.pk], **cls.more.get(p.place, {})) for p in placements if p.place not in cls.away}

    @classmethod
    def why_unroutable(cls, place: str) -> str:
        cls.asked.append(place)
        return cls.away.get(place, "")
