from __future__ import annotations

from unittest import mock

import gradio as gr

from registry_project.gradio_app.replies import LogIn, Model
from registry_project.gradio_app.selector import default
from registry_project.gradio_app.session import Session
from tests.gradio_app.base import PageCase
from tests.gradio_app.fake_registry import KEY, row


class TestModelList(PageCase):
    def test_choices_are_name_and_type_with_the_id_as_value(self) -> None:
        models = self.selector.update_model_list("tools", session=self.session)

        assert models.choices == [("qwen3:8b (base)", "qwen3_8b_base")]
        assert models.value == "qwen3_8b_base"

    def test_a_display_name_does_not_change_the_choice(self) -> None:
        self.fake.models = [row("a:1b", "tools", display_name="The A", model_type="variant")]
        assert self.selector.update_model_list("tools", session=self.session).choices == [
            ("a:1b (variant)", "a_1b_base")
        ]

    def test_the_first_available_model_is_chosen(self) -> None:
        self.fake.models = [row("a:1b", "tools", status="error"), row("b:1b", "tools"), row("c:1b", "tools")]
        assert self.selector.update_model_list("tools", session=self.session).value == "b_1b_base"

    def test_the_model_chosen_last_in_the_category_comes_back(self) -> None:
        self.selector.describe(self.session, "thinking", "qwq_32b_base")
        assert self.selector.update_model_list("thinking", session=self.session).value == "qwq_32b_base"

    def test_without_an_available_model_the_first_is_chosen_and_without_any_none(self) -> None:
        busy = [model for model in self.session.models.values() if model.status == "busy"]
        assert default(busy, "thinking") == "qwq_32b_base"
        assert default([], "thinking") is None

    def test_a_chat_model_is_listed_among_the_thinking_ones_but_is_not_their_default(self) -> None:
        self.fake.models = [row("a:1b", "thinking"), row("b:1b", "thinking", capabilities=["reasoning"])]
        assert self.selector.update_model_list("thinking", session=self.session).value == "b_1b_base"

    def test_the_search_asks_the_registry(self) -> None:
        self.selector.choose(self.session, "thinking", "qwq")

        assert self.session.listed == (("qwq:32b (base)", "qwq_32b_base"),)

    def test_an_empty_category_says_what_would_fill_it(self) -> None:
        self.fake.models = []
        models, notice = self.selector.choose(self.session, "vision", "")

        assert models.value is None
        assert "no vision models yet" in notice
        assert f"{self.fake.url}/hosts" in notice

    def test_demo_models_are_announced_and_marked(self) -> None:
        _, notice = self.selector.choose(self.session, "embedding", "")
        card, _ = self.selector.describe(self.session, "embedding", "nomic-embed-text_v1_5_base")

        assert "Demo: models marked" in notice
        assert ">demo</span>" in card

    def test_no_demo_model_no_word_of_it(self) -> None:
        _, notice = self.selector.choose(self.session, "tools", "")
        card, _ = self.selector.describe(self.session, "tools", "qwen3_8b_base")

        assert notice == ""
        assert "demo" not in card

    def test_a_dead_registry_is_a_sentence_and_the_list_stays(self) -> None:
        self.fake.faults["GET /api/models/unified"] = (500, {"error": {"message": "database is locked"}}, {})
        models, notice = self.selector.choose(self.session, "tools", "")

        assert "Database is locked." in notice
        assert isinstance(models, dict)  # gr.skip()

    def test_an_expired_key_ends_the_session(self) -> None:
        self.fake.valid_keys.clear()
        self.selector.choose(self.session, "tools", "")

        assert not self.session.is_open
        assert self.session.notice == "Your log-in has ended. Log in again."

    def test_a_tab_opened_before_the_log_in_is_the_one_that_is_filled(self) -> None:
        session = Session()
        self.selector.follow(session, "thinking", "")
        session.begin("ada", LogIn(KEY))
        category, models, _ = self.selector.begin(session, "embedding", "")

        assert category == "thinking"
        assert models.value == "deepseek-r1_8b_base"

    def test_a_list_that_comes_late_does_not_replace_a_newer_one(self) -> None:
        def slow(category: str, query: str = "") -> list[Model]:
            self.session.category = "vision"
            return []

        with mock.patch("registry_project.gradio_app.client.RegistryClient.models", side_effect=slow):
            models, notice = self.selector.choose(self.session, "tools", "")

        assert models == notice == gr.skip()

    def test_answers_that_overtook_each_other_are_set_right(self) -> None:
        self.selector.choose(self.session, "thinking", "")
        category, models, _ = self.selector.settle(self.session, "embedding", "")

        assert category == "thinking"
        assert models.value == "deepseek-r1_8b_base"
        assert self.selector.settle(self.session, "thinking", "") == gr.skip()

    def test_before_the_log_in_nothing_is_asked(self) -> None:
        before = len(self.fake.requests)
        self.selector.choose(Session(), "tools", "")

        assert len(self.fake.requests) == before

    def test_a_model_name_cannot_become_html(self) -> None:
        self.fake.models = [row("<img src=x>", "tools", description="${evil} {{x}}")]
        self.selector.choose(self.session, "tools", "")
        card, _ = self.selector.describe(self.session, "tools", self.session.listed[0][1])

        assert "<img" not in card
        assert "${" not in card
        assert "{{" not in card


class TestSession(PageCase):
    def test_the_key_is_in_no_representation_of_the_session(self) -> None:
        assert KEY not in repr(self.session)
        assert KEY not in str(self.session)

    def test_who_logs_in_again_finds_the_conversation_and_somebody_else_does_not(self) -> None:
        self.session.conversations["tools"].ask("secret", "x")
        self.session.expire("ended")
        assert not self.session.is_open
        self.session.begin("ada", LogIn("k2"))
        assert self.session.conversations["tools"].turns
        self.session.expire("ended")
        self.session.begin("eve", LogIn("k3"))

        assert self.session.is_new
        assert not self.session.conversations["tools"].turns

    def test_logging_out_forgets_everything(self) -> None:
        self.session.conversations["tools"].ask("secret", "x")
        self.session.end()

        assert self.session.key == ""
        assert not self.session.models
        assert not self.session.conversations
