"""What a killed worker leaves in the folder of the embedded broker, and would trip over."""

from __future__ import annotations

import json
from pathlib import Path


def tidy(folder: Path) -> None:
    """Remove remote-control messages that nobody waits for any more, and half-written routing tables.

    kombu never deletes the former; one of the latter (it is truncated before it is written) would stop every
    later start of the worker. Messages that wake jobs stay.
    """
    for message in folder.glob("*.pidbox.msg"):
        message.unlink(missing_ok=True)
    for table in (folder / "control").glob("*.exchange"):
        if not _is_whole(table):
            table.unlink(missing_ok=True)


def _is_whole(table: Path) -> bool:
    try:
        json.loads(table.read_text())
    except (OSError, ValueError):
        return False
    return True
