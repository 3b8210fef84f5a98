"""Answers that need not be paid for again: those of earlier runs, and of other cases of this one.

The threads that make the calls read through one thread, which asks the database for all that wait at once. What is
new is written by the dispatcher, together with the results that it belongs to.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any

from django.db import connection

from experiments_app.evaluation.replies import Reply
from experiments_app.evaluation.runner.stored_replies import from_stored, weight_of
from experiments_app.models import CachedReply

# Replies kept in memory, by weight: some 64 MB. A corpus is embedded once for all its cases.
MAX_WEIGHT = 2_000_000
# Keys in one query; SQLite takes no more than 999 in old versions.
MAX_KEYS = 500
READ_SECONDS = 60.0
STOP_SECONDS = 5.0

_Found = Mapping[str, Any] | None


class Cache:
    """Replies by key; equal calls under way at once are made once. `stored` says whether earlier runs' count."""

    def __init__(self, *, stored: bool) -> None:
        self._stored = stored
        self._reader = _Reader() if stored else None
        self._lock = threading.Lock()
        self._flights: dict[str, Future[Reply]] = {}
        self._recent: OrderedDict[str, Reply] = OrderedDict()
        self._weight = 0

    @property
    def is_stored(self) -> bool:
        return self._stored

    def close(self) -> None:
        if self._reader:
            self._reader.stop()

    def get(self, key: str, make: Callable[[], Reply], *, read: bool = True) -> tuple[Reply, bool]:
        """Return the reply and whether `make` was called for it here. `read` False makes it anew in any case."""
        with self._lock:
            if read and key in self._recent:
                self._recent.move_to_end(key)
                return self._recent[key], False
            flight = self._flights.get(key)
            mine: Future[Reply] = Future()
            if flight is None:
                self._flights[key] = mine
        if flight is not None:
            return flight.result(), False
        try:
            found = self._read(key) if read else None
            reply = found or make()
        except BaseException as error:
            self._land(key, mine)
            mine.set_exception(error)
            raise
        self._land(key, mine, reply)
        mine.set_result(reply)
        return reply, found is None

    def _read(self, key: str) -> Reply | None:
        found = self._reader.read(key) if self._reader else None
        return from_stored(found) if found else None

    def _land(self, key: str, flight: Future[Reply], reply: Reply | None = None) -> None:
        with self._lock:
            del self._flights[key]
            if reply is None:
                return
            self._weight += weight_of(reply) - (weight_of(self._recent[key]) if key in self._recent else 0)
            self._recent[key] = reply
            self._recent.move_to_end(key)
            while self._weight > MAX_WEIGHT:
                self._weight -= weight_of(self._recent.popitem(last=False)[1])


class _Reader:
    """A thread that reads stored replies; what waits while it reads is read with its next query."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[tuple[str, Future[_Found]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True, name="evaluation-cache")
        self._thread.start()

    def read(self, key: str) -> _Found:
        answer: Future[_Found] = Future()
        self._asked.put((key, answer))
        # A thread that was let go may ask when nobody reads any more.
        return answer.result(timeout=READ_SECONDS)

    def stop(self) -> None:
        """Answer what was asked before, and close the connection to the database."""
        self._asked.put(None)
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        try:
            while batch := self._next():
                self._answer(batch)
        finally:
            connection.close()

    def _next(self) -> list[tuple[str, Future[_Found]]]:
        """Return what waits, once something does; nothing when it is time to stop."""
        batch: list[tuple[str, Future[_Found]]] = []
        entry = self._asked.get()
        while entry is not None:
            batch.append(entry)
            if len(batch) == MAX_KEYS:
                break
            try:
                entry = self._asked.get_nowait()
            except Empty:
                break
        else:
            self._asked.put(None)  # for the next round; this one still answers what came before
        return batch

    def _answer(self, batch: list[tuple[str, Future[_Found]]]) -> None:
        try:
            rows = CachedReply.objects.filter(key__in=[key for key, _ in batch])
            found = dict(rows.values_list("key", "reply"))
        except Exception as error:  # the database is away: each asker is told
            for _, answer in batch:
                answer.set_exception(error)
            return
        for key, answer in batch:
            answer.set_result(found.get(key))


def write(replies: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep new replies; of two under one key the newer one counts, as it was asked for anew."""
    rows = [CachedReply(key=key, reply=reply) for key, reply in sorted(replies.items())]
    if rows:
        CachedReply.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["key"], update_fields=["reply", "created_at"]
        )


def replies_before(before: datetime) -> Any:
    """Return what retention deletes."""
    return CachedReply.objects.filter(created_at__lt=before)
