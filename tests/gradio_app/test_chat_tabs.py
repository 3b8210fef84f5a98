"""Asking in Vision Models and Thinking Models, and what every chatting tab keeps when something fails."""

from __future__ import annotations

import threading
import time
from typing import Any

from registry_project.gradio_app.session import Session
from registry_project.gradio_app.thinking_tab import FIRST, SECOND, ThinkingTab
from registry_project.gradio_app.vision_tab import EXAMPLES, VisionTab
from tests.gradio_app.base import PageCase

DEEPSEEK, QWQ, LLAVA = "deepseek-r1_8b_base", "qwq_32b_base", "llava_7b_base"
DEFAULTS = ("", None, None, "")
PICTURE = str(EXAMPLES / "shapes.png")
CHAT = "/v1/chat/completions"


class ThinkingCase(PageCase):
    def setUp(self) -> None:
        super().setUp()
        self.tab = ThinkingTab(self.selector, None)  # type: ignore[arg-type]

    def ask(
        self, question: str = "How much?", second: str = "", settings: tuple[Any, ...] = DEFAULTS
    ) -> list[list[Any]]:
        return list(self.tab.ask(self.session, DEEPSEEK, question, *settings, second))


class TestThinking(ThinkingCase):
    def test_reasoning_stands_apart_from_the_answer_with_tokens_and_seconds(self) -> None:
        shown = self.ask()[-1][0]

        assert shown.index("Let me see.") < shown.index("</details>") < shown.index("<strong>answer</strong>")
        assert "57 tokens" in shown
        assert "s to the first token" in shown
        assert "s in all" in shown

    def test_what_a_model_says_cannot_become_a_tag(self) -> None:
        shown = self.ask()[-1][0]

        assert "<img" not in shown
        assert "&lt;img src=http://evil.invalid/&gt;" in shown

    def test_two_models_answer_side_by_side(self) -> None:
        frames = self.ask(second=QWQ)

        assert sorted(body["model"] for body in self.fake.bodies(CHAT)) == [DEEPSEEK, QWQ]
        assert "deepseek-r1:8b" in frames[-1][0]
        assert "qwq:32b" in frames[-1][1]

    def test_a_model_is_not_compared_with_itself(self) -> None:
        assert "another model" in self.ask(second=DEEPSEEK)[-1][-1]

    def test_one_model_failing_leaves_the_other_its_answer(self) -> None:
        self.fake.failing_models = {QWQ}
        first, second, *_ = self.ask(second=QWQ)[-1]

        assert "<strong>answer</strong>" in first
        assert "No host answers for it." in second

    def test_every_frame_says_of_both_buttons_whether_they_may_be_pressed(self) -> None:
        *running, ended = [(send.interactive, stop.interactive) for *_, send, stop, _ in self.ask()]

        assert len(running) > 1
        assert set(running) == {(False, True)}
        assert ended == (True, False)

    def test_settings_reach_the_request_and_defaults_do_not(self) -> None:
        self.ask()
        self.ask(settings=("Be brief.", "0,2", "50", "low"))
        plain, set_ = self.fake.bodies(CHAT)

        assert set(plain) == {"model", "messages", "stream", "stream_options"}
        assert set_["temperature"] == 0.2
        assert set_["max_tokens"] == 50
        assert set_["reasoning_effort"] == "low"
        assert set_["messages"][0] == {"role": "system", "content": "Be brief."}

    def test_what_is_no_number_is_told_and_not_asked(self) -> None:
        assert "Give a temperature from 0 to 2" in self.ask(settings=("", "warm", "", ""))[-1][-1]
        assert "Give a whole number of tokens" in self.ask(settings=("", "", "0", ""))[-1][-1]
        assert self.fake.bodies(CHAT) == []

    def test_a_conversation_goes_on_and_begins_anew_when_asked(self) -> None:
        self.ask("one")
        self.ask("two")
        self.tab.restart(self.session)
        self.ask("three")
        roles = [[message["role"] for message in body["messages"]] for body in self.fake.bodies(CHAT)]

        assert roles == [["user"], ["user", "assistant", "user"], ["user"]]

    def test_the_call_is_shown_with_a_placeholder_for_the_key(self) -> None:
        call = self.ask()[0][2]

        assert "Bearer $KEY" in call
        assert self.session.key not in call


