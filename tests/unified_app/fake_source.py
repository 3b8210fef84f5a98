"""A source with queued replies: everything between the source and the database runs for real."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Any, ClassVar

from unified_app.errors import RegistryError
from unified_app.sources import Place, Source


class FakeSource(Source):
    """`replies[place]` holds what each reading yields in turn: a list of models, an error, or an Event to wait for."""

    name: ClassVar[str] = "ollama"
    label: ClassVar[str] = "Fake"
    replies: ClassVar[dict[str, deque[Any]]] = defaultdict(deque)
    readings: ClassVar[list[str]] = []
    failures: ClassVar[list[tuple[str, str]]] = []
    reading_began: ClassVar[threading.Event] = threading.Event()

    @classmethod
    def reset(cls) -> None:
        cls.replies.clear()
        cls.readings.clear()
        cls.failures.clear()
        cls.reading_began.clear()

    @classmethod
    def places(cls) -> list[Place]:
        return [Place(name, f"http://{name}") for name in cls.replies]

    def fetch(self) -> Iterator[Any]:
        self.readings.append(self.place)
        self.reading_began.set()
        for reply in self.replies[self.place].popleft() if self.replies[self.place] else []:
            if isinstance(reply, threading.Event):
                assert reply.wait(10)
            elif isinstance(reply, Exception):
                raise reply
            else:
                yield reply

    def record_failure(self, error: RegistryError) -> None:
        self.failures.append((self.place, error.code))


FAKE = {"ollama": "tests.unified_app.fake_source.FakeSource"}
