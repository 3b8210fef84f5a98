"""How events are tied to handlers on this page: private, bounded in number, and a look at the log-in after each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import gradio as gr

from registry_project.gradio_app.session import Session

# How many visitors may do one thing at the same time; more wait in the queue.
QUICK, SLOW = 16, 24
_LATER: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": QUICK}
Handler = Callable[..., Any]


class Wiring:
    """The events of one Blocks, and the parts of the page that are for visitors who have logged in."""

    def __init__(self) -> None:
        self.session = gr.State(Session())
        self._events: list[Any] = []
        self._bodies: list[gr.Column] = []
        self._notes: list[gr.HTML] = []

    def on(
        self, triggers: Sequence[Any], handler: Handler, inputs: Sequence[Any], outputs: Sequence[Any], **more: Any
    ) -> Any:
        """Call `handler(session, *inputs)` at any of the triggers."""
        more = {"concurrency_limit": QUICK, "show_progress": "hidden", **more}
        given = [self.session, *inputs]
        event = gr.on(list(triggers), handler, given, list(outputs), api_visibility="private", **more)
        self._events.append(event)
        return event

    def after(self, event: Any, handler: Handler, inputs: Sequence[Any], outputs: Sequence[Any]) -> Any:
        """Call `handler(session, *inputs)` when the event has ended."""
        given = [self.session, *inputs]
        return event.then(handler, given, list(outputs), **_LATER)

    @contextmanager
    def section(self, note: str = "") -> Iterator[None]:
        """A part that is there only after the log-in; `note` stands in its place until then."""
        if note:
            self._notes.append(gr.HTML(f'<p class="mr-gate">{note}</p>', padding=False))
        with gr.Column(visible=False) as body:
            yield
        self._bodies.append(body)

    def finish(self, form: gr.Column, notice: gr.HTML, who: Callable[[Session], str]) -> list[Any]:
        """Let every event be followed by a look at the log-in, which may have ended. Returns what that changes."""
        outputs: list[Any] = [form, notice, *self._notes, *self._bodies]
        look = self._look(who)
        for event in self._events:
            self.after(event, look, [], outputs)
        return outputs

    def _look(self, who: Callable[[Session], str]) -> Callable[[Session], Any]:
        def look(session: Session) -> Any:
            if session.shown_open == session.is_open and not session.notice:
                return gr.skip()
            session.shown_open = session.is_open
            return self._faces(session, who(session))

        return look

    def _faces(self, session: Session, notice: str) -> list[Any]:
        is_open = session.is_open
        notes = [gr.HTML(visible=not is_open) for _ in self._notes]
        bodies = [gr.Column(visible=is_open) for _ in self._bodies]
        return [gr.Column(visible=not is_open), notice, *notes, *bodies]
