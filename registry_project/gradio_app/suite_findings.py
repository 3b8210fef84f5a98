"""What a run found: table, comparison, answers side by side, files."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from registry_project.gradio_app import markup, suite_answers, suite_tables
from registry_project.gradio_app import suite_figures as figures
from registry_project.gradio_app.client import RegistryClient
from registry_project.gradio_app.errors import PageError
from registry_project.gradio_app.session import Session
from registry_project.gradio_app.suite_client import OUTPUTS, SuiteClient
from registry_project.gradio_app.suite_download import Download
from registry_project.gradio_app.suite_replies import Comparison, Run

FILE_ID = "mr-results-file"
# The file's own button is pressed for the visitor, once the page has the file's address.
SAVE = f"""() => {{ setTimeout(() => document.querySelector("#{FILE_ID}")?.click(), 200) }}"""
NO_DIFFERENCE = "Both answered every case alike."


class Shown(NamedTuple):
    """The values of the parts."""

    area: Any
    lead: Any
    metric: Any
    table: Any
    pairs: Any
    beside: Any
    first: Any
    second: Any
    case: Any
    answers: Any
    told: Any


NOTHING_NEW = Shown(*[gr.skip()] * 11)


class Findings:
    def __init__(self, client: RegistryClient) -> None:
        self._client = client

    def build(self) -> None:
        with gr.Column(visible=False) as self.area:
            self.lead = gr.HTML(padding=False)
            self.metric = gr.Dropdown([], label="Compare by", min_width=200)
            self.table = gr.HTML(padding=False)
            self.pairs = gr.HTML(padding=False)
            self._build_answers()
            self._build_files()
        self.parts = [self.area, self.lead, self.metric, self.table, self.pairs, self.beside_part]
        self.parts += [self.first, self.second, self.case, self.answers, self.told]

    def _build_answers(self) -> None:
        with gr.Accordion("Answers side by side", open=False) as self.beside_part:
            with gr.Row():
                self.first = gr.Dropdown([], label="First model", min_width=200)
                self.second = gr.Dropdown([], label="Second model", min_width=200)
            self.differ = gr.Checkbox(True, label="Only where they differ")
            self.case = gr.Dropdown([], label="Case", min_width=200)
            self.answers = gr.HTML(padding=False)

    def _build_files(self) -> None:
        with gr.Row(elem_classes="mr-buttons"):
            self.csv = gr.Button("Results as CSV", size="md", scale=0, min_width=170)
            self.json = gr.Button("Results as JSON", size="md", scale=0, min_width=170)
        self.told = gr.HTML(padding=False)
        # The style sheet hides it: Gradio shows again what is hidden inside a part that appears.
        self.file = gr.DownloadButton(elem_id=FILE_ID)

    # --- Handlers ----------------------------------------------------------------------------------------------

    def shown(self, session: Session) -> Shown:
        """Return the parts for the run that is looked at; a run under way has none."""
        bench = session.bench
        if bench.run is None or bench.run.is_active:
            return NOTHING_NEW._replace(area=gr.Column(visible=False))
        if bench.comparison is not None:
            return NOTHING_NEW._replace(area=gr.Column(visible=True))
        return self.compare(session, bench.metric)

    def compare(self, session: Session, metric: str | None) -> Shown:
        """Return the parts for another metric."""
        bench = session.bench
        if bench.run is None:
            return NOTHING_NEW
        area = gr.Column(visible=True)
        try:
            with session.watched():
                found = self._of(session).comparison(bench.run.id, metric or "")
        except PageError as error:
            return NOTHING_NEW._replace(area=area, lead=markup.error(str(error)))
        is_new, bench.comparison, bench.metric = bench.comparison is None, found, found.metric
        shown = NOTHING_NEW._replace(
            area=area,
            lead=suite_tables.lead(bench.run, found),
            metric=gr.Dropdown(choices=_named(found), value=found.metric),
            table=suite_tables.results(bench.run, found),
            pairs=suite_tables.pairs(bench.run, found),
        )
        return self._with_models(bench.run, shown, [row.model for row in found.standings]) if is_new else shown

    def beside(self, session: Session, first: str | None, second: str | None, differ: Any) -> list[Any]:
        """Return the cases of two models, and the first of them."""
        run = session.bench.run
        session.bench.cases = {}
        if run is None or not first or not second or first == second:
            return [gr.Dropdown(choices=[], value=None), markup.note("Choose two models.")]
        try:
            with session.watched():
                body = self._of(session).outputs(run.id, (first, second), bool(differ))
        except PageError as error:
            return [gr.Dropdown(choices=[], value=None), markup.error(str(error))]
        session.bench.cases = found = suite_answers.cases(run, body, (first, second))
        if not found:
            told = NO_DIFFERENCE if differ else "No case was answered yet."
            return [gr.Dropdown(choices=[], value=None), markup.note(told)]
        names = list(found)
        more = f"The first {OUTPUTS} cases; the registry's site and its API have all." if body.get("next") else ""
        return [gr.Dropdown(choices=names, value=names[0], info=more), found[names[0]]]

    def one(self, session: Session, case: str | None) -> str:
        return session.bench.cases.get(case or "", "")

    def download(self, kind: str, session: Session) -> list[Any]:
        """Write the results to a file; return its path for the button that gives it away, and a sentence."""
        run = session.bench.run
        if run is None:
            return [gr.skip(), markup.error("Choose a run first.")]
        try:
            with session.watched():
                session.bench.download = Download(run.id, kind, self._of(session).results(run.id))
        except PageError as error:
            return [gr.skip(), markup.error(str(error))]
        path = session.bench.download.path
        return [str(path), markup.note(f"{path.name} is on its way to your downloads.")]

    def _with_models(self, run: Run, shown: Shown, order: list[str]) -> Shown:
        """Return the parts with the best two models chosen to stand side by side."""
        choices = [(run.name_of(model), model) for model in order]
        first, second = [*order, None, None][:2]
        return shown._replace(
            beside=gr.Accordion(visible=len(order) > 1, open=False),
            first=gr.Dropdown(choices=choices, value=first),
            second=gr.Dropdown(choices=choices, value=second),
            case=gr.Dropdown(choices=[], value=None),
            answers="",
            told="",
        )

    def _of(self, session: Session) -> SuiteClient:
        return SuiteClient(self._client.with_key(session.key))


def _named(found: Comparison) -> list[tuple[str, str]]:
    return [(figures.metric(name), name) for name in found.metrics or (found.metric,)]
