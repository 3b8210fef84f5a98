"""One visitor's session: kept in this process only, never sent to the browser, never logged."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from registry_project.gradio_app.conversation import Conversation
from registry_project.gradio_app.errors import LogInEnded
from registry_project.gradio_app.replies import LogIn, Model


@dataclass(repr=False)
class Session:
    """Who is logged in, what is chosen, and what was said in each tab.

    Gradio keeps the object in a `gr.State`; handlers change it in place. It has no repr, since that would hold the key.
    """

    user: str = ""
    key: str = ""
    scopes: tuple[str, ...] = ()
    notice: str = ""
    shown_open: bool = False  # whether the page shows what is for those who have logged in
    models: dict[str, Model] = field(default_factory=dict)
    listed: list[tuple[str, str]] = field(default_factory=list)  # the choices of the model list: label, id
    chosen: dict[str, str] = field(default_factory=dict)  # category -> the model that was chosen there last
    conversations: defaultdict[str, Conversation] = field(default_factory=lambda: defaultdict(Conversation))
    stops: defaultdict[str, threading.Event] = field(default_factory=lambda: defaultdict(threading.Event))

    @property
    def is_open(self) -> bool:
        return bool(self.key)

    def begin(self, user: str, log_in: LogIn) -> None:
        self.end()
        self.user, self.key, self.scopes = user, log_in.key, log_in.scopes

    def end(self, notice: str = "") -> None:
        """Forget the key and everything that was seen with it."""
        for stop in self.stops.values():
            stop.set()
        self.user = self.key = ""
        self.scopes = ()
        self.notice = notice
        for kept in (self.models, self.listed, self.chosen, self.conversations):
            kept.clear()

    def name_of(self, model_id: str) -> str:
        return self.models[model_id].name if model_id in self.models else model_id

    @contextmanager
    def watched(self) -> Iterator[None]:
        """End the session when the registry does not know its key any more."""
        try:
            yield
        except LogInEnded as error:
            self.end(str(error))
            raise

    def __deepcopy__(self, memo: dict[int, Any]) -> Session:
        # Gradio copies the state's first value for each visitor; events cannot be copied, and need not be.
        return Session(user=self.user, key=self.key, scopes=self.scopes, models=deepcopy(self.models, memo))
