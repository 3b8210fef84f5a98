"""One run per data folder: a lock that the kernel drops when the process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TextIO


class HomeIsTaken(Exception):
    """Another run works on this data folder; `pid` is its process, as far as it is known."""

    def __init__(self, home: Path, pid: str) -> None:
        self.home = home
        self.pid = pid
        super().__init__(
            f"Another run (pid {pid}) works on REGISTRY_HOME {home}. Stop it, or set REGISTRY_HOME to another folder."
        )


def take(home: Path) -> TextIO:
    """Lock the data folder; the lock lasts as long as the returned file is open."""
    # Not "w": that would empty the file of the run that holds the lock.
    file = open(home / "run.lock", "a+")  # noqa: SIM115 - stays open on purpose
    file.seek(0)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        pid = file.read().strip() or "unknown"
        file.close()
        raise HomeIsTaken(home, pid) from error
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file
