"""Tells the database what this process has under way, and learns what the others have. A thread of its own."""

from __future__ import annotations

import asyncio
import logging
import threading
import uuid
from collections import Counter
from contextlib import suppress

from django.db import DatabaseError, connection

from unified_app.gateway.load import Load
from unified_app.serving import inflight

logger = logging.getLogger(__name__)

REPORT_SECONDS = 1.0


class Reporter:
    """Writes one row each second; after a crash the row's age tells that its calls are gone."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._id = uuid.uuid4().hex
        self._told_requests: Counter[str] = Counter()
        self._told_errors: Counter[str] = Counter()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin to report, on behalf of the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._stop.clear()
        self._thread = threading.Thread(target=self._follow, daemon=True, name="gateway-reporter")
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def report(self) -> None:
        """Tell the counts that have grown since the last time; what could not be told is told next time."""
        requests, errors = Counter(self._load.requests), Counter(self._load.errors)
        elsewhere = inflight.report(
            self._id, dict(self._load.models), requests - self._told_requests, errors - self._told_errors
        )
        self._told_requests, self._told_errors = requests, errors
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._load.hear, elsewhere)

    def _follow(self) -> None:
        while not self._stop.wait(REPORT_SECONDS):
            self._try()
        self._try()
        try:
            inflight.withdraw(self._id)
        except DatabaseError as error:
            logger.warning("the row of this process stays until it is old: %s", type(error).__name__)
        connection.close()

    def _try(self) -> None:
        try:
            self.report()
        except DatabaseError as error:
            logger.warning("counts of calls are told later: %s", type(error).__name__)
            connection.close()
