"""What the three chatting tabs share: the parts, the settings, and streaming answers into them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import gradio as gr

from registry_project.gradio_app import calls, markup, numbers, talk
from registry_project.gradio_app.asking import Asked, watch
from registry_project.gradio_app.client import RegistryClient
from registry_project.gradio_app.conversation import Conversation, Turn
from registry_project.gradio_app.errors import PageError
from registry_project.gradio_app.selector import SimplifiedModelSelector
from registry_project.gradio_app.session import Session
from registry_project.gradio_app.wiring import SLOW, Wiring

PATH = "/v1/chat/completions"
CURL_HINT = "The exact request of the last question. `KEY` holds a key of yours: make one on your account page."


class Settings(NamedTuple):
    """How to ask; None and "" leave it to the model."""

    system: str = ""
    temperature: float | None = None
    max_tokens: int | None = None
    effort: str = ""

    @classmethod
    def of(cls, given: Sequence[Any]) -> Settings:
        """Return what the fields hold. Raises PageError for what is no number."""
        found = cls(*given)
        temperature, tokens = numbers.temperature(found.temperature), numbers.tokens(found.max_tokens)
        return found._replace(temperature=temperature, max_tokens=tokens)

    def body(self, model: str, messages: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        system = [{"role": "system", "content": self.system.strip()}] if self.system and self.system.strip() else []
        options = {
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "reasoning_effort": self.effort or None,
            **more,
        }
        asked = {name: value for name, value in options.items() if value is not None}
        stream = {"stream": True, "stream_options": {"include_usage": True}}
        # The list is copied: the conversation goes on while the call is shown.
        return {"model": model, "messages": [*system, *messages], **asked, **stream}


class Frame(NamedTuple):
    """One picture of a chatting tab, in the order of its outputs."""

    logs: tuple[str, ...]
    call: Any
    question: Any
    send: Any
    stop: Any
    problem: str

    def values(self) -> list[Any]:
        return [*self.logs, self.call, self.question, self.send, self.stop, self.problem]


@dataclass
class Round:
    """One answer to ask for: the turn that shows it, and the request."""

    conversation: Conversation
    turn: Turn
    body: dict[str, Any]


class ChatTab:
    """Base of the chatting tabs. `name` is the tab's place in the session; `logs` are its conversations."""

    name = ""
    logs: tuple[str, ...] = ()
    empty = ""
    placeholder = "Ask something. Enter sends, Shift+Enter begins a new line"

    def __init__(self, selector: SimplifiedModelSelector, wiring: Wiring) -> None:
        self.selector = selector
        self.client: RegistryClient = selector.client
        self.wiring = wiring

    # --- Parts -------------------------------------------------------------------------------------------------

    def build_question(self, label: str = "Question") -> None:
        self.question = gr.Textbox(label=label, placeholder=self.placeholder, lines=1, max_lines=8, max_length=200_000)
        self.problem = gr.HTML(padding=False)
        with gr.Row(elem_classes="mr-buttons"):
            self.send = gr.Button("Send", variant="primary", size="md", scale=1, min_width=80)
            self.stop = gr.Button("Stop", size="md", interactive=False, scale=1, min_width=80)
            self.clear = gr.Button("New conversation", size="md", scale=2, min_width=185)

    def build_log(self) -> gr.HTML:
        return gr.HTML(talk.conversation(Conversation(), self.empty), padding=False, max_height=640, autoscroll=True)

    def build_settings(self, *, effort: bool = False) -> None:
        with gr.Accordion("Settings", open=False):
            system = gr.Textbox(label="System prompt", lines=2, max_lines=8, max_length=100_000)
            with gr.Row():
                temperature = numbers.number_box("Temperature")
                tokens = numbers.number_box("Most tokens")
                choices = [("As the model likes", ""), *((word, word) for word in ("none", "low", "medium", "high"))]
                thinking = gr.Dropdown(choices, value="", label="Thinking effort", visible=effort, min_width=160)
        self.settings = [system, temperature, tokens, thinking]

    def build_call(self) -> None:
        with gr.Accordion("Show the call", open=False):
            gr.HTML(f"<p>{markup.prose(CURL_HINT)}</p>", padding=False)
            self.call = call_box()

    def wire(self, log_parts: list[Any], extra: list[Any]) -> None:
        """Tie the buttons: Send and Enter call `ask(session, model, question, *settings, *extra)`."""
        self.outputs = [*log_parts, self.call, self.question, self.send, self.stop, self.problem]
        inputs = [self.selector.model, self.question, *self.settings, *extra]
        triggers = [self.send.click, self.question.submit]
        asked = self.wiring.on(triggers, self.ask, inputs, self.outputs, concurrency_limit=SLOW)
        self.wiring.on([self.stop.click], self.halt, [], [self.stop])
        cleared = self.wiring.on([self.clear.click], self.restart, [], [*log_parts, self.call, self.problem])
        self.changing = [asked, cleared]
        self.wiring.at_log_in(self.renew, [*log_parts, self.call, self.problem])

    # --- Handlers ----------------------------------------------------------------------------------------------

    def ask(self, session: Session, model_id: str | None, question: str, *given: Any) -> Iterator[list[Any]]:
        """Answer the question; the frames' values are those of `outputs`."""
        try:
            settings = Settings.of(given[:4])
            rounds = self.rounds(session, model_id or "", (question or "").strip(), settings, *given[4:])
        except PageError as error:
            yield self.refusal(session, str(error)).values()
            return
        for frame in self.stream(session, rounds):
            yield frame.values()

    def rounds(self, session: Session, model_id: str, question: str, settings: Settings, *extra: Any) -> list[Round]:
        """Return what to ask. Raises PageError when something is missing."""
        raise NotImplementedError

    def halt(self, session: Session) -> Any:
        session.stops[self.name].set()
        return gr.Button(interactive=False)

    def restart(self, session: Session) -> list[Any]:
        session.stops[self.name].set()
        for log in self.logs:
            session.conversations[log].clear()
        return [*self.shown(session), "", ""]

    def renew(self, session: Session) -> Any:
        """Return an empty tab for another user than the one before."""
        return [*self.shown(session), "", ""] if session.is_new else gr.skip()

    def stream(self, session: Session, rounds: list[Round]) -> Iterator[Frame]:
        """Yield frames until all answers have ended; the conversations keep what is whole."""
        stop = session.stops[self.name]
        stop.clear()
        client = self.client.with_key(session.key)
        call = "\n\n".join(calls.curl(client.base_url, PATH, each.body) for each in rounds)
        asked = [Asked(client, each.body, each.turn.answer) for each in rounds]
        off, on = gr.Button(interactive=False), gr.Button(interactive=True)
        yield Frame(self.shown(session), call, "", off, on, "")
        for _ in watch(session, asked, stop):
            # The buttons in every frame: a slow browser may miss what only the first one says of them.
            yield Frame(self.shown(session), gr.skip(), gr.skip(), off, on, "")
        for each in rounds:
            each.conversation.keep(each.turn)
            self.judge(each)
        yield Frame(self.shown(session), gr.skip(), gr.skip(), on, off, "")

    def judge(self, ended: Round) -> None:
        """Look at an answer that has ended, before it is shown for the last time."""

    def refusal(self, session: Session, problem: str) -> Frame:
        return Frame(self.shown(session), gr.skip(), gr.skip(), gr.skip(), gr.skip(), markup.error(problem))

    def shown(self, session: Session) -> tuple[str, ...]:
        return tuple(talk.conversation(session.conversations[log], self.empty) for log in self.logs)


def call_box() -> gr.Code:
    return gr.Code(
        "",
        language="shell",
        show_label=False,
        interactive=False,
        wrap_lines=True,
        show_line_numbers=False,
        buttons=["copy"],
        lines=3,
        max_lines=20,
    )


def checked(session: Session, model_id: str, question: str) -> None:
    """Raise PageError unless there is somebody to ask and something to ask."""
    if not session.is_open:
        raise PageError("Log in first.")
    if not model_id:
        raise PageError("Choose a model first.")
    if not question:
        raise PageError("Write a question first, or take an example.")
