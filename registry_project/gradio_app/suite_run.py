"""One run as it goes, and the list of recent ones: the lower half of the tab "Suites".

The registry does the work; this page only looks. So a reload, another device or a colleague sees the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import gradio as gr

from registry_project.gradio_app import markup, numbers, suite_progress
from registry_project.gradio_app.client import RegistryClient
from registry_project.gradio_app.errors import LogInEnded, PageError, Unreachable
from registry_project.gradio_app.session import Session
from registry_project.gradio_app.suite_client import SuiteClient
from registry_project.gradio_app.suite_form import SCOPE
from registry_project.gradio_app.suite_replies import RESUMABLE, Run

# Seconds between two looks at a run that is under way.
LOOK_AGAIN = 2.0
NO_RUNS = "There are no runs yet. The first one that you start appears here."


class Shown(NamedTuple):
    """The values of the panel's parts."""

    recent: Any
    progress: Any
    budgets: Any
    cancel: Any
    resume: Any
    retry: Any
    timer: Any
    address: Any


NOTHING_NEW = Shown(*[gr.skip()] * 8)


class RunPanel:
    def __init__(self, client: RegistryClient) -> None:
        self._client = client

    def build(self) -> None:
        with gr.Row(elem_classes="mr-state-row"):
            self.recent = gr.Dropdown([], label="Recent runs", scale=2, min_width=260)
            self.again = gr.Button("Refresh", size="md", scale=0, min_width=110)
        self.progress = gr.HTML(suite_progress.EMPTY, padding=False)
        with gr.Row(visible=False) as self.budgets:
            self.more_tokens = numbers.number_box("New budget in tokens", "As before")
            self.more_money = numbers.number_box("New budget in USD", "As before")
        with gr.Row(elem_classes="mr-buttons"):
            self.cancel = gr.Button("Cancel", size="md", visible=False, scale=0, min_width=140)
            self.resume = gr.Button("Resume", variant="primary", size="md", visible=False, scale=0, min_width=140)
            self.retry = gr.Button("Retry failed", size="md", visible=False, scale=0, min_width=140)
        self.timer = gr.Timer(LOOK_AGAIN, active=False)
        # The run's number on its way to the address of the page.
        self.address = gr.Textbox(visible=False)
        self.parts = [self.recent, self.progress, self.budgets, self.cancel, self.resume, self.retry]
        self.parts += [self.timer, self.address]

    # --- Handlers ----------------------------------------------------------------------------------------------

    def open(self, session: Session) -> Shown:
        """Return the panel with the list as it is now."""
        try:
            with session.watched():
                listed = self._of(session).runs()
        except PageError as error:
            return NOTHING_NEW._replace(progress=markup.error(str(error)))
        session.bench.runs = {run.id: run for run in listed}
        if not session.bench.run_id:
            told = suite_progress.EMPTY if listed else markup.note(NO_RUNS)
            return NOTHING_NEW._replace(recent=_recent(session), progress=told)
        return self.look(session)._replace(recent=_recent(session))

    def look(self, session: Session) -> Shown:
        """Return the panel with the run as it is now; what was seen stays when the registry does not answer."""
        bench = session.bench
        if not bench.run_id:
            return NOTHING_NEW._replace(timer=gr.Timer(active=False))
        before = bench.run
        try:
            with session.watched():
                bench.run = self._of(session).run(bench.run_id)
        except PageError as error:
            return self._unseen(session, error)
        bench.runs = {**bench.runs, bench.run.id: bench.run}
        shown = self.shown(session)
        is_other = before is None or before.state != bench.run.state
        return shown if is_other else shown._replace(recent=gr.skip(), address=gr.skip())

    def resumed(self, session: Session, tokens: Any, money: Any) -> Shown:
        """Go on with the run, with more of a budget where one is filled in."""
        try:
            body = _budgets(session.bench.run, tokens, money)
        except PageError as error:
            return self._with_problem(session, error)
        return self.act(session, "resume", body)

    def act(self, session: Session, action: str, body: Mapping[str, Any] | None = None) -> Shown:
        """Do `cancel`, `resume` or `retry`, and look at what became of the run."""
        try:
            with session.watched():
                self._of(session).act(session.bench.run_id, action, body or {})
        except PageError as error:
            return self._with_problem(session, error)
        session.bench.comparison = None
        return self.look(session)

    def shown(self, session: Session) -> Shown:
        """Return the panel of the run that is known."""
        run = session.bench.run
        if run is None:
            return NOTHING_NEW
        may = SCOPE in session.scopes
        ended_badly = run.failed or run.undecided
        return Shown(
            recent=_recent(session),
            progress=suite_progress.shown(run),
            budgets=gr.Row(visible=may and run.state == "stopped"),
            cancel=gr.Button(visible=may and run.is_active),
            resume=gr.Button(visible=may and run.state in RESUMABLE),
            retry=gr.Button(visible=bool(may and not run.is_active and ended_badly)),
            timer=gr.Timer(active=run.is_active),
            address=run.id,
        )

    def _with_problem(self, session: Session, error: PageError) -> Shown:
        shown = self.look(session)
        told = shown.progress if isinstance(shown.progress, str) else ""
        return shown._replace(progress=told + markup.error(str(error)))

    def _unseen(self, session: Session, error: PageError) -> Shown:
        known = suite_progress.shown(session.bench.run) if session.bench.run else ""
        told = str(error)
        if isinstance(error, Unreachable):
            told += " The run goes on without this page; it looks again."
        shown = NOTHING_NEW._replace(progress=known + markup.error(told))
        goes_on = isinstance(error, Unreachable) and not isinstance(error, LogInEnded)
        return shown if goes_on else shown._replace(timer=gr.Timer(active=False))

    def _of(self, session: Session) -> SuiteClient:
        return SuiteClient(self._client.with_key(session.key))


def _budgets(run: Run | None, tokens: Any, money: Any) -> dict[str, Any]:
    """Return what was filled in. Raises PageError when a run without a budget left gets none."""
    given = {"budget_tokens": numbers.count(tokens, "tokens"), "budget_cost": numbers.money(money)}
    told = {name: value for name, value in given.items() if value is not None}
    if not told and run is not None and run.state == "stopped":
        raise PageError("Fill in a higher budget first: this one is used up.")
    return told


def _recent(session: Session) -> Any:
    runs: list[Run] = sorted(session.bench.runs.values(), key=_number, reverse=True)
    return gr.Dropdown(
        choices=[(suite_progress.label(run), run.id) for run in runs], value=session.bench.run_id or None
    )


def _number(run: Run) -> int:
    return int(run.id) if run.id.isdecimal() else 0
