"""Load Model and Unload Model: the serving state of the chosen model, live."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import gradio as gr

from registry_project.gradio_app import cards, markup
from registry_project.gradio_app.client import RegistryClient
from registry_project.gradio_app.errors import Forbidden, PageError
from registry_project.gradio_app.feed import Feed
from registry_project.gradio_app.replies import Serving
from registry_project.gradio_app.session import Session

STOP = "load"
PAUSE = 1.0
# A model of hundreds of GB on a slow disk; after that the page stops looking, the registry does not.
PATIENCE = 900.0
Shown = tuple[str, Any]


class ServingPanel:
    """Handlers of the buttons; each yields the state as HTML and the button that ends it."""

    def __init__(self, client: RegistryClient) -> None:
        self._client = client

    def status(self, session: Session, model_id: str | None) -> str:
        if not session.is_open or not model_id:
            return ""
        try:
            with session.watched():
                return cards.serving(self._of(session).serving_status(model_id))
        except PageError as error:
            return markup.error(str(error))

    def load(self, session: Session, model_id: str | None) -> Iterator[Shown]:
        if not model_id:
            yield markup.error("Choose a model first."), gr.skip()
            return
        session.stops[STOP].clear()
        yield cards.serving(Serving("starting"), 0), gr.Button(interactive=True)
        try:
            with session.watched():
                for shown in self._progress(session, model_id):
                    yield shown, gr.skip()
        except Forbidden as error:
            yield self._may_not(error), gr.skip()
        except PageError as error:
            yield markup.error(str(error)), gr.skip()

    def unload(self, session: Session, model_id: str | None) -> Iterator[Shown]:
        session.stops[STOP].set()
        if not model_id:
            yield markup.error("Choose a model first."), gr.skip()
            return
        yield cards.serving(Serving("stopping")), gr.Button(interactive=False)
        try:
            with session.watched():
                yield cards.serving(self._of(session).stop(model_id)), gr.Button(interactive=True)
        except PageError as error:
            yield markup.error(str(error)), gr.Button(interactive=True)

    def _progress(self, session: Session, model_id: str) -> Iterator[str]:
        """Yield the state until it is settled, the visitor unloads the model, or patience ends."""
        client, stop, began = self._of(session), session.stops[STOP], time.monotonic()
        start = Feed(lambda: [client.serve(model_id)])
        state = Serving("starting")
        while not stop.is_set() and (waited := time.monotonic() - began) < PATIENCE:
            if not start.finished:
                state = next(iter(start.batch(PAUSE)), state)
            elif start.error:
                raise start.error
            elif state.state == "starting":
                time.sleep(PAUSE)
                state = client.serving_status(model_id)
            else:
                yield cards.serving(state)
                return
            yield cards.serving(state, waited)

    def _may_not(self, error: Forbidden) -> str:
        hint = (
            "Ask anyway: a model that is stopped starts with the first question, unless an operator switched that off."
        )
        return markup.error(str(error)) + markup.note(hint)

    def _of(self, session: Session) -> RegistryClient:
        return self._client.with_key(session.key)
