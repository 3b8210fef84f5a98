"""Making a variant of the selected model, and both answering side by side."""

from __future__ import annotations

from typing import Any

from registry_project.gradio_app.session import Session
from registry_project.gradio_app.variants_panel import VariantsPanel
from tests.gradio_app.base import PageCase

DEEPSEEK, EMBEDDER = "deepseek-r1_8b_base", "all-minilm_l6-v2_base"
CREATE, CHAT = "/api/experimental/create", "/v1/chat/completions"


class VariantsCase(PageCase):
    def setUp(self) -> None:
        super().setUp()
        self.panel = VariantsPanel(self.selector, None)  # type: ignore[arg-type]

    def make(self, system: str = "", temperature: Any = 0.2, tokens: Any = None, model: str | None = DEEPSEEK) -> str:
        return self.panel.create(self.session, model, system, temperature, tokens)

    def ask(self, question: str = "How much?") -> list[Any]:
        return list(self.panel.ask(self.session, DEEPSEEK, question))[-1]


class TestMaking(VariantsCase):
    def test_parameters_make_one_variant_and_its_name_is_told(self) -> None:
        told = self.make(tokens=50)

        assert "deepseek-r1:8b+made" in told
        assert self.fake.bodies(CREATE) == [
            {
                "base_model": DEEPSEEK,
                "experiment_type": "parameter_tuning",
                "parameters": {"temperature": 0.2, "max_tokens": 50},
            }
        ]

    def test_a_prompt_stands_on_top_of_the_parameters(self) -> None:
        self.make(system=" Be brief. ")
        first, second = self.fake.bodies(CREATE)

        assert first["parameters"] == {"temperature": 0.2}
        assert second == {
            "base_model": f"exp_{DEEPSEEK}",
            "experiment_type": "prompt_engineering",
            "parameters": {"system": "Be brief."},
        }

    def test_zero_is_a_temperature_and_nothing_is_none(self) -> None:
        assert "Fill in a system prompt" in self.make(temperature=None)
        self.make(temperature="0", tokens=" ")

        assert [body["parameters"] for body in self.fake.bodies(CREATE)] == [{"temperature": 0}]

    def test_what_is_wrong_is_a_sentence(self) -> None:
        for temperature in (3, "-1", "warm", "nan"):
            assert "Give a temperature from 0 to 2, or leave it empty." in self.make(temperature=temperature)
        assert "Give a whole number of tokens from 1 up" in self.make(tokens="1.5")
        self.fake.faults[f"POST {CREATE}"] = (400, {"error": {"message": "parameters.temperature: Not here."}}, {})
        assert "Temperature: Not here." in self.make()
        assert "Choose a model first." in self.make(model=None)
        assert "only embeds texts" in self.make(model=EMBEDDER)
        assert "Log in first." in self.panel.create(Session(), DEEPSEEK, "", 0.2, None)
        assert self.session.variants == {}

    def test_without_the_scope_it_says_so_and_asks_nothing(self) -> None:
        self.session.scopes = ("read", "call")
        told, button = self.panel.welcome(self.session)

        assert "needs the scope “experiment”" in told and not button.interactive
        assert "needs the scope “experiment”" in self.make()
        assert self.fake.bodies(CREATE) == []

    def test_a_refusal_of_the_registry_is_told(self) -> None:
        self.fake.scopes = ["read", "call"]

        assert "Your account may not make variants." in self.make()

    def test_an_ended_log_in_is_noticed(self) -> None:
        self.fake.valid_keys.clear()

        assert "Your log-in has ended." in self.make()
        assert not self.session.is_open


class TestComparing(VariantsCase):
    def test_both_answer_side_by_side_with_tokens_and_seconds(self) -> None:
        self.make()
        base, variant, *_ = self.ask()

        assert sorted(body["model"] for body in self.fake.bodies(CHAT)) == [DEEPSEEK, f"exp_{DEEPSEEK}"]
        assert "deepseek-r1:8b</span>" in base and "deepseek-r1:8b+made</span>" in variant
        for shown in (base, variant):
            assert "57 tokens" in shown and "s in all" in shown

    def test_what_the_variant_pins_is_not_said_in_the_call(self) -> None:
        self.make(system="Be brief.")
        self.ask()

        for body in self.fake.bodies(CHAT):
            assert set(body) == {"model", "messages", "stream", "stream_options"}
            assert [message["role"] for message in body["messages"]] == ["user"]

    def test_one_failing_leaves_the_other_its_answer(self) -> None:
        self.make()
        self.fake.failing_models = {f"exp_{DEEPSEEK}"}
        base, variant, *_ = self.ask()

        assert "<strong>answer</strong>" in base
        assert "No host answers for it." in variant

    def test_without_a_variant_nothing_is_asked(self) -> None:
        assert "Make a variant of deepseek-r1:8b first." in self.ask()[-1]
        assert self.fake.bodies(CHAT) == []

    def test_another_user_finds_no_variant_of_the_one_before(self) -> None:
        self.make()
        self.session.end()

        assert self.session.variants == {}
