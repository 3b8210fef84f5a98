"""One visitor's session: kept in this process only, never sent to the browser, never logged."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from registry_project.gradio_app.conversation import Conversation
from registry_project.gradio_app.errors import LogInEnded
from registry_project.gradio_app.replies import LogIn, Model
from registry_project.gradio_app.suite_session import Bench

Choices = tuple[tuple[str, str], ...]


class Session:
    """Who is logged in, what is chosen, and what was said in each tab.

    Gradio keeps the object in a `gr.State`; handlers change it in place. It is no dataclass: those have a repr, which
    would show the key, and Gradio would try to write it into the page's configuration.
    """

    def __init__(self) -> None:
        self.user = ""
        self.key = ""
        self.scopes: tuple[str, ...] = ()
        self.is_new = False  # whether another user than before has logged in
        self.notice = ""
        self.shown_open = False  # whether the page shows what is for those who have logged in
        self.category = ""  # asked for last; a slower answer to an earlier wish must not replace the newer list
        self.models: dict[str, Model] = {}
        # The choices of the model list: (label, id). Replaced and never changed, since two events may be at work.
        self.listed: Choices = ()
        self.shown_list: tuple[str, Choices] | None = None
        self.chosen: dict[str, str] = {}  # category -> the model that was chosen there last
        self.variants: dict[str, str] = {}  # base -> the variant that was made of it last
        self.conversations: defaultdict[str, Conversation] = defaultdict(Conversation)
        self.bench = Bench()
        self.stops: defaultdict[str, threading.Event] = defaultdict(threading.Event)

    @property
    def is_open(self) -> bool:
        return bool(self.key)

    def begin(self, user: str, log_in: LogIn) -> None:
        """Take up the key. Who logs in again goes on; somebody else finds nothing of the one before."""
        is_new = user != self.user
        if is_new:
            self.end()
        self.is_new, self.shown_list = is_new, None
        self.user, self.key, self.scopes = user, log_in.key, log_in.scopes

    def expire(self, notice: str) -> None:
        """Forget the key, since the registry does not know it any more; what was said stays."""
        self._stop_all()
        self.key, self.is_new, self.notice = "", False, notice

    def end(self) -> None:
        """Forget the key and everything that was seen with it."""
        self._stop_all()
        self.user = self.key = ""
        self.scopes = ()
        self.is_new = False
        self.listed = ()
        for kept in (self.models, self.chosen, self.variants, self.conversations):
            kept.clear()
        self.bench = Bench(is_open=self.bench.is_open)

    def _stop_all(self) -> None:
        for stop in self.stops.values():
            stop.set()

    def name_of(self, model_id: str) -> str:
        return self.models[model_id].name if model_id in self.models else model_id

    @contextmanager
    def watched(self) -> Iterator[None]:
        """End the session when the registry does not know its key any more."""
        try:
            yield
        except LogInEnded as error:
            self.expire(str(error))
            raise

    def __deepcopy__(self, memo: dict[int, Any]) -> Session:
        # Gradio copies the state's first value for each visitor.
        return Session()
