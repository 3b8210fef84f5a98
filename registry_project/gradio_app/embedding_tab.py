"""Embedding Models: how alike texts are, and which are nearest to a query."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import gradio as gr

from registry_project.gradio_app import calls, heatmap, markup, similarity
from registry_project.gradio_app.chat import CURL_HINT, call_box, checked
from registry_project.gradio_app.errors import BadAnswer, PageError
from registry_project.gradio_app.feed import Feed
from registry_project.gradio_app.replies import Embeddings
from registry_project.gradio_app.selector import SimplifiedModelSelector
from registry_project.gradio_app.session import Session
from registry_project.gradio_app.wiring import SLOW, Wiring

PATH = "/v1/embeddings"
NAME = "embedding"
MOST_TEXTS = 40
TICK = 0.25
EMPTY = "Write some texts, one a line. Their similarity appears here as a heat map."
_PETS = """A cat sleeps on the sofa.
The kitten naps on the couch.
Shares fell sharply on Monday.
The stock market lost ground."""
_HELP = """How do I reset my password?
I forgot my log-in.
Where is my parcel?
The delivery is late."""
_TONGUES = """Good morning
Buenos días
Guten Morgen
Good night
Buenas noches"""


class Frame(NamedTuple):
    result: Any
    figures: str
    call: Any
    compare: Any
    stop: Any
    problem: str


class EmbeddingTab:
    def __init__(self, selector: SimplifiedModelSelector, wiring: Wiring) -> None:
        self.selector = selector
        self.wiring = wiring

    def build(self) -> None:
        with gr.Row():
            with gr.Column(min_width=300):
                self._build_texts()
            with gr.Column(scale=2, min_width=300):
                self.result = gr.HTML(markup.note(EMPTY), padding=False)
                self.figures = gr.HTML(padding=False)
        gr.Examples(
            [[_PETS, "an animal that rests"], [_HELP, "I cannot get into my account"], [_TONGUES, "a greeting"]],
            [self.texts, self.query],
            label="Examples",
            example_labels=["Pets and markets", "Customer care", "Greetings"],
            api_visibility="private",
        )
        with gr.Accordion("Show the call", open=False):
            gr.HTML(f"<p>{markup.prose(CURL_HINT)}</p>", padding=False)
            self.call = call_box()
        self._wire()

    def _build_texts(self) -> None:
        self.texts = gr.Textbox(
            label="Texts, one a line", lines=6, max_lines=14, max_length=200_000, info="Shift+Enter compares them."
        )
        self.query = gr.Textbox(
            label="Find the nearest to", lines=1, max_lines=1, max_length=20_000, placeholder="A query; Enter compares"
        )
        self.problem = gr.HTML(padding=False)
        with gr.Row(elem_classes="mr-buttons"):
            self.compare_button = gr.Button("Compare", variant="primary", size="md", min_width=110)
            self.stop = gr.Button("Stop", size="md", interactive=False, min_width=90)

    def _wire(self) -> None:
        outputs = [self.result, self.figures, self.call, self.compare_button, self.stop, self.problem]
        inputs = [self.selector.model, self.texts, self.query]
        triggers = [self.compare_button.click, self.query.submit, self.texts.submit]
        self.wiring.on(triggers, self.compare, inputs, outputs, concurrency_limit=SLOW)
        self.wiring.on([self.stop.click], self.halt, [], [self.stop])
        self.wiring.at_log_in(self.renew, [self.result, self.figures, self.call])

    def halt(self, session: Session) -> Any:
        session.stops[NAME].set()
        return gr.Button(interactive=False)

    def renew(self, session: Session) -> Any:
        """Return an empty tab for another user than the one before."""
        return [markup.note(EMPTY), "", ""] if session.is_new else gr.skip()

    def compare(self, session: Session, model_id: str | None, texts: str, query: str) -> Iterator[Frame]:
        """Embed the texts and the query in one call, and show how alike they are."""
        lines, query = [line.strip() for line in (texts or "").splitlines() if line.strip()], (query or "").strip()
        off, on = gr.Button(interactive=False), gr.Button(interactive=True)
        try:
            _check(session, model_id or "", lines)
            body = {"model": model_id, "input": [*lines, *([query] if query else [])]}
            call = calls.curl(self.selector.client.base_url, PATH, body)
            yield Frame(gr.skip(), _clock(0.0), call, off, on, "")
            for shown in self._embed(session, body):
                if isinstance(shown, Embeddings):
                    result = _result(lines, query, shown.vectors)
                    yield Frame(result, gr.skip(), gr.skip(), on, off, "")
                else:
                    # The buttons in every frame, as in the chats.
                    yield Frame(gr.skip(), shown, gr.skip(), off, on, "")
            yield Frame(gr.skip(), gr.skip(), gr.skip(), on, off, "")
        except PageError as error:
            yield Frame(gr.skip(), "", gr.skip(), on, off, markup.error(str(error)))

    def _embed(self, session: Session, body: dict[str, Any]) -> Iterator[Embeddings | str]:
        """Yield the clock while the model works, then its vectors and what they cost."""
        client, stop, began = self.selector.client.with_key(session.key), session.stops[NAME], time.monotonic()
        stop.clear()
        feed = Feed(lambda: [client.embed(body)])
        while not feed.finished:
            if stop.is_set():
                yield markup.note("You stopped this comparison.")
                return
            for answer in feed.batch(TICK):
                yield answer
                yield _cost(answer, time.monotonic() - began)
            if not feed.finished:
                yield _clock(time.monotonic() - began)
        if feed.error:
            with session.watched():
                raise feed.error


def _check(session: Session, model_id: str, lines: list[str]) -> None:
    checked(session, model_id, "given")
    if not lines:
        raise PageError("Write at least one text, or take an example.")
    if len(lines) > MOST_TEXTS:
        raise PageError(f"These are {len(lines)} texts; a heat map stays readable with up to {MOST_TEXTS}.")


def _result(lines: list[str], query: str, vectors: list[list[float]]) -> str:
    expected = len(lines) + bool(query)
    if len(vectors) != expected:
        raise BadAnswer(f"The model gave {len(vectors)} vectors for {expected} texts.")
    near = heatmap.nearest(query, lines, similarity.ranked(vectors[-1], vectors[:-1])) if query else ""
    return near + heatmap.table(lines, similarity.matrix(vectors[: len(lines)]))


def _clock(seconds: float) -> str:
    return f'<p class="mr-figures mr-waiting">{seconds:.1f} s so far</p>'


def _cost(answer: Embeddings, seconds: float) -> str:
    dimensions = len(answer.vectors[0]) if answer.vectors else 0
    tokens = f"{answer.tokens} tokens · " if answer.tokens is not None else ""
    return f'<p class="mr-figures">{tokens}{seconds:.2f} s · {dimensions} dimensions</p>'
