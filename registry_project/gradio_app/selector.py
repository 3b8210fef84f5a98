"""Category and model, chosen once for all tabs; and the model's state."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.context import Context

from registry_project.gradio_app import cards, markup
from registry_project.gradio_app.client import PAGE_SIZE, RegistryClient
from registry_project.gradio_app.configuration import Configuration
from registry_project.gradio_app.errors import PageError
from registry_project.gradio_app.replies import Model
from registry_project.gradio_app.serving import ServingPanel
from registry_project.gradio_app.session import Session
from registry_project.gradio_app.wiring import SLOW, Wiring

# What the list shows -> the API's word.
CATEGORIES = [(name.capitalize(), name) for name in ("embedding", "vision", "tools", "thinking", "cloud", "external")]
DEFAULT_CATEGORY = "embedding"
# What a model is able to that its category's tab shows; a chat model without it is listed there too, but no default.
SHOWN = {"embedding": "text_embedding", "vision": "vision", "tools": "function_calling", "thinking": "reasoning"}
# Seconds between two looks at the chosen model's state.
LOOK_AGAIN = 10


class SimplifiedModelSelector:
    """The specification's chooser: "Model Category", "Select Model", "Load Model", with search and live state."""

    def __init__(self, client: RegistryClient | None = None) -> None:
        self.client = client or RegistryClient(Configuration.from_environment().api_url)
        self.serving = ServingPanel(self.client)
        self._page: Any = None
        self._wiring: Wiring | None = None

    def attached(self) -> Wiring:
        """Return the wiring of the Blocks that is being built; a new Blocks gets a new one."""
        if self._wiring is None or self._page is not Context.root_block:
            self._page, self._wiring = Context.root_block, Wiring()
        return self._wiring

    def is_attached(self) -> bool:
        return self._page is not None and self._page is Context.root_block

    def create_model_selection_interface(self) -> tuple[gr.Dropdown, gr.Dropdown, gr.Button]:
        """Build the chooser in the current Blocks; return category, model and button."""
        wiring = self.attached()
        with gr.Row(elem_classes="mr-chooser"):
            self.category = gr.Dropdown(CATEGORIES, value=DEFAULT_CATEGORY, label="Model Category", min_width=200)
            self.query = gr.Textbox(label="Search models", placeholder="Part of a name", min_width=200, max_lines=1)
            self.model = gr.Dropdown([], label="Select Model", scale=2, min_width=260)
        with gr.Row(elem_classes="mr-state-row"):
            with gr.Column(scale=1, min_width=260):
                self.card = gr.HTML(padding=False)
                self.state = gr.HTML(padding=False)
            self.button = gr.Button("Load Model", variant="primary", size="md", scale=0, min_width=150)
            self.unload = gr.Button("Unload Model", size="md", scale=0, min_width=150)
        self.notice = gr.HTML(padding=False)
        self._wire(wiring)
        return self.category, self.model, self.button

    def _wire(self, wiring: Wiring) -> None:
        wiring.on([self.category.input], self.choose, [self.category, self.query], [self.model, self.notice])
        latest = {"trigger_mode": "always_last"}
        wiring.on([self.query.input], self.choose, [self.category, self.query], [self.model, self.notice], **latest)
        described = [self.card, self.state]
        wiring.on([self.model.change], self.describe, [self.category, self.model], described, **latest)
        shown = [self.state, self.unload]
        wiring.on([self.button.click], self.serving.load, [self.model], shown, concurrency_limit=SLOW)
        wiring.on([self.unload.click], self.serving.unload, [self.model], shown)
        timer = gr.Timer(LOOK_AGAIN)
        wiring.on([timer.tick], self.serving.status, [self.model], [self.state])

    def update_model_list(self, category: str, query: str = "", session: Session | None = None) -> gr.Dropdown:
        """Return the model dropdown for the category: choices `name (model_type)`, the id as value."""
        session = session or Session()
        found = self.client.with_key(session.key).models(category, query or "")
        session.models |= {model.id: model for model in found}
        session.listed = tuple((model.label, model.id) for model in found)
        return gr.Dropdown(choices=list(session.listed), value=default(found, category, session.chosen.get(category)))

    def choose(self, session: Session, category: str, query: str) -> tuple[Any, Any]:
        """Return the model dropdown and a sentence about the list."""
        session.category = category
        if not session.is_open:
            return gr.Dropdown(choices=[], value=None), ""
        try:
            with session.watched():
                models = self.update_model_list(category, query, session)
        except PageError as error:
            return gr.skip(), markup.error(str(error))
        if session.category != category:
            return gr.skip(), gr.skip()
        # The same list once more would make the browser forget what is chosen.
        shown = (category, session.listed)
        models = gr.skip() if shown == session.shown_list else models
        session.shown_list = shown
        return models, self._about(session, category, query)

    def begin(self, session: Session, category: str, query: str) -> tuple[Any, Any, Any]:
        """Return category, model dropdown and sentence for who has just logged in, maybe with another tab open."""
        chosen = self.choose(session, session.category or category, query)
        return session.category, *chosen

    def follow(self, session: Session, tab: str, query: str) -> Any:
        """Return the same for a tab that was opened."""
        if tab == session.category:
            return gr.skip()
        session.category = tab
        return (tab, *self.choose(session, tab, query)) if session.is_open else (tab, gr.skip(), gr.skip())

    def settle(self, session: Session, category: str, query: str) -> Any:
        """Return the list again when two answers overtook each other on their way to the browser."""
        if not session.is_open or category == session.category:
            return gr.skip()
        session.shown_list = None
        return self.begin(session, category, query)

    def describe(self, session: Session, category: str, model_id: str | None) -> tuple[str, str]:
        """Return the chosen model's card and its serving state."""
        model = session.models.get(model_id or "")
        if not session.is_open or model is None:
            return "", ""
        session.chosen[category] = model.id
        return cards.model(model), self.serving.status(session, model.id)

    def _about(self, session: Session, category: str, query: str) -> str:
        count = len(session.listed)
        if count == 0 and query:
            return markup.note(f"No {category} model is called anything like “{query}”.")
        if count == 0:
            return markup.note(
                f"There are no {category} models yet. They appear here when a host or endpoint that has some is "
                f"added to the registry and synced: {self.client.base_url}/hosts"
            )
        if count >= PAGE_SIZE:
            return markup.note(f"These are the first {PAGE_SIZE} {category} models. Search to see others.")
        is_demo = any(session.models[model_id].demo for _, model_id in session.listed)
        return _DEMO if is_demo else ""


_DEMO = markup.note(
    "Demo: models marked “demo” come from built-in stand-ins with invented answers. To try your own, start Ollama or "
    "ask an operator to add a host or an endpoint."
)


def default(models: list[Model], category: str, last: str | None = None) -> str | None:
    """Return the id to begin with: the last one chosen here, else the first available one that the tab is made for."""
    if any(model.id == last for model in models):
        return last
    available = [model for model in models if model.status == "available"]
    fitting = [model for model in available if SHOWN.get(category) in model.capabilities]
    return next((model.id for model in fitting or available or models), None)
