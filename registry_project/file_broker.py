"""kombu's broker in a folder, but that a message is whole as soon as it is there.

kombu makes the file first and writes into it then: a worker that takes it in between reads nothing, and dies of that.
"""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """Put a message; names begin with a time, by which kombu takes the oldest first."""
        whole = Path(self.data_folder_out) / f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        # No queue's name ends like this, so nobody takes it yet.
        half = whole.with_suffix(".half")
        half.write_text(dumps(payload))  # type: ignore[no-untyped-call]
        half.rename(whole)


class Transport(filesystem.Transport):
    Channel = Channel
