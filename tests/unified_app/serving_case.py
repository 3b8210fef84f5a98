"""A source whose places load and forget models in memory, for the tests of serving."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.db import connection
from django.test import TestCase, TransactionTestCase, override_settings

from tests.unified_app.api_case import register
from tests.unified_app.fake_source import FakeSource
from unified_app.errors import RegistryError, UpstreamError
from unified_app.models import ModelServingStatus, Placement, ServingSlot, UnifiedModel
from unified_app.registry_manager import UnifiedRegistryManager
from unified_app.serving_interface import ModelServingInterface
from unified_app.sources import ServingObservation

SOURCES = {"ollama": "tests.unified_app.serving_case.ServingSource", "cloud": "tests.unified_app.serving_case.Remote"}


class Remote(FakeSource):
    """Places that need no start."""

    name: ClassVar[str] = "cloud"


class ServingSource(FakeSource):
    """`loaded` holds (place, runner); `broken` maps a place to what it answers to everything."""

    serves_locally: ClassVar[bool] = True
    loaded: ClassVar[set[tuple[str, str]]] = set()
    broken: ClassVar[dict[str, RegistryError]] = {}
    starts: ClassVar[list[str]] = []
    stops: ClassVar[list[str]] = []
    looks: ClassVar[list[str]] = []
    seconds: ClassVar[float] = 0.0
    # Called while a start is under way, and while a stop is.
    on_start: ClassVar[Callable[[Placement], Any] | None] = None
    on_stop: ClassVar[Callable[[Placement], Any] | None] = None

    @classmethod
    def forget(cls) -> None:
        for kept in (cls.loaded, cls.broken, cls.starts, cls.stops, cls.looks):
            kept.clear()
        cls.seconds, cls.on_start, cls.on_stop = 0.0, None, None

    @classmethod
    def runner_of(cls, placement: Placement) -> str:
        return placement.facts["parameters"].get("weights_digest") or placement.upstream_name

    @classmethod
    def start(cls, placement: Placement, *, timeout: float = 300.0) -> ServingObservation:
        cls._answer(placement)
        cls.starts.append(placement.upstream_name)
        time.sleep(cls.seconds)
        if cls.on_start:
            cls.on_start(placement)
        cls.loaded.add((placement.place, cls.runner_of(placement)))
        return ServingObservation("ready")

    @classmethod
    def stop(cls, placement: Placement) -> ServingObservation:
        cls._answer(placement)
        cls.stops.append(placement.upstream_name)
        if cls.on_stop:
            cls.on_stop(placement)
        cls.loaded.discard((placement.place, cls.runner_of(placement)))
        return ServingObservation("stopped")

    @classmethod
    def observe(cls, placements: Sequence[Placement]) -> dict[int, ServingObservation]:
        cls.looks.extend(sorted({p.place for p in placements}))
        return {p.pk: cls._seen(p) for p in placements}

    @classmethod
    def _seen(cls, placement: Placement) -> ServingObservation:
        if placement.place in cls.broken:
            return ServingObservation.failed(placement.place, cls.broken[placement.place])
        is_there = (placement.place, cls.runner_of(placement)) in cls.loaded
        return ServingObservation("ready") if is_there else ServingObservation("stopped", "evicted by host")

    @classmethod
    def _answer(cls, placement: Placement) -> None:
        if error := cls.broken.get(placement.place):
            raise error


class _Serving:
    def setUp(self) -> None:
        super().setUp()
        ServingSource.forget()
        self.enterContext(override_settings(MODEL_SOURCES=SOURCES, REGISTRY_API_URL="http://registry"))
        self.serving = ModelServingInterface(UnifiedRegistryManager(by="ann"))


class ServingTestCase(_Serving, TestCase):
    pass


class ServingRaceCase(_Serving, TransactionTestCase):
    """Threads that see each other's rows."""

    def at_once(self, *calls: Callable[[], Any]) -> list[Any]:
        """Do all calls in threads of their own; return what each returned or raised."""
        outcomes: list[Any] = [None] * len(calls)
        gate = threading.Barrier(len(calls))

        def do(number: int) -> None:
            try:
                gate.wait(10)
                outcomes[number] = calls[number]()
            except (RegistryError, ValueError) as error:
                outcomes[number] = error
            finally:
                connection.close()

        threads = [threading.Thread(target=do, args=[number]) for number in range(len(calls))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        return outcomes


def models(count: int, place: str = "one") -> list[str]:
    """Register `count` models at a place and return their ids."""
    return [register(f"m{number}:1", place).pk for number in range(count)]


def remote(name: str) -> UnifiedModel:
    """A model that is ready wherever it is."""
    model = register(name)
    UnifiedModel.objects.filter(pk=model.pk).update(source="cloud")
    Placement.objects.filter(model=model).update(source="cloud")
    return UnifiedModel.objects.get(pk=model.pk)


def state(model_id: str) -> str:
    return str(ModelServingStatus.objects.get(model_id=model_id).status)


def slots() -> set[str]:
    return set(ServingSlot.objects.values_list("model_id", flat=True))


def refusal(status: int = 500) -> UpstreamError:
    error = UpstreamError(f"It answered {status}.")
    error.upstream_status = status
    return error
