"""Tells the database what this process has under way, and learns what the others have. A thread of its own."""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from typing import ClassVar

from django.db import DatabaseError, connection

from unified_app.gateway.following import LoopFollower
from unified_app.gateway.load import Load
from unified_app.serving import inflight

logger = logging.getLogger(__name__)

REPORT_SECONDS = 1.0


class Reporter(LoopFollower):
    """Writes one row each second; after a crash the row's age tells that its calls are gone."""

    thread_name: ClassVar[str] = "gateway-reporter"

    def __init__(self, load: Load) -> None:
        super().__init__()
        self._load = load
        self._id = uuid.uuid4().hex
        self._told_requests: Counter[str] = Counter()
        self._told_errors: Counter[str] = Counter()

    def report(self) -> None:
        """Tell the counts that have grown since the last time; what could not be told is told next time."""
        requests, errors = Counter(self._load.requests), Counter(self._load.errors)
        elsewhere = inflight.report(
            self._id, dict(self._load.models), requests - self._told_requests, errors - self._told_errors
        )
        self._told_requests, self._told_errors = requests, errors
        self._tell(self._load.hear, elsewhere)

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
