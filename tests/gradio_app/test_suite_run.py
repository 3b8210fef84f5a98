"""A run that is followed: by the page that began it, after a reload, and when the registry does not answer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from registry_project.gradio_app.client import RegistryClient
from registry_project.gradio_app.replies import LogIn
from registry_project.gradio_app.session import Session
from registry_project.gradio_app.suite_form import SuiteForm
from registry_project.gradio_app.suite_progress import label, shown
from registry_project.gradio_app.suite_replies import Entrant, Run
from registry_project.gradio_app.suite_run import RunPanel
from registry_project.gradio_app.suites_tab import SuitesTab
from tests.gradio_app.base import PageCase
from tests.gradio_app.fake_registry import KEY

MODELS = ["deepseek-r1_8b_base", "qwq_32b_base"]


class RunCase(PageCase):
    def setUp(self) -> None:
        super().setUp()
        self.panel = RunPanel(self.client)
        self.tab = SuitesTab(self.selector, None)  # type: ignore[arg-type]

    def start(self) -> Run:
        run = SuiteForm(self.client).start(self.session, "1", MODELS, "", "", "", "", "", True)
        self.session.bench.choose(run.id)
        return run


class TestLooking(RunCase):
    def test_it_looks_again_until_the_run_has_ended(self) -> None:
        self.start()
        first = self.panel.look(self.session)
        self.fake.bench.step = 8
        last = self.panel.look(self.session)

        assert "1 of 8 results" in first.progress and "running" in first.progress
        assert first.timer.active and first.cancel.visible and not first.resume.visible
        assert "done" in last.progress
        assert not last.timer.active and not last.cancel.visible

    def test_each_model_has_its_bar_and_counts(self) -> None:
        self.start()
        self.fake.bench.step = 5
        told = self.panel.look(self.session).progress

        assert "deepseek-r1:8b" in told and "4 of 4" in told
        assert "qwq:32b" in told and "1 of 4" in told

    def test_the_list_is_not_drawn_anew_at_each_look(self) -> None:
        self.start()
        self.panel.look(self.session)

        assert isinstance(self.panel.look(self.session).recent, dict)  # Gradio's word for: as it is

    def test_a_registry_that_is_away_leaves_what_was_seen_and_is_asked_again(self) -> None:
        self.start()
        self.panel.look(self.session)
        away = RunPanel(RegistryClient("http://127.0.0.1:9")).look(self.session)

        assert "1 of 8 results" in away.progress and "does not answer" in away.progress
        assert "it looks again" in away.progress
        assert isinstance(away.timer, dict)  # it goes on

    def test_an_ended_log_in_is_noticed_and_ends_the_looking(self) -> None:
        self.start()
        self.fake.valid_keys.clear()

        assert not self.panel.look(self.session).timer.active
        assert not self.session.is_open


class TestComingBack(RunCase):
    def restore(self, **query: str) -> Any:
        request: Any = SimpleNamespace(query_params=query)
        return self.tab.restore(self.session, None, [], None, request)

    def test_the_address_leads_back_to_the_run(self) -> None:
        run = self.start()
        self.session = self.logged_in()
        tabs, form, *shown = self.restore(run=run.id)

        assert tabs.selected == "suites" and not form.open
        assert any("Run 1" in part and "1 of 8 results" in part for part in shown if isinstance(part, str))

    def test_an_address_without_a_run_changes_nothing(self) -> None:
        for query in ({}, {"run": "../../etc"}, {"run": ""}):
            assert isinstance(self.restore(**query), dict)
        assert self.session.bench.run_id == ""

    def test_who_opened_the_tab_before_the_log_in_finds_it_filled(self) -> None:
        self.session = Session()
        self.tab.open(self.session, None, None, None, SimpleNamespace(value="Suites"))  # type: ignore[arg-type]
        assert self.fake.raw_paths[-1].startswith("/api/models/unified")  # of the set-up
        self.session.begin("ada", LogIn(KEY, tuple(self.fake.scopes)))
        _, form, suite, *_ = self.restore()

        assert suite.value == "1" and isinstance(form, dict)

    def test_another_device_finds_the_run_in_the_list(self) -> None:
        self.start()
        other = self.logged_in()
        recent = self.panel.open(other).recent

        assert [value for _, value in recent.choices] == ["1"]
        assert recent.choices[0][0].startswith("1: sums · 2 models · queued, 0 of 8")

    def test_without_runs_it_says_what_would_appear(self) -> None:
        assert "There are no runs yet." in self.panel.open(self.session).progress

    def test_a_run_that_is_not_there_is_a_sentence(self) -> None:
        self.session.bench.choose("77")

        assert "does not know this evaluation any more" in self.panel.look(self.session).progress


class TestActing(RunCase):
    def test_cancel_and_resume(self) -> None:
        self.start()
        cancelled = self.panel.act(self.session, "cancel")
        resumed = self.panel.resumed(self.session, "", "")

        assert "cancelled" in cancelled.progress and cancelled.resume.visible and not cancelled.timer.active
        assert resumed.timer.active
        assert [action for action, _ in self.fake.bench.actions] == ["cancel", "resume"]

    def test_a_run_without_a_budget_left_needs_another_one(self) -> None:
        self.start()
        self.fake.bench.runs[0] |= {"state": "stopped", "error": {"code": "budget", "message": "300 tokens are used"}}
        stopped = self.panel.look(self.session)

        assert stopped.budgets.visible and "300 tokens are used." in stopped.progress
        assert "Fill in a higher budget first" in self.panel.resumed(self.session, "", "").progress
        self.panel.resumed(self.session, "5000", "0.5")
        assert self.fake.bench.actions == [("resume", {"budget_tokens": 5000, "budget_cost": "0.5"})]

    def test_failed_cases_are_retried(self) -> None:
        self.start()
        self.fake.bench.step = 8
        assert not self.panel.look(self.session).retry.visible
        self.fake.bench.runs[0]["progress"]["failed"] = 2
        looked = self.panel.look(self.session)

        assert looked.retry.visible and "2 without an answer" in looked.progress
        assert "count neither as passed nor as not passed" in looked.progress
        self.fake.bench.step = 1
        assert self.panel.act(self.session, "retry").timer.active

    def test_a_refusal_stands_below_the_run(self) -> None:
        self.start()
        told = {"error": {"code": "conflict", "message": "The evaluation has ended already: done."}}
        self.fake.faults["POST /api/evaluations/1/cancel"] = (409, told, {})

        assert "The evaluation has ended already: done." in self.panel.act(self.session, "cancel").progress

    def test_who_may_only_look_has_no_buttons(self) -> None:
        self.start()
        self.session.scopes = ("read",)
        looked = self.panel.look(self.session)

        assert not looked.cancel.visible and "of 8 results" in looked.progress


class TestWords(PageCase):
    def test_names_of_models_and_suites_are_text(self) -> None:
        run = Run("1", "running", suite="<i>x</i>", total=2, models=(Entrant("a", "<img src=x>", 1, 2),))

        assert "<i>" not in shown(run) and "<img" not in shown(run)

    def test_answers_that_cost_nothing_are_told(self) -> None:
        run = Run("1", "done", models=(Entrant("a", "a", summary={"cached": 3}), Entrant("b", "b")))

        assert "3 answers of earlier runs" in shown(run)

    def test_a_done_run_is_told_without_its_counts(self) -> None:
        assert label(Run("3", "done", suite="sums", done=4, total=4)) == "3: sums · 0 models · done"
