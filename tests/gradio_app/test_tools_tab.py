from __future__ import annotations

import json
from typing import Any
from unittest import TestCase, mock

import pytest

from registry_project.gradio_app import schemas
from registry_project.gradio_app.errors import PageError
from registry_project.gradio_app.tools_tab import ToolsTab
from tests.gradio_app.base import PageCase

MODEL = "qwen3_8b_base"
DEFAULTS = ("", None, None, "")
CHAT = "/v1/chat/completions"


class TestTools(PageCase):
    def setUp(self) -> None:
        super().setUp()
        self.tab = ToolsTab(self.selector, None)  # type: ignore[arg-type]

    def ask(self, question: str = "What is the weather?", schema: str = schemas.DEFAULT) -> list[Any]:
        return list(self.tab.ask(self.session, MODEL, question, *DEFAULTS, schema))[-1]

    def give(self, result: str) -> list[Any]:
        return list(self.tab.continue_with(self.session, MODEL, result, *DEFAULTS, schemas.DEFAULT))[-1]

    def test_a_call_is_shown_with_its_arguments_and_whether_they_fit(self) -> None:
        shown = self.ask()[0]

        assert "Call of <code>get_weather</code>" in shown
        assert "&quot;city&quot;: &quot;Lisbon&quot;" in shown
        assert "The arguments fit the schema." in shown

    def test_the_result_form_names_the_call_and_goes_when_it_was_given(self) -> None:
        assert self.tab.form(self.session)[0].visible is False
        self.ask()
        column, box = self.tab.form(self.session)
        assert column.visible is True
        assert box.label == "The tool's result: get_weather"
        self.give("22 degrees")
        assert self.tab.form(self.session)[0].visible is False

    def test_with_the_result_the_model_goes_on(self) -> None:
        self.ask()
        shown = self.give("22 degrees")[0]
        messages = self.fake.bodies(CHAT)[-1]["messages"]

        assert [message["role"] for message in messages] == ["user", "assistant", "tool"]
        assert messages[1]["tool_calls"][0]["function"]["arguments"] == '{"city": "Lisbon", "unit": "celsius"}'
        assert messages[2] == {"role": "tool", "tool_call_id": "call_1", "content": "22 degrees"}
        assert "22 degrees" in shown
        assert "<strong>answer</strong>" in shown

    def test_several_calls_are_answered_one_after_the_other(self) -> None:
        two = [
            {"index": n, "id": f"call_{n}", "function": {"name": "calculate", "arguments": f'{{"expression": "{n}"}}'}}
            for n in (0, 1)
        ]
        answers = "tests.gradio_app.fake_registry.words_for"
        with mock.patch(answers, return_value=[{"tool_calls": two}]):
            self.ask()
        assert self.tab.form(self.session)[1].label == "The tool's result: calculate (call 1 of 2)"
        self.give("one")
        assert len(self.fake.bodies(CHAT)) == 1
        assert self.tab.form(self.session)[1].label == "The tool's result: calculate (call 2 of 2)"
        self.give("two")
        assert [m.get("content") for m in self.fake.bodies(CHAT)[-1]["messages"][2:]] == ["one", "two"]

    def test_a_new_question_waits_for_the_result(self) -> None:
        self.ask()
        assert "waits for a tool" in self.ask("Another?")[-1]
        assert len(self.fake.bodies(CHAT)) == 1

    def test_an_answer_without_a_call_is_just_an_answer(self) -> None:
        assert "<strong>answer</strong>" in self.ask("Say hello.")[0]
        assert self.tab.form(self.session)[0].visible is False

    def test_a_mistake_in_the_tools_is_told_before_anything_is_asked(self) -> None:
        assert "Line 1:" in self.ask(schema="[{]")[-1]
        assert not self.fake.bodies(CHAT)


def tool(**function: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}, **function}}


class TestSchemas(TestCase):
    def refused(self, text: str) -> str:
        with pytest.raises(PageError) as caught:
            schemas.parse(text)
        return str(caught.value)

    def test_the_example_is_right(self) -> None:
        names = [item["function"]["name"] for item in schemas.parse(schemas.DEFAULT)]
        assert names == ["get_weather", "calculate"]

    def test_broken_json_names_line_and_column(self) -> None:
        assert self.refused('[\n  {"type": "function",\n   x}\n]').startswith("Line 3: this is no JSON.")

    def test_a_mistake_in_the_second_tool_names_its_line(self) -> None:
        good = json.dumps(tool())
        cases = {
            "{\n}": "Line 3: the tool needs",
            "3": "Line 3: a tool must be an object",
            '{"type": "function",\n "function": {\n"name": "has space"}}': "Line 5: ",
            '{"type": "function",\n "function": {"name": "g",\n"parameters": []}}': "Line 5: ",
            '{"type": "function", "function": {"name": "g",\n"parameters": {\n"type": "nothing"}}}': "Line 5: ",
            good: "Line 3: two tools are called “f”",
        }
        for second, told in cases.items():
            assert self.refused(f"[\n{good},\n{second}\n]").startswith(told), (
                second,
                self.refused(f"[\n{good},\n{second}\n]"),
            )

    def test_what_is_no_list_or_nothing_at_all_is_refused(self) -> None:
        assert "must stand in a list" in self.refused("{}")
        assert "no tools" in self.refused("  ")
        assert self.refused("[" * 100_000)

    def test_arguments_are_judged_by_the_schema(self) -> None:
        tools = [tool(parameters={"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]})]

        assert schemas.verdict('{"n": 1}', "f", tools) == (True, "The arguments fit the schema.")
        assert schemas.verdict('{"n": "x"}', "f", tools)[1].startswith("The arguments do not fit the schema: n:")
        assert schemas.verdict("{}", "f", tools)[0] is False
        assert schemas.verdict("{", "f", tools) == (False, "The arguments are no JSON.")
        assert schemas.verdict("{}", "g", tools) == (False, "No tool is called “g”.")

    def test_a_reference_to_another_server_is_not_followed(self) -> None:
        tools = [tool(parameters={"$ref": "http://127.0.0.1:9/schema.json"})]
        with mock.patch("urllib.request.urlopen", side_effect=AssertionError("asked")):
            fits, told = schemas.verdict("{}", "f", tools)

        assert not fits
        assert "cannot be judged" in told
