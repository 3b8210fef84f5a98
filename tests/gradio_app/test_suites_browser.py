"""A run in a real browser: begun, followed, found again after a reload, compared and taken away as a file."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.gradio_app.browser_case import PHONE, BrowserCase
from tests.gradio_app.fake_suites import FakeSuites


@pytest.mark.needs("chromium")
class TestSuites(BrowserCase):
    def setUp(self) -> None:
        super().setUp()
        self.fake.bench = FakeSuites()
        self.fake.bench.step = 0

    def test_a_run_is_followed_over_a_reload_to_its_results(self) -> None:
        page = self.opened(PHONE, "dark")
        self.log_in(page)
        self._begin(page)
        assert self.complaints == []
        page.reload()
        # What a reload breaks off is told on the console.
        self.complaints.clear()
        self.log_in(page)
        expect(page.get_by_text("0 of 8 results")).to_be_visible()
        self.fake.bench.step = 8
        expect(page.locator(".mr-lead")).to_have_text(
            "deepseek-r1:8b passes 100.0 % of 4 cases; it cannot be told apart from qwq:32b."
        )
        self._look_at_answers(page)
        self._download(page)
        wider = page.evaluate("document.documentElement.scrollWidth") - PHONE[0]
        assert wider <= 0, f"{wider} px wider than the screen"
        assert self.complaints == []

    def _begin(self, page: Page) -> None:
        self.tab(page, "Thinking Models", "deepseek-r1:8b (base)")
        page.get_by_role("tab", name="Suites").click()
        # The model that was selected above is in the list already.
        expect(page.get_by_text("4 cases x 1 model = 4 calls.")).to_be_visible()
        page.get_by_label("Models to evaluate").click()
        page.get_by_role("option", name="qwq:32b (base)").click()
        expect(page.get_by_text("4 cases x 2 models = 8 calls.")).to_be_visible()
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.get_by_text("0 of 8 results")).to_be_visible()
        page.wait_for_url("**/?run=1")

    def _look_at_answers(self, page: Page) -> None:
        page.get_by_role("button", name="Answers side by side").click()
        expect(page.get_by_text("expected 4")).to_be_visible()
        # What a model said was a tag: it is text here.
        expect(page.get_by_text("The sum is <b>4</b>.")).to_have_count(2)

    def _download(self, page: Page) -> None:
        with page.expect_download() as coming:
            page.get_by_role("button", name="Results as CSV").click()
        assert coming.value.suggested_filename == "evaluation-1.csv"
        with Path(coming.value.path()).open(newline="") as stream:
            assert len(list(csv.DictReader(stream))) == 8
