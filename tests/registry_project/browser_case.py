"""What the tests in a real browser share: a Chromium, a person who has logged in, and what the console had to say."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.contrib.staticfiles.testing import StaticLiveServerTestCase
from playwright.sync_api import Page

from tests.browser import PATIENCE, chromium
from tests.unified_app.api_case import user_with

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
SCREENS = ((DESK, "light"), (PHONE, "dark"), (PHONE, "light"))
UNSAFE = "DJANGO_ALLOW_ASYNC_UNSAFE"


class BrowserCase(StaticLiveServerTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Playwright's loop runs in this thread, so Django takes every query here for one in a coroutine.
        os.environ[UNSAFE] = "true"
        cls.addClassCleanup(os.environ.pop, UNSAFE)
        cls.browser = cls.enterClassContext(chromium())

    def setUp(self):
        user_with("Operator")
        self.problems: list[str] = []

    @contextmanager
    def open(self, path: str = "/", **options: Any) -> Iterator[Page]:
        """Log in and open a page; what the console and the network have to say is kept in `problems`."""
        context = self.browser.new_context(**{"viewport": DESK, **options})
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda m: self.problems.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith(self.live_server_url) else self.outside(r.url))
        page.goto(f"{self.live_server_url}/login?next={path}")
        page.fill("#id_username", "operator")
        page.fill("#id_password", "right horse")
        page.click("main button")
        # A later `goto` would break off a log-in that is still on its way.
        page.wait_for_url(lambda url: "/login" not in url)
        try:
            yield page
        finally:
            context.close()

    def outside(self, url: str) -> None:
        if not url.startswith("data:"):
            self.problems.append(f"asks outside: {url}")

    def look(self, paths: list[str], screens: Sequence[tuple[dict[str, int], str]] = SCREENS) -> None:
        """Every page has one heading, fits, and has a quiet console, on each screen and in both schemes."""
        for viewport, scheme in screens:
            with self.open(viewport=viewport, color_scheme=scheme) as page:
                for path in paths:
                    page.goto(self.live_server_url + path)
                    assert page.locator("h1").count() == 1, path
                    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, viewport)
        assert not self.problems
