"""Which suite, with which models, and how: the upper half of the tab "Suites"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from registry_project.gradio_app import markup, numbers, suite_words
from registry_project.gradio_app.client import PAGE_SIZE, RegistryClient
from registry_project.gradio_app.errors import PageError
from registry_project.gradio_app.replies import Model
from registry_project.gradio_app.session import Session
from registry_project.gradio_app.suite_client import SuiteClient
from registry_project.gradio_app.suite_replies import Run, Suite, counted

SCOPE = "experiment"
NO_SCOPE = (
    "Your log-in may look at suites and runs, but not start them: that needs the scope “experiment”, which evaluators "
    "have. Ask an operator."
)
NO_SUITES = "There are no suites yet. Upload one below: a .prompt.yml, or a table of test cases."
FILES = [".yml", ".yaml", ".jsonl", ".csv", ".json"]
AS_THE_SUITE = ("As the suite says", "")
CATEGORIES = [
    ("None", ""),
    *((name, name) for name in ("embedding", "vision", "tools", "thinking", "cloud", "external")),
]

# How many parts are filled when the tab opens: two buttons and the sentence before them are the last.
_PARTS = 9


class SuiteForm:
    def __init__(self, client: RegistryClient) -> None:
        self._client = client

    # --- Parts -------------------------------------------------------------------------------------------------

    def build(self) -> None:
        with gr.Accordion("New run", open=True) as self.part:
            self.suite = gr.Dropdown([], label="Suite", info="Test cases and what counts as a good answer.")
            self.card = gr.HTML(padding=False)
            self._build_upload()
            with gr.Row():
                self.models = gr.Dropdown([], multiselect=True, label="Models to evaluate", scale=2, min_width=260)
                self.find = gr.Textbox(
                    label="Find models", placeholder="Part of a name; Enter searches", max_lines=1, min_width=200
                )
            self._build_options()
            self.size = gr.HTML(padding=False)
            self.run = gr.Button("Run", variant="primary", size="md")
            self.problem = gr.HTML(padding=False)
        self.options = [self.repeats, self.judge, self.concurrency, self.tokens, self.cost, self.reuse]
        self.opening = [self.suite, self.like, self.card, self.models, self.judge, self.size]
        self.opening += [self.problem, self.run, self.send]

    def _build_upload(self) -> None:
        with gr.Accordion("Upload a suite", open=False):
            self.file = gr.File(label="A .prompt.yml, .json, .jsonl or .csv", file_types=FILES, height=140)
            with gr.Row():
                self.name = gr.Textbox(label="Name", placeholder="As the file says", max_lines=1, min_width=160)
                self.category = gr.Dropdown(CATEGORIES, value="", label="Category", min_width=160)
                self.like = gr.Dropdown(
                    [("None", "")],
                    value="",
                    label="Messages and checks of",
                    min_width=200,
                    info="For a table of cases: the suite that it borrows them from.",
                )
            self.send = gr.Button("Upload", size="md")
            self.outcome = gr.HTML(padding=False)

    def _build_options(self) -> None:
        with gr.Accordion("Repeats, judge and limits", open=False):
            with gr.Row():
                self.repeats = numbers.number_box("Repeats of each case", "1")
                self.judge = gr.Dropdown([AS_THE_SUITE], value="", label="Judge", min_width=200)
                self.concurrency = numbers.number_box("Calls at once", "As many as the registry likes")
            with gr.Row():
                self.tokens = numbers.number_box("Budget in tokens", "No limit")
                self.cost = numbers.number_box("Budget in USD", "No limit")
            self.reuse = gr.Checkbox(True, label="Reuse answers that an earlier run had to the same requests")

    # --- Handlers ----------------------------------------------------------------------------------------------

    def open(self, session: Session, suite_id: str | None, models: Any, model_id: str | None) -> list[Any]:
        """Return the values of `opening`: lists as they are now, and what is chosen in them kept."""
        if not session.is_open:
            return [gr.skip()] * _PARTS
        try:
            with session.watched():
                return self._opened(session, suite_id, chosen(models), model_id or "")
        except PageError as error:
            return [*[gr.skip()] * (_PARTS - 3), markup.error(str(error)), gr.skip(), gr.skip()]

    def about(self, session: Session, suite_id: str | None, models: Any, repeats: Any) -> list[Any]:
        """Return card, model list and size for another suite."""
        try:
            with session.watched():
                card = self._card(session, suite_id or "")
        except PageError as error:
            return [markup.error(str(error)), gr.skip(), gr.skip()]
        suite = session.bench.suites.get(suite_id or "")
        left = [each for each in chosen(models) if each in session.models and fits(session.models[each], suite)]
        return [card, self._list(session, suite, left), self.sized(session, suite_id, left, repeats)]

    def search(self, session: Session, query: str, suite_id: str | None, models: Any) -> list[Any]:
        """Return the model list that a search leaves, and a sentence when it leaves none."""
        suite, kept = session.bench.suites.get(suite_id or ""), chosen(models)
        try:
            with session.watched():
                found = self._find(session, (query or "").strip())
        except PageError as error:
            return [gr.skip(), markup.error(str(error))]
        fitting = [model for model in found if fits(model, suite)]
        told = "" if fitting else f"No model that suits this suite is called anything like “{query}”."
        return [self._list(session, suite, kept, fitting), markup.note(told)]

    def sized(self, session: Session, suite_id: str | None, models: Any, repeats: Any) -> str:
        """Return how many calls a run would make."""
        suite, count = session.bench.suites.get(suite_id or ""), len(chosen(models))
        if suite is None or not count:
            return ""
        try:
            times = numbers.count(repeats, "repeats") or 1
        except PageError as error:
            return markup.error(str(error))
        again = f" x {times} repeats" if times > 1 else ""
        calls = counted(suite.cases * count * times, "call")
        return markup.note(f"{counted(suite.cases, 'case')} x {counted(count, 'model')}{again} = {calls}.")

    def upload(
        self, session: Session, file: Any, name: str, category: str, like: str, models: Any, repeats: Any
    ) -> list[Any]:
        """Return the suite list, the sentence about the upload, the emptied field, and what is about the new suite."""
        try:
            with session.watched():
                made = self._upload(session, file, {"name": name, "category": category, "like": like})
        except PageError as error:
            told = suite_words.problem(error, "This file does not become a suite:")
            return [gr.skip(), told, *[gr.skip()] * 4]
        session.bench.suites[made.id] = made
        shown = [gr.Dropdown(choices=_choices(session), value=made.id), suite_words.uploaded(made), None]
        return [*shown, *self.about(session, made.id, models, repeats)]

    def start(self, session: Session, suite_id: str | None, models: Any, *options: Any) -> Run:
        """Start a run of what the fields hold. Raises PageError."""
        if not session.is_open:
            raise PageError("Log in first.")
        if SCOPE not in session.scopes:
            raise PageError(NO_SCOPE)
        if not suite_id:
            raise PageError("Choose a suite first, or upload one.")
        if not chosen(models):
            raise PageError("Choose at least one model.")
        body = {"suite": suite_id, "models": chosen(models), **_options(*options)}
        with session.watched():
            return self._of(session).start(body)

    def _opened(self, session: Session, suite_id: str | None, kept: Sequence[str], model_id: str) -> list[Any]:
        api, bench = self._of(session), session.bench
        bench.suites = {suite.id: suite for suite in api.suites()}
        bench.evaluators = bench.evaluators or api.evaluators()
        self._find(session, "")
        suite_id = suite_id if suite_id in bench.suites else _first(bench.suites.values(), session.category)
        suite = bench.suites.get(suite_id)
        loaded = session.models.get(model_id)
        if not kept and loaded is not None and fits(loaded, suite):
            kept = [loaded.id]
        may = SCOPE in session.scopes
        told = "" if may else NO_SCOPE
        judges = [
            (model.label, model.id) for model in session.models.values() if "text_generation" in model.capabilities
        ]
        return [
            gr.Dropdown(choices=_choices(session), value=suite_id or None),
            gr.Dropdown(choices=[("None", ""), *_choices(session)]),
            self._card(session, suite_id),
            self._list(session, suite, kept),
            gr.Dropdown(choices=[AS_THE_SUITE, *judges]),
            self.sized(session, suite_id, kept, ""),
            markup.note(told or ("" if bench.suites else NO_SUITES)),
            gr.Button(interactive=may),
            gr.Button(interactive=may),
        ]

    def _card(self, session: Session, suite_id: str) -> str:
        if suite_id not in session.bench.suites:
            return ""
        return suite_words.suite_card(self._of(session).suite(suite_id), session.bench.evaluators)

    def _find(self, session: Session, query: str) -> list[Model]:
        found = self._client.with_key(session.key).models("", query)
        session.models |= {model.id: model for model in found}
        return found

    def _list(
        self, session: Session, suite: Suite | None, kept: Sequence[str], found: Sequence[Model] | None = None
    ) -> Any:
        """Return the list: what is chosen already, then what suits the suite."""
        listed = sorted(session.models.values(), key=lambda model: model.name) if found is None else found
        rows = [session.models[each] for each in kept if each in session.models]
        rows += [model for model in listed if model.id not in kept and fits(model, suite)]
        choices = [(model.label, model.id) for model in rows[:PAGE_SIZE]]
        return gr.Dropdown(choices=choices, value=list(kept), multiselect=True)

    def _upload(self, session: Session, file: Any, about: dict[str, str]) -> Suite:
        path = file.get("path") if isinstance(file, dict) else None
        if SCOPE not in session.scopes:
            raise PageError(NO_SCOPE)
        if not path:
            raise PageError("Choose a file first.")
        name = file.get("orig_name") or Path(path).name
        return self._of(session).upload(name, Path(path).read_bytes(), about)

    def _of(self, session: Session) -> SuiteClient:
        return SuiteClient(self._client.with_key(session.key))


def chosen(models: Any) -> list[str]:
    """Return what a list of several choices holds: nothing is None."""
    return [each for each in models if isinstance(each, str)] if isinstance(models, list) else []


def fits(model: Model, suite: Suite | None) -> bool:
    """Whether a model can answer a suite's cases, as far as the list tells; the registry looks closer."""
    if suite is None or not suite.category or not model.capabilities:
        return True
    return ("text_embedding" if suite.category == "embedding" else "text_generation") in model.capabilities


def _first(suites: Iterable[Suite], category: str) -> str:
    """Return the suite to begin with: one of the category that is looked at."""
    listed = list(suites)
    return next((suite.id for suite in listed if suite.category == category), listed[0].id if listed else "")


def _choices(session: Session) -> list[tuple[str, str]]:
    return [(suite.label, suite.id) for suite in session.bench.suites.values()]


def _options(repeats: Any, judge: Any, concurrency: Any, tokens: Any, cost: Any, reuse: Any) -> dict[str, Any]:
    """Return what was filled in; the registry knows what holds for the rest."""
    given = {
        "repeats": numbers.count(repeats, "repeats"),
        "judge": judge or None,
        "concurrency": numbers.count(concurrency, "calls at once"),
        "budget_tokens": numbers.count(tokens, "tokens"),
        "budget_cost": numbers.money(cost),
        "cache": None if reuse else False,
    }
    return {name: value for name, value in given.items() if value is not None}
