"""Through every tab in a real browser, on desktop and phone: no console error, no request to anywhere else."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import submit
from tests.gradio_app.browser_case import DESKTOP, PHONE, BrowserCase


@pytest.mark.needs("chromium")
class TestBrowser(BrowserCase):
    def ask(self, page: Page, question: str, seen: Locator | None = None) -> None:
        """Ask in the tab of the thinking models, until the question (or `seen`) is shown."""
        field = page.get_by_label("Question", exact=True)
        submit(field, question, seen or page.get_by_text(question, exact=True).locator("visible=true"))

    def test_every_tab_answers(self) -> None:
        for size, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
            page = self.opened(size, scheme)
            self.log_in(page)
            self._embedding(page)
            self._vision(page)
            self._tools(page)
            self._thinking(page)
            self._variants(page)
            wider = page.evaluate("document.documentElement.scrollWidth") - size[0]
            assert wider <= 0, f"{wider} px wider than the screen"
        assert self.complaints == []

    def _wait_until_ready(self, page: Page) -> None:
        """Wait until the answer has ended, for Gradio too."""
        expect(page.get_by_role("button", name="Send").locator("visible=true")).to_be_enabled()

    def _embedding(self, page: Page) -> None:
        expect(page.get_by_label("Select Model")).to_have_value("all-minilm:l6-v2 (base)")
        page.get_by_text("Pets and markets").click()
        query = page.get_by_label("Find the nearest to")
        expect(query).to_have_value("an animal that rests")
        submit(query, "an animal that rests", page.get_by_text("26 dimensions"))
        expect(page.locator("table.mr-heat td")).to_have_count(16)
        expect(page.locator(".mr-near li").first).to_contain_text("0.")

    def _vision(self, page: Page) -> None:
        self.tab(page, "Vision Models", "llava:7b (base)")
        page.get_by_text("Shapes", exact=True).click()
        question = page.get_by_label("Question about the picture")
        shapes = "Which shapes do you see, and in which colours?"
        expect(question).to_have_value(shapes)
        submit(question, shapes, page.get_by_alt_text("The picture of this question"))
        expect(page.get_by_text("57 tokens").locator("visible=true")).to_be_visible()
        # What the model said was a tag: it is text here.
        expect(page.get_by_text("<img src=http://evil.invalid/>").locator("visible=true")).to_be_visible()

    def _tools(self, page: Page) -> None:
        self.tab(page, "Tool Models", "qwen3:8b (base)")
        page.get_by_text("What is the weather in Lisbon, in celsius?").click()
        expect(page.get_by_label("Question for the tools")).not_to_have_value("")
        page.get_by_role("button", name="Send").locator("visible=true").click()
        result = page.get_by_label("The tool's result")
        submit(result, "22 degrees", page.get_by_text("Result that you gave"))
        expect(result).to_be_hidden()
        page.get_by_role("button", name="Show the call").locator("visible=true").click()
        expect(page.locator(".cm-content").filter(has_text="$KEY").locator("visible=true")).to_be_visible()

    def _thinking(self, page: Page) -> None:
        self.tab(page, "Thinking Models", "deepseek-r1:8b (base)")
        page.get_by_label("Compare with").click()
        page.get_by_role("option", name="qwq:32b (base)").click()
        self.ask(page, "How much is the ball?")
        done = page.get_by_text("57 tokens").locator("visible=true")
        expect(done).to_have_count(2)
        page.get_by_text("Reasoning", exact=True).locator("visible=true").first.click()
        expect(page.get_by_text("Let me see.").locator("visible=true").first).to_be_visible()

    def _variants(self, page: Page) -> None:
        page.get_by_role("button", name="Make a variant and compare").click()
        page.get_by_label("System prompt of the variant").fill("Be brief.")
        page.get_by_role("button", name="Make variant").click()
        expect(page.get_by_text("deepseek-r1:8b+made is made and answers beside deepseek-r1:8b.")).to_be_visible()
        # Fields that nobody filled in pin nothing.
        assert self.fake.bodies("/api/experimental/create")[-1]["parameters"] == {"system": "Be brief."}
        answers = page.locator(".mr-variants .mr-figures").filter(has_text="57 tokens")
        submit(page.get_by_label("Question for both"), "How much is the bat?", answers)
        expect(answers).to_have_count(2)

    def test_settings_that_were_only_looked_at_change_nothing(self) -> None:
        page = self.opened()
        self.log_in(page)
        self.tab(page, "Thinking Models", "deepseek-r1:8b (base)")
        page.get_by_role("button", name="Settings").locator("visible=true").click()
        self.ask(page, "Anything set?")
        expect(page.get_by_text("57 tokens")).to_be_visible()
        assert set(self.fake.bodies("/v1/chat/completions")[-1]) == {"model", "messages", "stream", "stream_options"}

    def test_before_the_log_in_the_tabs_say_what_to_do(self) -> None:
        page = self.opened()
        for name in ("Embedding Models", "Vision Models", "Tool Models", "Thinking Models"):
            page.get_by_role("tab", name=name).click()
            expect(page.get_by_text("Log in first.").locator("visible=true")).to_have_count(1)
        assert self.complaints == []

    def test_a_wrong_password_is_told_and_a_right_one_works_after_it(self) -> None:
        page = self.opened()
        self.log_in(page, "wrong", told="The user name or the password is wrong.")
        self.log_in(page, told="Logged in as ada")

    def test_an_ended_log_in_leads_back_to_the_form_with_a_sentence(self) -> None:
        page = self.opened()
        self.log_in(page)
        self.tab(page, "Thinking Models", "deepseek-r1:8b (base)")
        self.ask(page, "What was first?")
        expect(page.get_by_text("57 tokens")).to_be_visible()
        self._wait_until_ready(page)
        # The key counts elsewhere: else the page's look at the model's state, every ten seconds, may find out first
        # and take the question's field away under our hands.
        ended = {"error": {"code": "not_authenticated", "message": "The key is unknown, expired or revoked."}}
        self.fake.faults["POST /v1/chat/completions"] = (401, ended, {})
        self.ask(page, "Are you there?", page.get_by_text("Your log-in has ended. Log in again."))
        expect(page.get_by_label("Question", exact=True)).to_be_hidden()
        self.fake.faults.clear()
        self.log_in(page)
        expect(page.get_by_text("What was first?")).to_be_visible()

    def test_log_out_leaves_nothing_in_the_browser(self) -> None:
        page = self.opened()
        self.log_in(page)
        self.tab(page, "Thinking Models", "deepseek-r1:8b (base)")
        self.ask(page, "A secret")
        expect(page.get_by_text("57 tokens")).to_be_visible()
        with page.expect_event("load"):
            page.get_by_role("button", name="Log out").click()
        expect(page.get_by_label("User name")).to_have_value("")
        assert "A secret" not in page.content()

    def test_load_model_shows_the_way_to_ready_and_back(self) -> None:
        # Enough of them to be seen, though the page's other looks at the state use some up.
        self.fake.starting_polls = 3
        self.fake.serving.clear()
        page = self.opened()
        self.log_in(page)
        self.tab(page, "Tool Models", "qwen3:8b (base)")
        page.get_by_role("button", name="Load Model", exact=True).click()
        expect(page.locator(".mr-serving")).to_contain_text("starting")
        expect(page.locator(".mr-serving")).to_contain_text("ready")
        page.get_by_role("button", name="Unload Model").click()
        expect(page.locator(".mr-serving")).to_contain_text("stopped")

    def test_stop_keeps_what_came_and_an_error_stands_below_it(self) -> None:
        # Slow, since the answer that follows folds the reasoning away.
        self.fake.pause = 2
        page = self.opened()
        self.log_in(page)
        self.tab(page, "Thinking Models", "deepseek-r1:8b (base)")
        self.ask(page, "Slowly, please")
        expect(page.get_by_text("Let me see.")).to_be_visible()
        page.get_by_role("button", name="Stop").locator("visible=true").click()
        expect(page.get_by_text("You stopped this answer.")).to_be_visible()
        expect(page.get_by_text("Let me see.")).to_be_visible()
        self._wait_until_ready(page)
        self.fake.pause, self.fake.error_after = 0.01, 2
        self.ask(page, "And again")
        expect(page.get_by_text("The host gpu-1 went away.")).to_be_visible()

    def test_a_closed_tab_ends_the_call(self) -> None:
        self.fake.pause = 1
        self.fake.gone.clear()
        page = self.opened()
        self.log_in(page)
        self.tab(page, "Thinking Models", "deepseek-r1:8b (base)")
        self.ask(page, "Slowly, please")
        expect(page.get_by_text("Let me see.")).to_be_visible()
        page.close()
        assert self.fake.gone.wait(30)