class TestFailures(ThinkingCase):
    def test_an_error_in_mid_stream_stands_below_what_came(self) -> None:
        self.fake.error_after = 5
        shown = self.ask()[-1][0]

        assert shown.index("Let me see.") < shown.index("The <strong>answer") < shown.index("The host gpu-1 went away.")

    def test_a_broken_connection_keeps_what_came(self) -> None:
        self.fake.break_after = 2
        shown = self.ask()[-1][0]

        assert "Let me see." in shown
        assert 'role="alert"' in shown

    def test_a_broken_answer_is_not_sent_along_with_the_next_question(self) -> None:
        self.fake.error_after = 5
        self.ask("one")
        self.fake.error_after = None
        self.ask("two")

        assert [message["content"] for message in self.fake.bodies(CHAT)[-1]["messages"]] == ["two"]

    def test_a_refusal_before_the_first_token_is_a_sentence(self) -> None:
        self.fake.faults[f"POST {CHAT}"] = (429, {"error": {"message": "x"}}, {"Retry-After": "9"})
        frames = self.ask()

        assert "Try again in 9 seconds." in frames[-1][0]
        assert frames[-1][4].interactive  # Send
        assert not frames[-1][5].interactive  # Stop

    def test_an_expired_key_in_mid_use_ends_the_session(self) -> None:
        self.fake.valid_keys.clear()
        shown = self.ask()[-1]

        assert not self.session.is_open
        assert "Let me see" not in shown[0]
        assert self.session.notice == "Your log-in has ended. Log in again."

    def test_stop_keeps_what_came_and_closes_the_connection(self) -> None:
        self.fake.pause = 0.2
        threading.Timer(0.7, lambda: self.tab.halt(self.session)).start()
        began = time.monotonic()
        shown = self.ask()[-1][0]

        assert time.monotonic() - began < 2
        assert "Let me see." in shown
        assert "You stopped this answer." in shown
        assert self.fake.gone.wait(2)

    def test_a_visitor_who_leaves_ends_the_call(self) -> None:
        self.fake.pause = 0.2
        frames = self.tab.ask(self.session, DEEPSEEK, "How much?", *DEFAULTS, "")
        next(frames)
        next(frames)
        frames.close()  # as Gradio does when the tab is closed

        assert self.fake.gone.wait(2)

    def test_nothing_is_asked_without_log_in_model_or_question(self) -> None:
        before = len(self.fake.requests)
        for session, model, question, told in (
            (Session(), DEEPSEEK, "x", "Log in first."),
            (self.session, None, "x", "Choose a model first."),
            (self.session, DEEPSEEK, "  ", "Write a question first"),
        ):
            assert told in list(self.tab.ask(session, model, question, *DEFAULTS, ""))[-1][-1]
        assert len(self.fake.requests) == before

    def test_conversations_of_the_two_columns_are_apart(self) -> None:
        self.ask("one")
        self.ask("two", second=QWQ)

        assert len(self.session.conversations[FIRST].turns) == 2
        assert len(self.session.conversations[SECOND].turns) == 1


class TestVision(PageCase):
    def setUp(self) -> None:
        super().setUp()
        self.tab = VisionTab(self.selector, None)  # type: ignore[arg-type]

    def ask(self, question: str, picture: str | None) -> list[Any]:
        file = {"path": picture} if picture else None
        return list(self.tab.ask(self.session, LLAVA, question, *DEFAULTS, file))[-1]

    def test_the_picture_goes_before_the_question_and_is_shown_small(self) -> None:
        shown = self.ask("What is it?", PICTURE)[0]
        parts = self.fake.bodies(CHAT)[0]["messages"][0]["content"]

        assert [part["type"] for part in parts] == ["image_url", "text"]
        assert parts[0]["image_url"]["url"].startswith("data:image/png;base64,iVBOR")
        assert '<img src="data:image/png;base64,' in shown

    def test_a_picture_that_the_model_has_seen_is_not_sent_twice(self) -> None:
        self.ask("What is it?", PICTURE)
        self.ask("And what else?", PICTURE)
        self.ask("And this?", str(EXAMPLES / "sales.png"))
        kinds = [type(message["content"]) for message in self.fake.bodies(CHAT)[-1]["messages"]]

        assert kinds == [list, str, str, str, list]

    def test_after_a_failure_the_picture_is_sent_again(self) -> None:
        self.fake.error_after = 1
        self.ask("What is it?", PICTURE)
        self.fake.error_after = None
        self.ask("Again: what is it?", PICTURE)

        assert isinstance(self.fake.bodies(CHAT)[-1]["messages"][0]["content"], list)

    def test_without_a_picture_the_tab_asks_for_one(self) -> None:
        assert "Add a picture first" in self.ask("What is it?", None)[-1]

    def test_a_file_that_is_no_picture_is_refused_in_a_sentence(self) -> None:
        assert "no picture that can be read" in self.ask("What is it?", __file__)[-1]
        assert not self.fake.bodies(CHAT)
