from __future__ import annotations

from unittest import mock

from registry_project.gradio_app import serving
from tests.gradio_app.base import PageCase

MODEL = "qwen3_8b_base"


class TestLoading(PageCase):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(mock.patch.object(serving, "PAUSE", 0.05))
        self.panel = self.selector.serving

    def load(self) -> list[str]:
        return [shown for shown, _ in self.panel.load(self.session, MODEL)]

    def test_a_load_shows_starting_at_once_and_ready_at_the_end(self) -> None:
        shown = self.load()

        assert "starting" in shown[0]
        assert "ready" in shown[-1]
        assert "3 requests so far" in shown[-1]

    def test_a_failed_start_shows_its_reason(self) -> None:
        body = {"state": "failed", "reason": "out of memory"}
        self.fake.faults[f"POST /api/models/{MODEL}/serve"] = (200, body, {})
        last = self.load()[-1]

        assert "failed" in last
        assert "Out of memory." in last

    def test_full_slots_are_told_as_a_sentence(self) -> None:
        body = {"error": {"message": "all 10 slots are in use: a, b", "details": {"serving": ["a", "b"]}}}
        self.fake.faults[f"POST /api/models/{MODEL}/serve"] = (409, body, {})

        assert "All 10 slots are in use: a, b." in self.load()[-1]

    def test_an_account_that_may_not_start_learns_that_it_may_ask(self) -> None:
        self.fake.scopes = ["read", "call", "experiment"]
        last = self.load()[-1]

        assert "Your account may not start models." in last
        assert "Ask anyway" in last

    def test_unloading_ends_a_load_that_is_going_on(self) -> None:
        self.fake.starting_polls = 10_000
        load = self.panel.load(self.session, MODEL)
        next(load)
        next(load)
        unloaded = [shown for shown, _ in self.panel.unload(self.session, MODEL)]

        assert "stopping" in unloaded[0]
        assert "stopped" in unloaded[-1]
        assert len(list(load)) <= 1

    def test_without_a_model_the_buttons_say_so(self) -> None:
        for handler in (self.panel.load, self.panel.unload):
            assert "Choose a model first." in next(handler(self.session, None))[0]

    def test_an_expired_key_in_mid_load_ends_the_session(self) -> None:
        self.fake.valid_keys.clear()

        assert "Log in again" in self.load()[-1]
        assert not self.session.is_open
