"""What the tests in a real browser share: a fake registry, the page in a process, and a visitor."""

from __future__ import annotations

from contextlib import ExitStack
from typing import ClassVar
from unittest import TestCase

from playwright.sync_api import Browser, Page, expect

from tests.browser import PATIENCE, chromium, submit
from tests.gradio_app.fake_registry import PASSWORD, Fake, fake_registry
from tests.gradio_app.page_server import page_server

DESKTOP, PHONE = (1280, 800), (390, 844)


class BrowserCase(TestCase):
    fake: ClassVar[Fake]
    url: ClassVar[str]
    browser: ClassVar[Browser]

    @classmethod
    def setUpClass(cls) -> None:
        cls.enterClassContext(stack := ExitStack())
        cls.browser = stack.enter_context(chromium())
        cls.fake = stack.enter_context(fake_registry())
        cls.url, _ = stack.enter_context(page_server(cls.fake.url))

    def setUp(self) -> None:
        self.fake.faults.clear()
        self.fake.error_after = None
        self.fake.pause = 0.01
        self.complaints: list[str] = []

    def opened(self, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> Page:
        context = self.browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        self.addCleanup(context.close)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._note(request.url))
        page.goto(self.url)
        return page

    def _note(self, address: str) -> None:
        if not address.startswith((self.url, "data:", "blob:")):
            self.complaints.append(address)

    def log_in(self, page: Page, password: str = PASSWORD, told: str = "Logged in as ada") -> None:
        page.get_by_label("User name").fill("ada")
        submit(page.get_by_label("Password"), password, page.get_by_text(told))

    def tab(self, page: Page, name: str, model: str) -> None:
        page.get_by_role("tab", name=name).click()
        expect(page.get_by_label("Select Model")).to_have_value(model)
