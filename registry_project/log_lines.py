"""How our log's lines begin."""

from __future__ import annotations

import logging


class LineFormatter(logging.Formatter):
    """Prints the time to the second, and makes its text once a second instead of once a line."""

    # One attribute for both, so that no thread sees the one without the other.
    _shown: tuple[int, str] = (-1, "")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        second, text = self._shown
        if second != (now := int(record.created)):
            text = super().formatTime(record, datefmt)
            self._shown = now, text
        return text
