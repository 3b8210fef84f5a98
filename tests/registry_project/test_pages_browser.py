"""The pages in a real browser: quiet console, nothing from outside, no sideways scrolling, buttons that do."""

from __future__ import annotations

import pytest
from django.test import override_settings
from django.utils import timezone
from playwright.sync_api import expect

from experiments_app.creating import create
from tests.registry_project.browser_case import BrowserCase
from tests.registry_project.pages_case import register
from tests.registry_project.test_pages_hosts import add_run
from tests.unified_app.fake_source import FAKE, FakeSource
from tests.unified_app.plans import fetched
from unified_app import jobs
from unified_app.models import ApiKey, Job


@pytest.mark.needs("chromium")
@override_settings(MODEL_SOURCES=FAKE)
class BrowserTests(BrowserCase):
    def setUp(self):
        super().setUp()
        FakeSource.reset()
        FakeSource.replies["one"].append([fetched("llama3:8b"), fetched("n" * 300), fetched("<b>bold</b>:1b")])
        for name in ("llama3:8b", "n" * 300, "<b>bold</b>:1b"):
            register(name)

    def test_every_page_is_quiet_and_fits_on_every_screen(self):
        run = add_run(changes={"created": ["llama3_8b_base"]}, created=1, failed=[{"message": "w" * 400, "code": "x"}])
        job = Job.objects.create(kind="sync", state="done", started_at=timezone.now(), finished_at=timezone.now())
        models = [f"/models/{'n' * 300}", "/models/llama3_8b_base"]
        body = {"base_model": "llama3:8b", "experiment_type": "prompt_engineering", "name": "v" * 100}
        made = create(body | {"parameters": {"system": "w" * 400}}, by="ada").variants[0]
        paths = [
            "/",
            "/models",
            *models,
            "/experiments",
            f"/experiments/{made.model_id}",
            "/experiments/new?base=llama3:8b",
            "/experiments/new?base=llama3:8b&type=prompt_engineering",
            "/hosts",
            "/syncs",
            f"/syncs/{run.pk}",
            "/jobs",
            f"/jobs/{job.pk}",
            "/account",
        ]
        self.look(paths)

    def test_a_sync_shows_that_it_began_then_its_outcome_without_a_reload(self):
        with self.open("/hosts") as page:
            page.get_by_role("button", name="Sync now").click()
            expect(page.locator("article")).to_contain_text("sync queued")
            jobs.run(Job.objects.get().pk)
            expect(page.locator("article")).to_contain_text("3 unchanged")
            expect(page.get_by_role("button", name="Sync now")).to_be_visible()
            page.reload()
            expect(page.locator("article")).to_contain_text("3 unchanged")
        assert not self.problems

    def test_a_job_is_followed_and_cancelled_on_its_page(self):
        with self.open() as page:
            page.get_by_role("button", name="Sync all now").click()
            expect(page.locator("h1")).to_have_text("Sync of everything")
            page.get_by_role("button", name="Cancel this job").click()
            expect(page.locator(".head .state")).to_have_text("cancelled")
        assert not self.problems

    def test_search_narrows_while_one_types_and_stands_in_the_address(self):
        with self.open("/models") as page:
            # All at once: a pause between two keys, as a slow machine makes them, is a step of its own in the history.
            page.get_by_label("Search").fill("llam")
            expect(page.locator("tbody tr")).to_have_count(1)
            expect(page).to_have_url(f"{self.live_server_url}/models?q=llam")
            expect(page.locator("h1")).to_have_text("1 model found.")
            page.get_by_label("State").select_option("retired")
            expect(page.locator("#list")).to_contain_text("No model fits")
            page.go_back()
            expect(page.locator("tbody tr")).to_have_count(1)
            page.go_back()
            expect(page.locator("tbody tr")).to_have_count(3)
        assert not self.problems

    def test_a_copy_button_copies_the_whole_digest(self):
        with self.open("/models/llama3_8b_base", permissions=["clipboard-read", "clipboard-write"]) as page:
            # "Copied" goes after two seconds: here they never end.
            page.clock.install(time=0)
            page.clock.pause_at(1)
            button = page.get_by_role("button", name="Copy the whole digest").first
            button.click()
            expect(button).to_have_text("Copied")
            assert page.evaluate("navigator.clipboard.readText()") == "a" * 64

    def test_a_key_is_made_once_however_often_the_button_is_pressed(self):
        with self.open("/account") as page:
            page.get_by_label("Name").fill("ci")
            page.get_by_role("button", name="Make a key").dblclick()
            expect(page.locator(".secret code")).to_contain_text("mr_")
        assert ApiKey.objects.count() == 1

    def test_without_javascript_one_can_find_sync_and_log_out(self):
        with self.open("/models", java_script_enabled=False) as page:
            assert page.locator("button.copy:visible").count() == 0
            page.get_by_label("Search").fill("llama")
            page.get_by_role("button", name="Find").click()
            expect(page.locator("tbody tr")).to_have_count(1)
            page.goto(f"{self.live_server_url}/hosts")
            page.get_by_role("button", name="Sync now").click()
            expect(page.locator("article")).to_contain_text("sync queued")
            page.get_by_role("button", name="Log out").click()
            expect(page.locator("h1")).to_have_text("Log in")
