"""A blocking iterator read in a thread of its own, so that who waits for it can show the time and be stopped."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Feed(Generic[T]):
    """`open_source` connects and returns the iterable; both it and the iteration run in the thread."""

    def __init__(self, open_source: Callable[[], Iterable[T]]) -> None:
        self._open = open_source
        self._pieces: queue.SimpleQueue[tuple[T] | None] = queue.SimpleQueue()
        self._source: Iterable[T] | None = None
        self._closed = threading.Event()
        self.finished = False
        self.error: Exception | None = None
        # A daemon: a model that thinks for minutes must not hold up the end of the process.
        threading.Thread(target=self._read, name="feed", daemon=True).start()

    def batch(self, wait: float) -> list[T]:
        """Return all that has come, waiting at most `wait` seconds for the first piece; [] is silence or the end."""
        found: list[T] = []
        try:
            piece = self._pieces.get(timeout=wait)
            while piece is not None:
                found.append(piece[0])
                piece = self._pieces.get_nowait()
            self.finished = True
        except queue.Empty:
            pass
        return found

    def close(self) -> None:
        """Stop reading; the connection is closed at once, or as soon as it stands."""
        self._closed.set()
        self._close_source()

    def _read(self) -> None:
        try:
            self._source = self._open()
            if self._closed.is_set():
                return self._close_source()
            for piece in self._source:
                self._pieces.put((piece,))
        except Exception as error:
            # It belongs to the thread that waits; there it is shown or raised.
            self.error = error
        finally:
            self._pieces.put(None)

    def _close_source(self) -> None:
        close = getattr(self._source, "close", None)
        if close is not None:
            close()
