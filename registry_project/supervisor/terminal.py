"""What the terminal shows: our own lines, and those of the children with their name in front."""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import IO, TextIO

# Cyan, green, yellow, magenta, blue: readable on light and dark.
COLOURS = (36, 32, 33, 35, 34)
WIDTH = 7


class Terminal:
    """Writes whole lines, in a thread of its own.

    A terminal that is paused or gone must not stop the service: lines that do not fit into the queue are
    counted and dropped instead of blocking a child's log, and write errors are ignored.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._coloured = stream.isatty()
        self._lines: queue.Queue[str | None] = queue.Queue(maxsize=10_000)
        self._dropped = 0
        self._names: list[str] = []
        self._readers: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._write, daemon=True, name="terminal")
        self._thread.start()

    def say(self, text: str = "") -> None:
        """Show lines of our own."""
        for line in text.split("\n"):
            self._put(f"{self._bold(line)}\n")

    def follow(self, name: str, pipe: IO[bytes]) -> None:
        """Show what a child prints until it closes its output."""
        reader = threading.Thread(target=self._copy, args=(name, pipe), daemon=True, name=f"log-{name}")
        self._readers = [*(other for other in self._readers if other.is_alive()), reader]
        reader.start()

    def close(self) -> None:
        """Write what is queued, but do not wait long for a terminal that takes nothing."""
        for reader in self._readers:
            reader.join(timeout=0.2)
        with contextlib.suppress(queue.Full):
            self._lines.put(None, timeout=0.5)
        self._thread.join(timeout=0.5)

    def _copy(self, name: str, pipe: IO[bytes]) -> None:
        prefix = self._prefix(name)
        with pipe:
            for line in pipe:
                self._put(f"{prefix}{line.decode(errors='replace').rstrip()}\n")

    def _put(self, line: str) -> None:
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._dropped += 1

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            with contextlib.suppress(OSError, ValueError):
                if self._dropped:
                    dropped, self._dropped = self._dropped, 0
                    self._stream.write(f"({dropped} lines were dropped: the terminal did not take them.)\n")
                self._stream.write(line)
                self._stream.flush()

    def _bold(self, line: str) -> str:
        return f"\033[1m{line}\033[0m" if self._coloured and line else line

    def _prefix(self, name: str) -> str:
        if name not in self._names:
            self._names.append(name)
        label = f"{name:<{WIDTH}}| "
        if not self._coloured:
            return label
        return f"\033[{COLOURS[self._names.index(name) % len(COLOURS)]}m{label}\033[0m"
