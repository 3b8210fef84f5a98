"""A Chromium for tests, with the patience that a crowded machine asks for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from playwright.sync_api import Browser, Locator, expect, sync_playwright
from playwright.sync_api import Error as BrowserError

from tests.needs import needs

# --disable-dev-shm-usage: a container's /dev/shm is often too small for Chromium.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
# Milliseconds until a test gives up, and until what had no effect is done again.
PATIENCE, AGAIN = 30_000, 10_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; the test is skipped where there is none. `expect` waits as long as PATIENCE from here on."""
    path = needs("chromium")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=path, args=ARGUMENTS) as browser:
        yield browser


def submit(field: Locator, text: str, seen: Locator) -> None:
    """Fill the field and press Enter, again if need be, until `seen` is there.

    Gradio may draw a field anew between two actions, and drops an Enter while the event of the one before has not quite
    ended; neither can be seen from outside.
    """
    for _ in range(PATIENCE // AGAIN):
        # The field may be gone because the try before has had its effect, only late.
        with suppress(BrowserError):
            field.fill(text, timeout=AGAIN)
            field.press("Enter", timeout=AGAIN)
        with suppress(AssertionError):
            expect(seen.first).to_be_visible(timeout=AGAIN)
            return
    expect(seen.first).to_be_visible()
