"""The page as the specification names it: a tab for each kind of model, around one chooser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr
from gradio.context import Context

from registry_project.gradio_app import account
from registry_project.gradio_app.account import Account
from registry_project.gradio_app.embedding_tab import EmbeddingTab
from registry_project.gradio_app.selector import DEFAULT_CATEGORY, SimplifiedModelSelector
from registry_project.gradio_app.session import Session
from registry_project.gradio_app.suites_tab import ID as SUITES
from registry_project.gradio_app.suites_tab import LABEL as SUITES_LABEL
from registry_project.gradio_app.suites_tab import SuitesTab
from registry_project.gradio_app.thinking_tab import ThinkingTab
from registry_project.gradio_app.tools_tab import ToolsTab
from registry_project.gradio_app.variants_panel import VariantsPanel
from registry_project.gradio_app.vision_tab import VisionTab
from registry_project.gradio_app.wiring import Wiring

TITLE = "Model registry: try and compare"
LOG_IN_FIRST = "Log in first."
TABS = {
    "Embedding Models": "embedding",
    "Vision Models": "vision",
    "Tool Models": "tools",
    "Thinking Models": "thinking",
}
# Categories without a tab of their own.
ANYWHERE = ("cloud", "external")
# Uploaded pictures are looked for every hour and deleted after twelve: as long as a log-in lasts.
DELETE_CACHE = (3600, 12 * 3600)


class CategoryBasedEvaluator:
    """Builds the page for evaluators around a chooser. Each `create_*` works alone too, in a Blocks of its own."""

    def __init__(self, model_selector: SimplifiedModelSelector) -> None:
        self.model_selector = model_selector

    def create_evaluation_interface(self) -> gr.Blocks:
        """Return the whole page."""
        with _blocks() as page:
            chooser, wiring = self.model_selector, self.model_selector.attached()
            form = Account(chooser.client, wiring)
            form.build(TITLE)
            with wiring.section():
                chooser.create_model_selection_interface()
            self._create_tabs(wiring)
            with wiring.section():
                VariantsPanel(chooser, wiring).build()
            asked, shown = [chooser.category, chooser.query], [chooser.category, chooser.model, chooser.notice]
            begun = wiring.after(form.logged_in, chooser.begin, asked, shown)
            wiring.after(begun, chooser.settle, asked, shown)
            wiring.logs_in(form.logged_in)
            wiring.finish(form.form, form.notice, account.notice)
        return page

    def create_embedding_interface(self) -> gr.Blocks:
        with self._alone() as (page, wiring):
            EmbeddingTab(self.model_selector, wiring).build()
        return page

    def create_vision_interface(self) -> gr.Blocks:
        with self._alone() as (page, wiring):
            VisionTab(self.model_selector, wiring).build()
        return page

    def create_tools_interface(self) -> gr.Blocks:
        with self._alone() as (page, wiring):
            ToolsTab(self.model_selector, wiring).build()
        return page

    def create_thinking_interface(self) -> gr.Blocks:
        with self._alone() as (page, wiring):
            ThinkingTab(self.model_selector, wiring).build()
        return page

    @contextmanager
    def _alone(self) -> Iterator[tuple[gr.Blocks, Wiring]]:
        """The Blocks that is being built, with a chooser; a new one when there is none."""
        with _blocks() as page:
            if not self.model_selector.is_attached():
                self.model_selector.create_model_selection_interface()
            yield page, self.model_selector.attached()

    def _create_tabs(self, wiring: Wiring) -> None:
        create = {
            "embedding": self.create_embedding_interface,
            "vision": self.create_vision_interface,
            "tools": self.create_tools_interface,
            "thinking": self.create_thinking_interface,
        }
        chooser = self.model_selector
        with gr.Tabs(selected=DEFAULT_CATEGORY, overflow_behavior="wrap") as tabs:
            for label, category in TABS.items():
                with gr.Tab(label, id=category), wiring.section(LOG_IN_FIRST):
                    create[category]()
            with gr.Tab(SUITES_LABEL, id=SUITES), wiring.section(LOG_IN_FIRST):
                suites = SuitesTab(chooser, wiring)
                suites.build()
        suites.wire_tabs(tabs)
        shown = [chooser.category, chooser.model, chooser.notice]
        # One event for all tabs: of several quick clicks the last one counts.
        opened = wiring.on([tabs.select], self._follow, [chooser.query], shown, trigger_mode="always_last")
        wiring.after(opened, chooser.settle, [chooser.category, chooser.query], shown)
        wiring.on([chooser.category.input], _tab_of, [chooser.category], [tabs])

    def _follow(self, session: Session, query: str, event: gr.SelectData) -> Any:
        """Let the chooser follow the tab; models of the cloud or elsewhere may be tried in any."""
        if session.category in ANYWHERE or event.value not in TABS:
            return gr.skip()
        return self.model_selector.follow(session, TABS[event.value], query)


def _tab_of(session: Session, category: str) -> Any:
    """Let the tab follow the chooser, except that of the suites; where a category has no tab, one can chat."""
    if session.bench.is_open:
        return gr.skip()
    return gr.Tabs(selected="thinking" if category in ANYWHERE else category)


@contextmanager
def _blocks() -> Iterator[gr.Blocks]:
    if Context.root_block is not None:
        yield Context.root_block
        return
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=DELETE_CACHE) as page:
        yield page
