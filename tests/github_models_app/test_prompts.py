"""Reading `.prompt.yml` dicts: requests, string evaluators, and what is refused by its path."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import SimpleTestCase

from github_models_app.prompts import read_prompt
from unified_app.errors import InvalidInput

USER = [{"role": "user", "content": "{{input}}"}]


def passes(criteria: dict[str, Any], answer: str, **case: Any) -> bool:
    (check,) = read_prompt({"evaluators": [{"name": "e", "string": criteria}]}).checks
    return check.passes(answer, case)


class RequestTests(SimpleTestCase):
    def test_parameters_in_both_spellings_and_nothing_else(self):
        for given, expected in (
            ({"maxTokens": 100.5, "temperature": 0, "topP": 0.5}, {"max_tokens": 100, "temperature": 0, "top_p": 0.5}),
            ({"max_tokens": 7, "frequency_penalty": 1}, {"max_tokens": 7}),
            ({"maxTokens": 7, "maxCompletionTokens": 9}, {"max_completion_tokens": 9}),
            (None, {}),
        ):
            prompt = read_prompt({"messages": USER, "modelParameters": given})
            assert prompt.request({"input": "x"}) == {"messages": [{"role": "user", "content": "x"}], **expected}

    def test_a_format_and_its_schema(self):
        schema = '{"name": "n", "schema": {"type": "object"}}'
        prompt = read_prompt({"messages": USER, "responseFormat": "json_schema", "jsonSchema": schema})
        told = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}
        assert prompt.request({})["response_format"] == told
        assert "response_format" not in read_prompt({"messages": USER, "jsonSchema": schema}).request({})

    def test_roles_in_any_case_and_contents_that_are_no_text(self):
        prompt = read_prompt({"messages": [{"role": "System", "content": 1.10}, {"role": "user"}]})
        assert prompt.messages == (("system", "1.1"), ("user", ""))

    def test_null_lists_are_empty(self):
        prompt = read_prompt({"messages": None, "testData": None, "evaluators": None, "authors": ["x"]})
        assert (prompt.messages, prompt.cases, prompt.checks) == ((), (), ())
        assert read_prompt({"messages": USER, "testData": [None]}).cases == ({},)


class StringTests(SimpleTestCase):
    def test_equals_minds_the_case_and_the_last_newline(self):
        assert passes({"equals": "Paris"}, "Paris")
        assert not passes({"equals": "Paris"}, "paris")
        assert not passes({"equals": "Paris\n"}, "Paris")

    def test_the_others_do_not_mind_the_case(self):
        assert passes({"contains": "PARIS"}, "it is Paris.")
        assert passes({"startsWith": "IT"}, "it is")
        assert passes({"endsWith": "S."}, "paris.")
        assert not passes({"startsWith": "is"}, "it is")
        assert passes({"contains": "ΟΔΟΣ"}, "οδοσ"), "a final sigma is no other letter"

    def test_one_counts_in_a_fixed_order(self):
        assert passes({"endsWith": "no", "contains": "yes"}, "yes!")
        assert not passes({"contains": "yes", "equals": "no"}, "yes")
        assert passes({"equals": "", "contains": "yes"}, "yes!")

    def test_the_expected_text_is_filled_first(self):
        assert passes({"equals": "{{x}}"}, "1e+06", x=1e6)
        assert passes({"contains": "{{x}}"}, "anything", x="")
        (check,) = read_prompt({"evaluators": [{"name": "e", "string": {"startsWith": "{{x}}"}}]}).checks
        assert check.details({"x": "A"}) == "Expected to start with: 'A'"


class RefusalTests(SimpleTestCase):
    def test_judges_are_refused_by_name(self):
        for evaluator, judge in (
            ({"llm": {"prompt": "x"}}, "llm"),
            ({"uses": "github/similarity"}, "github/similarity"),
        ):
            with pytest.raises(InvalidInput, match=f"helpful is a judge \\({judge}\\)"):
                read_prompt({"evaluators": [{"name": "helpful", **evaluator}]})
        assert read_prompt({"evaluators": [{"name": "e", "string": {"equals": "x"}, "uses": "github/fluency"}]}).checks

    def test_each_wrong_part_is_named(self):
        for config, path in (
            ([], "evaluation_config"),
            ({"messages": "hello"}, "messages"),
            ({"messages": ["hello"]}, "messages[0]"),
            ({"messages": [{"role": "robot"}]}, "messages[0].role"),
            ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content"),
            ({"messages": USER, "testData": ["x"]}, "testData[0]"),
            ({"testData": [{}]}, "messages"),
            ({"modelParameters": {"temperature": "0.5"}}, "modelParameters.temperature"),
            ({"modelParameters": {"maxTokens": True}}, "modelParameters.maxTokens"),
            ({"modelParameters": [1]}, "modelParameters"),
            ({"responseFormat": "xml"}, "responseFormat"),
            ({"responseFormat": {}}, "responseFormat"),
            ({"responseFormat": "json_schema"}, "jsonSchema"),
            ({"responseFormat": "json_schema", "jsonSchema": "{"}, "jsonSchema"),
            ({"responseFormat": "json_schema", "jsonSchema": '{"name": "x"}'}, "jsonSchema"),
            ({"evaluators": [{"name": "e"}]}, "evaluators[0]"),
            ({"evaluators": ["e"]}, "evaluators[0]"),
            ({"evaluators": [{"name": "e", "string": {}}]}, "evaluators[0].string"),
            ({"evaluators": [{"name": "e", "string": {"regex": "x"}}]}, "evaluators[0].string"),
            ({"evaluators": [{"name": "e", "string": "x"}]}, "evaluators[0].string"),
        ):
            with pytest.raises(InvalidInput) as error:
                read_prompt(config)  # type: ignore[arg-type]
            assert list(error.value.details) == [path], config
