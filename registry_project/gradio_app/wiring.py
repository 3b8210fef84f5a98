"""How events are tied to handlers on this page: private, bounded in number, and a look at the log-in after each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import gradio as gr

from registry_project.gradio_app.session import Session

# How many visitors may do one thing at the same time; more wait in the queue.
QUICK, SLOW = 16, 24
# Values come as the browser sends them (files are checked all the same): Gradio's own look at them would refuse a
# model that was in the list a moment ago, and break off on a picture that it cannot read. Both get a sentence here.
_EVENT: dict[str, Any] = {
    "api_visibility": "private",
    "show_progress": "hidden",
    "concurrency_limit": QUICK,
    "preprocess": False,
}
Handler = Callable[..., Any]


class Wiring:
    """The events of one Blocks, and the parts of the page that are for visitors who have logged in."""

    def __init__(self) -> None:
        self.session = gr.State(Session())
        self._events: list[Any] = []
        self._bodies: list[gr.Column] = []
        self._notes: list[gr.HTML] = []
        self._scripts: list[tuple[Any, str]] = []
        self._renewals: list[tuple[Handler, Sequence[Any], Sequence[Any]]] = []

    def on(
        self, triggers: Sequence[Any], handler: Handler, inputs: Sequence[Any], outputs: Sequence[Any], **more: Any
    ) -> Any:
        """Call `handler(session, *inputs)` at any of the triggers."""
        given = [self.session, *inputs]
        event = gr.on(list(triggers), handler, given, list(outputs), **{**_EVENT, **more})
        self._events.append(event)
        return event

    def after(self, event: Any, handler: Handler, inputs: Sequence[Any], outputs: Sequence[Any]) -> Any:
        """Call `handler(session, *inputs)` when the event has ended."""
        given = [self.session, *inputs]
        return event.then(handler, given, list(outputs), **_EVENT)

    def at_last(self, event: Any, script: str) -> None:
        """Run the script in the browser when all has been done that follows from the event."""
        self._scripts.append((event, script))

    def script(self, event: Any, inputs: Sequence[Any], script: str) -> None:
        """Run the script in the browser with what the parts hold when the event has ended."""
        event.then(None, list(inputs), None, js=script, api_visibility="private", show_progress="hidden")

    def at_log_in(self, handler: Handler, outputs: Sequence[Any], inputs: Sequence[Any] = ()) -> None:
        """Call `handler(session, *inputs)` when somebody has logged in; all such handlers at the same time."""
        self._renewals.append((handler, inputs, outputs))

    def logs_in(self, event: Any) -> None:
        """Say which event is the log-in."""
        for handler, inputs, outputs in self._renewals:
            self.after(event, handler, inputs, outputs)

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
            looked = self.after(event, look, [], outputs)
            for _, script in (pair for pair in self._scripts if pair[0] is event):
                looked.then(None, js=script)
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
