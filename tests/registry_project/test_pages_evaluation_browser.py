"""The pages of evaluations in a real browser: they fit everywhere, and follow, find and start without a reload."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from experiments_app.models import CaseResult, EvaluationRun
from tests.registry_project.browser_case import SCREENS, BrowserCase
from tests.registry_project.evaluation_rows import add_run, end, keep
from tests.registry_project.pages_case import register

LONG = "hf.co/" + "n" * 200


@pytest.mark.needs("chromium")
class EvaluationBrowserTests(BrowserCase):
    def setUp(self):
        super().setUp()
        self.models = [register(name) for name in ("llama:8b", LONG, "phi:3b", "qwen:7b")]
        self.version = keep(12)

    def test_every_page_is_quiet_and_fits_on_every_screen(self):
        made = {0: None, 1: "", 2: {"passed": False, "output": "w" * 900, "scores": []}}
        run = add_run(self.version, self.models, lambda model, case, repeat: made.get(case, case % (model + 2) > 0))
        active = add_run(self.version, self.models[:2], cases=range(3), state="running")
        add_run(keep(3, name="n" * 200), self.models[:1])
        self.look(
            [
                "/evaluations",
                "/evaluations/new",
                f"/evaluations/{run.pk}",
                f"/evaluations/{active.pk}",
                f"/evaluations/{run.pk}/results",
                f"/evaluations/{run.pk}/outputs",
                "/leaderboard?suite=sums",
                "/suites",
                "/suites/sums",
                "/suites/vision-starter",
                "/suites/new",
                f"/models/{self.models[0].pk}",
            ],
            SCREENS[:2],
        )

    def test_a_run_is_followed_to_its_outcome_without_a_reload(self):
        run = add_run(self.version, self.models[:2], cases=range(3), state="running")
        with self.open(f"/evaluations/{run.pk}") as page:
            expect(page.locator("h1")).to_have_text("6 of 24 results of sums so far.")
            for entry in run.run_models.all():
                rows = [
                    CaseResult(run=run, run_model=entry, case_index=at, state="done", passed=True)
                    for at in range(3, 12)
                ]
                CaseResult.objects.bulk_create(rows)
            EvaluationRun.objects.filter(pk=run.pk).update(done=24, state="done", finished_at=run.started_at)
            run.refresh_from_db()
            end(run)
            expect(page.locator("h1")).to_contain_text("passes 12 of 12 cases; it cannot be told apart from")
            page.get_by_label("Compared by").select_option("tokens")
            expect(page.locator("h1")).to_contain_text("has a mean tokens")
            expect(page).to_have_url(f"{self.live_server_url}/evaluations/{run.pk}?metric=tokens")
        assert not self.problems

    def test_models_are_found_and_chosen_and_the_run_starts_once(self):
        with self.open("/evaluations/new") as page:
            page.get_by_label("Suite").select_option("sums")
            page.get_by_label("llama:8b").check()
            page.get_by_label("Find models").fill("qwen")
            expect(page.get_by_label("phi:3b")).to_have_count(0)
            expect(page.get_by_label("llama:8b")).to_be_checked()
            page.get_by_label("qwen:7b").check()
            page.get_by_role("button", name="Start").dblclick()
            expect(page.locator("h1")).to_contain_text("0 of 24 results of sums so far.")
        run = EvaluationRun.objects.get()
        assert {entry.model.name for entry in run.run_models.all()} == {"llama:8b", "qwen:7b"}
        assert not self.problems

    def test_the_dots_of_the_leaderboard_are_reached_by_keyboard(self):
        add_run(self.version, self.models, lambda model, case, repeat: case % (model + 2) > 0)
        with self.open("/leaderboard?suite=sums") as page:
            dot = page.locator("svg.plot a").first
            dot.focus()
            name = dot.get_attribute("aria-label").partition(":")[0]
            page.keyboard.press("Enter")
            expect(page.locator("h1")).to_contain_text(name)
        assert not self.problems
