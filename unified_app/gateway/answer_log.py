"""One line of the log for each answer, written a little later and many at once."""

from __future__ import annotations

import asyncio
import logging
import time

from unified_app.gateway.http import Request, shown

logger = logging.getLogger(__name__)

# How late a line may be. A line alone costs a busy gateway 30 us, a tenth of a call; one among others a third of it,
# since the logging code then stays in the processor's cache.
WRITE_AFTER_SECONDS = 0.1


class AnswerLog:
    """Lines of one event loop. `write` at its end, or the last ones are lost."""

    def __init__(self) -> None:
        # Time, method, path, status, seconds, id. Not the request itself, which would keep its body in memory.
        self._due: list[tuple[float, str, bytes, int, float, str]] = []

    def note(self, request: Request, status: int, seconds: float) -> None:
        if not self._due:
            asyncio.get_running_loop().call_later(WRITE_AFTER_SECONDS, self.write)
        self._due.append((time.time(), request.method, request.raw_path, status, seconds, request.id))

    def write(self) -> None:
        due, self._due = self._due, []
        if not logger.isEnabledFor(logging.INFO):
            return
        for at, method, path, status, seconds, request_id in due:
            told = (method, shown(path), status, seconds * 1000, request_id)
            record = logger.makeRecord(logger.name, logging.INFO, __file__, 0, "%s %s %s %.1f ms %s", told, None)
            record.created = at
            logger.handle(record)
