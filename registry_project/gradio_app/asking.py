"""Put a question to one or several models and watch the answers grow."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

from registry_project.gradio_app.client import RegistryClient
from registry_project.gradio_app.conversation import Answer
from registry_project.gradio_app.errors import LogInEnded, PageError
from registry_project.gradio_app.feed import Feed
from registry_project.gradio_app.replies import Delta
from registry_project.gradio_app.session import Session

logger = logging.getLogger(__name__)

# Seconds between two looks at a silent model: the clock under its answer moves so often.
TICK = 0.25
# Seconds to gather what a quick model writes, so that the page is not redrawn for every token.
GATHER = 0.08


class Asked:
    """One answer that is being streamed."""

    def __init__(self, client: RegistryClient, body: dict[str, Any], answer: Answer) -> None:
        self.answer = answer
        self.ended_log_in = False
        self._feed: Feed[Delta] = Feed(lambda: client.chat(body))

    @property
    def is_running(self) -> bool:
        return self.answer.ended is None

    def look(self, wait: float) -> None:
        """Take in what has come."""
        for delta in self._feed.batch(wait):
            self.answer.take(delta)
        if self._feed.finished:
            self._finish(self._feed.error)

    def stop(self) -> None:
        self._feed.close()
        if self.is_running:
            self.answer.stopped = True
            self.answer.end()

    def _finish(self, error: Exception | None) -> None:
        self.answer.end()
        if isinstance(error, PageError):
            self.answer.error = str(error)
            self.ended_log_in = isinstance(error, LogInEnded)
        elif error is not None:
            # What came stays on the page, so it is told there too.
            self.answer.error = "The page itself failed while it read the answer. Its log has the details."
            logger.error("reading an answer failed", exc_info=error)


def watch(session: Session, asked: list[Asked], stop: threading.Event) -> Iterator[None]:
    """Yield whenever the answers have changed, until all have ended or `stop` is set. Closes what still runs."""
    try:
        while running := [one for one in asked if one.is_running]:
            if stop.is_set():
                break
            for one in running:
                one.look(TICK / len(running))
            yield
            time.sleep(GATHER)
    finally:
        # Also when the visitor has gone: then Gradio closes this generator.
        for one in asked:
            one.stop()
    if any(one.ended_log_in for one in asked):
        session.expire("Your log-in has ended. Log in again.")
    yield
