"""Through every tab in a real browser, on desktop and phone: no console error, no request to anywhere else."""

from __future__ import annotations

from contextlib import ExitStack
from typing import ClassVar
from unittest import TestCase

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.gradio_app.fake_registry import KEY, PASSWORD, Fake, fake_registry
from tests.gradio_app.page_server import page_server
from tests.needs import needs

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
DESKTOP, PHONE = (1280, 800), (390, 844)


@pytest.mark.needs("chromium")
class TestBrowser(TestCase):
    fake: ClassVar[Fake]
    url: ClassVar[str]
    browser: ClassVar[Browser]

    @classmethod
    def setUpClass(cls) -> None:
        cls.enterClassContext(stack := ExitStack())
        path = needs("chromium")
        cls.fake = stack.enter_context(fake_registry())
        cls.url, _ = stack.enter_context(page_server(cls.fake.url))
        playwright = stack.enter_context(sync_playwright())
        cls.browser = stack.enter_context(playwright.chromium.launch(executable_path=path, args=ARGUMENTS))

    def setUp(self) -> None:
        self.fake.valid_keys = {KEY}
        self.fake.error_after = None
        self.fake.pause = 0.01
        self.complaints: list[str] = []

    def opened(self, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> Page:
        context = self.browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        self.addCleanup(context.close)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._note(request.url))
        page.goto(self.url)
        return page

    def _note(self, address: str) -> None:
        if not address.startswith((self.url, "data:", "blob:")):
            self.complaints.append(address)

    def log_in(self, page: Page, password: str = PASSWORD) -> None:
        page.get_by_label("User name").fill("ada")
        page.get_by_label("Password").fill(password)
        page.get_by_label("Password").press("Enter")

    def tab(self, page: Page, name: str, model: str) -> None:
        page.get_by_role("tab", name=name).click()
        expect(page.get_by_label("Select Model")).to_have_value(model)

    def test_every_tab_answers(self) -> None:
        for size, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
            page = self.opened(size, scheme)
            self.log_in(page)
            self._embedding(page)
            self._vision(page)
            self._tools(page)
            self._thinking(page)
            wider = page.evaluate("document.documentElement.scrollWidth") - size[0]
            assert wider <= 0, f"{wider} px wider than the screen"
        assert self.complaints == []

    def _wait_until_ready(self, page: Page) -> None:
        """Wait until the answer has ended for Gradio too: until then it takes no other question."""
        expect(page.get_by_role("button", name="Send").locator("visible=true")).to_be_enabled()
        page.wait_for_timeout(300)

    def _embedding(self, page: Page) -> None:
        expect(page.get_by_label("Select Model")).to_have_value("all-minilm:l6-v2 (base)")
        page.get_by_text("Pets and markets").click()
        query = page.get_by_label("Find the nearest to")
        expect(query).to_have_value("an animal that rests")
        query.press("Enter")
        expect(page.locator("table.mr-heat td")).to_have_count(16)
        expect(page.locator(".mr-near li").first).to_contain_text("0.")
        expect(page.get_by_text("26 dimensions")).to_be_visible()

    def _vision(self, page: Page) -> None:
        self.tab(page, "Vision Models", "llava:7b (base)")
        page.get_by_text("Shapes", exact=True).click()
        question = page.get_by_label("Question about the picture")
        expect(question).to_have_value("Which shapes do you see, and in which colours?")
        question.press("Enter")
        expect(page.get_by_alt_text("The picture of this question")).to_be_visible()
        expect(page.get_by_text("57 tokens").locator("visible=true")).to_be_visible()
        # What the model said was a tag: it is text here.
        expect(page.get_by_text("<img src=http://evil.invalid/>").locator("visible=true")).to_be_visible()

    def _tools(self, page: Page) -> None:
        self.tab(page, "Tool Models", "qwen3:8b (base)")
        page.get_by_text("What is the weather in Lisbon, in celsius?").click()
        expect(page.get_by_label("Question for the tools")).not_to_have_value("")
        page.get_by_role("button", name="Send").locator("visible=true").click()
        result = page.get_by_label("The tool's result")
        result.fill("22 degrees")
        result.press("Enter")
        expect(page.get_by_text("Result that you gave")).to_be_visible()
        expect(result).to_be_hidden()
        page.get_by_role("button", name="Show the call").locator("visible=true").click()
        expect(page.locator(".cm-content").filter(has_text="$KEY").locator("visible=true")).to_be_visible()

    def _thinking(self, page: Page) -> None:
        self.tab(page, "Thinking Models", "deepseek-r1:8b (base)")
        page.get_by_label("Compare with").click()
        page.get_by_role("option", name="qwq:32b (base)").click()
        question = page.get_by_label("Question", exact=True)
        question.fill("How much is the ball?")
        question.press("Enter")
        done = page.get_by_text("57 tokens").locator("visible=true")
        expect(done).to_have_count(2)
        page.get_by_text("Reasoning", exact=True).locator("visible=true").first.click()
        expect(page.get_by_text("Let me see.").locator("visible=true").first).to_be_visible()

    def test_before_the_log_in_the_tabs_say_what_to_do(self) -> None:
        page = self.opened()
        for name in ("Embedding Models", "Vision Models", "Tool Models", "Thinking Models"):
            page.get_by_role("tab", name=name).click()
            expect(page.get_by_text("Log in first.").locator("visible=true")).to_have_count(1)
        assert self.complaints == []

    def test_a_wrong_password_is_told_and_a_right_one_works_after_it(self) -> None:
        page = self.opened()
        self.log_in(page, "wrong")
        expect(page.get_by_text("The user name or the password is wrong.")).to_be_visible()
        self.log_in(page)
        expect(page.get_by_text("Logged in as ada")).to_be_visible()

    def test_an_ended_log_in_leads_back_to_the_form_with_a_sentence(self) -> None:
        page = self.opened()
        self.log_in(page)
        self.tab(page, "Thinking Models", "deepseek-r1:8b (base)")
        question = page.get_by_label("Question", exact=True)
        question.fill("What was first?")
        question.press("Enter")
        expect(page.get_by_text("57 tokens")).to_be_visible()
        self._wait_until_ready(page)
        self.fake.valid_keys = set()
        question.fill("Are you there?")
        question.press("Enter")
        expect(page.get_by_text("Your log-in has ended. Log in again.")).to_be_visible()
        expect(question).to_be_hidden()
        self.fake.valid_keys = {KEY}
        self.log_in(page)
        expect(page.get_by_text("What was first?")).to_be_visible()

    def test_log_out_leaves_nothing_in_the_browser(self) -> None:
        page = self.opened()
        self.log_in(page)
        self.tab(page, "Thinking Models", "deepseek-r1:8b (base)")
        page.get_by_label("Question", exact=True).fill("A secret")
        page.get_by_label("Question", exact=True).press("Enter")
        expect(page.get_by_text("57 tokens")).to_be_visible()
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_label("User name")).to_have_value("")
        assert "A secret" not in page.content()

    def test_load_model_shows_the_way_to_ready_and_back(self) -> None:
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
        question = page.get_by_label("Question", exact=True)
        question.fill("Slowly, please")
        question.press("Enter")
        expect(page.get_by_text("Let me see.")).to_be_visible()
        page.get_by_role("button", name="Stop").locator("visible=true").click()
        expect(page.get_by_text("You stopped this answer.")).to_be_visible()
        expect(page.get_by_text("Let me see.")).to_be_visible()
        self._wait_until_ready(page)
        self.fake.pause, self.fake.error_after = 0.01, 2
        question.fill("And again")
        question.press("Enter")
        expect(page.get_by_text("The host gpu-1 went away.")).to_be_visible()

    def test_a_closed_tab_ends_the_call(self) -> None:
        self.fake.pause = 1
        self.fake.gone.clear()
        page = self.opened()
        self.log_in(page)
        self.tab(page, "Thinking Models", "deepseek-r1:8b (base)")
        page.get_by_label("Question", exact=True).fill("Slowly, please")
        page.get_by_label("Question", exact=True).press("Enter")
        expect(page.get_by_text("Let me see.")).to_be_visible()
        page.close()
        assert self.fake.gone.wait(3)
