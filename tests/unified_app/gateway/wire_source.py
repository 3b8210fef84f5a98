"""Sources whose placements are whatever a test's rows say: only the wire behind them is faked."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import ClassVar

from unified_app.models import Placement
from unified_app.sources import Place, ServingObservation, Source, Upstream

NAME = "wire"
REMOTE = {NAME: "tests.unified_app.gateway.wire_source.WireSource"}
LOCAL = {NAME: "tests.unified_app.gateway.wire_source.StartedSource"}


class WireSource(Source):
    """Every placement is called at its base URL."""

    name: ClassVar[str] = NAME
    label: ClassVar[str] = "Wire"

    @classmethod
    def places(cls) -> list[Place]:
        return []

    def fetch(self):
        return []

    @classmethod
    def routes(cls, placements: Sequence[Placement]) -> dict[int, Upstream]:
        headers = {"Authorization": "Bearer upstream-secret"}
        return {p.pk: Upstream(p.base_url, headers, p.protocol, p.upstream_name) for p in placements}


class StartedSource(WireSource):
    """Its models must be started first, which takes a moment."""

    serves_locally: ClassVar[bool] = True
    starts: ClassVar[list[str]] = []
    seconds: ClassVar[float] = 0.3
    lock: ClassVar[threading.Lock] = threading.Lock()

    @classmethod
    def start(cls, placement: Placement, *, timeout: float = 300.0) -> ServingObservation:
        with cls.lock:
            cls.starts.append(placement.place)
        time.sleep(cls.seconds)
        return ServingObservation("ready")
