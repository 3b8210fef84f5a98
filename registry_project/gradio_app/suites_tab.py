"""Suites: models on test cases, with progress that survives a reload, and an honest comparison."""

from __future__ import annotations

from functools import partial
from typing import Any

import gradio as gr

from registry_project.gradio_app import suite_words
from registry_project.gradio_app.errors import PageError
from registry_project.gradio_app.selector import SimplifiedModelSelector
from registry_project.gradio_app.session import Session
from registry_project.gradio_app.suite_findings import SAVE, Findings
from registry_project.gradio_app.suite_form import SuiteForm
from registry_project.gradio_app.suite_run import RunPanel
from registry_project.gradio_app.wiring import SLOW, Wiring

ID, LABEL = "suites", "Suites"
QUERY = "run"
# The address keeps the run: so a reload finds it, and a colleague to whom the address is sent.
_INTO_ADDRESS = f"""(id) => {{
  if (id) {{
    const here = new URL(window.location);
    here.searchParams.set("{QUERY}", id);
    window.history.replaceState(window.history.state, "", here);
  }}
}}"""


class SuitesTab:
    def __init__(self, selector: SimplifiedModelSelector, wiring: Wiring) -> None:
        self.selector = selector
        self.wiring = wiring
        self.form = SuiteForm(selector.client)
        self.panel = RunPanel(selector.client)
        self.findings = Findings(selector.client)

    def build(self) -> None:
        self.form.build()
        self.panel.build()
        self.findings.build()
        self.watched = [*self.panel.parts, *self.findings.parts]
        self._wire_form()
        self._wire_run()
        self._wire_findings()

    def wire_tabs(self, tabs: Any) -> None:
        """Load what the tab shows when it is opened, and open it for who comes with a run in the address."""
        given = [self.form.suite, self.form.models, self.selector.model]
        opened = self.wiring.on([tabs.select], self.open, given, [*self.form.opening, *self.watched])
        self.wiring.script(opened, [self.panel.address], _INTO_ADDRESS)
        self.wiring.at_log_in(self.restore, [tabs, self.form.part, *self.form.opening, *self.watched], given)

    def _wire_form(self) -> None:
        form, on = self.form, self.wiring.on
        sizes, about = [form.suite, form.models, form.repeats], [form.card, form.models, form.size]
        on([form.suite.input], form.about, sizes, about)
        on([form.models.change, form.repeats.change], form.sized, sizes, [form.size])
        found = [form.find, form.suite, form.models]
        on([form.find.submit], form.search, found, [form.models, form.problem])
        sent = [form.file, form.name, form.category, form.like, form.models, form.repeats]
        kept = [form.suite, form.outcome, form.file, *about]
        on([form.send.click], form.upload, sent, kept, concurrency_limit=SLOW)
        given = [form.suite, form.models, *form.options]
        begun = on([form.run.click], self.start, given, [form.part, form.problem, *self.watched])
        self.wiring.script(begun, [self.panel.address], _INTO_ADDRESS)

    def _wire_run(self) -> None:
        panel, on = self.panel, self.wiring.on
        chosen = on([panel.recent.input], self.choose, [panel.recent], self.watched)
        self.wiring.script(chosen, [panel.address], _INTO_ADDRESS)
        on([panel.again.click], self.refresh, [], self.watched)
        on([panel.timer.tick], self.look, [], self.watched)
        for button, action in ((panel.cancel, "cancel"), (panel.retry, "retry")):
            on([button.click], partial(self.act, action), [], self.watched)
        on([panel.resume.click], self.resume, [panel.more_tokens, panel.more_money], self.watched)

    def _wire_findings(self) -> None:
        found, on = self.findings, self.wiring.on
        on([found.metric.input], found.compare, [found.metric], found.parts, concurrency_limit=SLOW)
        two = [found.first, found.second, found.differ]
        triggers = [found.first.input, found.second.input, found.differ.input]
        triggers.append(found.beside_part.expand)
        on(triggers, found.beside, two, [found.case, found.answers], concurrency_limit=SLOW)
        on([found.case.input], found.one, [found.case], [found.answers])
        for button, kind in ((found.csv, "csv"), (found.json, "json")):
            written = on([button.click], partial(found.download, kind), [], [found.file, found.told])
            self.wiring.script(written, [], SAVE)

    # --- Handlers ----------------------------------------------------------------------------------------------

    def open(self, session: Session, suite: str | None, models: Any, model: str | None, event: gr.SelectData) -> Any:
        session.bench.is_open = event.value == LABEL
        shows = session.bench.is_open and session.is_open
        return self._opened(session, suite, models, model) if shows else gr.skip()

    def restore(self, session: Session, suite: str | None, models: Any, model: str | None, request: gr.Request) -> Any:
        """Fill the tab for who has logged in while it is open, or with an address that names a run."""
        bench, run_id = session.bench, str(request.query_params.get(QUERY, ""))
        comes_back = run_id.isdecimal() and not bench.run_id
        if comes_back:
            bench.choose(run_id)
            bench.is_open = True
        if not session.is_open or not bench.is_open:
            return gr.skip()
        form = gr.Accordion(open=False) if comes_back else gr.skip()
        return [gr.Tabs(selected=ID), form, *self._opened(session, suite, models, model)]

    def start(self, session: Session, suite: str | None, models: Any, *options: Any) -> list[Any]:
        try:
            run = self.form.start(session, suite, models, *options)
        except PageError as error:
            return [gr.skip(), suite_words.problem(error, "This run cannot be done:"), *[gr.skip()] * len(self.watched)]
        session.bench.choose(run.id)
        return [gr.Accordion(open=False), "", *self.look(session)]

    def choose(self, session: Session, run_id: str | None) -> list[Any]:
        session.bench.choose(run_id or "")
        return self.look(session)

    def refresh(self, session: Session) -> list[Any]:
        session.bench.comparison = None
        return [*self.panel.open(session), *self.findings.shown(session)]

    def act(self, action: str, session: Session) -> list[Any]:
        return [*self.panel.act(session, action), *self.findings.shown(session)]

    def resume(self, session: Session, tokens: Any, money: Any) -> list[Any]:
        return [*self.panel.resumed(session, tokens, money), *self.findings.shown(session)]

    def look(self, session: Session) -> list[Any]:
        """Return the run as it is now, with what it found once it has ended."""
        return [*self.panel.look(session), *self.findings.shown(session)]

    def _opened(self, session: Session, suite: str | None, models: Any, model: str | None) -> list[Any]:
        form = self.form.open(session, suite, models, model)
        return [*form, *self.panel.open(session), *self.findings.shown(session)]
