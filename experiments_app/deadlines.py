"""How long an attempt to tell MLflow something may take."""

from __future__ import annotations

import time
from collections.abc import Callable

from unified_app.errors import UpstreamTimeout
from unified_app.jobs import Handle

# Of one attempt: a slow MLflow must not hold a worker's thread. The next attempt goes on where this one stopped.
ATTEMPT_SECONDS = 8.0

Check = Callable[[], None]


def deadline(handle: Handle) -> Check:
    """Return what raises when the attempt has taken too long, or the job is lost or cancelled."""
    until = time.monotonic() + ATTEMPT_SECONDS

    def check() -> None:
        handle.check()
        if time.monotonic() > until:
            raise UpstreamTimeout("MLflow is too slow: this attempt ends here, and the next one goes on.")

    return check
