"""Suites: what a document says, and each wrong part by its path."""

from __future__ import annotations

from typing import Any

import pytest

from experiments_app.evaluation.cases import EvaluatorSpec
from experiments_app.evaluation.engine import request_of
from experiments_app.evaluation.suites import MAX_CASES, read_suite
from unified_app.errors import InvalidInput

USER = [{"role": "user", "content": "{{input}}"}]
TOOL = {"function": {"name": "f"}}


def asked(**document: Any) -> dict[str, Any]:
    """Return the request of the first case."""
    suite = read_suite({"messages": USER, "testData": [{"input": "x"}], **document})
    return request_of(suite, suite.cases[0])


class TestRequests:
    @pytest.mark.parametrize(
        ("given", "sent"),
        [
            ({"maxTokens": 100.5, "temperature": 0, "topP": 0.5}, {"max_tokens": 100, "temperature": 0, "top_p": 0.5}),
            ({"max_tokens": 7, "frequency_penalty": 1, "heat": 3}, {"max_tokens": 7, "frequency_penalty": 1}),
            ({"max_tokens": 7, "maxTokens": 8}, {"max_tokens": 8}),
            ({"maxTokens": 8, "max_tokens": 7}, {"max_tokens": 8}),
            ({"maxTokens": 7, "maxCompletionTokens": 9}, {"max_completion_tokens": 9}),
            ({"seed": 3, "stop": "x", "reasoningEffort": "low"}, {"seed": 3, "stop": ["x"], "reasoning_effort": "low"}),
            ({"temperature": None}, {}),
            (None, {}),
        ],
    )
    def test_parameters_in_both_spellings_and_nothing_else(self, given, sent):
        wanted = {"messages": [{"role": "user", "content": "x"}], **sent}
        assert asked(modelParameters=given) == wanted
        assert asked(model_parameters=given) == wanted

    def test_a_format_and_its_schema(self):
        schema = '{"name": "n", "schema": {"type": "object"}}'
        told = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}
        assert asked(responseFormat="json_schema", jsonSchema=schema)["response_format"] == told
        assert asked(responseFormat="json_schema", jsonSchema=told["json_schema"])["response_format"] == told
        assert "response_format" not in asked(jsonSchema=schema)

    def test_roles_in_any_case_and_contents_that_are_no_text(self):
        suite = read_suite({"messages": [{"role": "System", "content": 1.10}, {"role": "user"}]})
        assert suite.messages == ({"role": "system", "content": "1.1"}, {"role": "user", "content": ""})

    def test_null_lists_are_empty_and_a_null_case_has_no_values(self):
        suite = read_suite({"messages": None, "testData": None, "evaluators": None, "authors": ["x"]})
        assert (suite.messages, suite.cases, suite.evaluators) == ((), (), ())
        assert suite.document["authors"] == ["x"]
        assert read_suite({"messages": USER, "testData": [None]}).cases[0].data == {}


class TestCases:
    def test_keys_that_mean_something_are_read_and_stay_values(self):
        image = "data:image/png;base64,AAAA"
        talk = [{"role": "Tool", "tool_call_id": "1", "content": "4"}, {"role": "user", "content": [{"type": "text"}]}]
        data = {"tags": ["a", 1], "split": "train", "images": [image], "tools": [TOOL], "messages": talk}
        (case,) = read_suite({"testData": [data]}).cases
        assert (case.tags, case.split, case.images) == (("a", "1"), "train", (image,))
        assert case.tools == ({"type": "function", **TOOL},)
        assert [message["role"] for message in case.messages] == ["tool", "user"]
        assert case.data == data

    def test_the_digest_is_of_the_content_and_not_of_what_tells_of_it(self):
        first = read_suite({"name": "a", "tags": ["x"], "messages": USER, "testData": [{"input": 1}]})
        same = read_suite({"messages": USER, "testData": [{"input": 1}], "name": "b", "category": "tools"})
        other = read_suite({"name": "a", "messages": USER, "testData": [{"input": 2}]})
        assert first.digest == same.digest != other.digest

    def test_corpus_and_documents(self):
        suite = read_suite({"corpus": [{"id": 1, "text": "one"}], "testData": None})
        assert suite.corpus == (("1", "one"),)


class TestEvaluators:
    def test_string_comes_before_llm_and_that_before_uses(self):
        llm, string = {"prompt": "x", "choices": []}, {"equals": "x"}
        for row, wanted in (
            ({"string": string, "llm": llm, "uses": "a/b"}, EvaluatorSpec("e", "string", "", string)),
            ({"string": None, "llm": llm, "uses": "a/b"}, EvaluatorSpec("e", "llm", "", llm)),
            ({"uses": "registry/x", "with": {"y": 1}}, EvaluatorSpec("e", "uses", "registry/x", {"y": 1})),
            ({"uses": "github/fluency"}, EvaluatorSpec("e", "uses", "github/fluency", {})),
        ):
            assert read_suite({"evaluators": [{"name": "e", **row}]}).evaluators == (wanted,)


class TestRefusals:
    @pytest.mark.parametrize(
        ("document", "path"),
        [
            ([], "suite"),
            ({"name": ["x"]}, "name"),
            ({"messages": "hello"}, "messages"),
            ({"messages": ["hello"]}, "messages[0]"),
            ({"messages": [{"role": "robot"}]}, "messages[0].role"),
            ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content"),
            ({"messages": USER, "testData": ["x"]}, "testData[0]"),
            ({"testData": [{}]}, "messages"),
            ({"messages": USER, "testData": [{}] * (MAX_CASES + 1)}, "testData"),
            ({"messages": USER, "testData": [{}, {"tags": "a"}]}, "testData[1].tags"),
            ({"messages": USER, "testData": [{"tags": [[]]}]}, "testData[0].tags[0]"),
            ({"messages": USER, "testData": [{"tags": ["a", "a"]}]}, "testData[0].tags"),
            ({"messages": USER, "testData": [{"split": {}}]}, "testData[0].split"),
            ({"messages": USER, "testData": [{"images": ["http://x/y.png"]}]}, "testData[0].images[0]"),
            ({"messages": USER, "testData": [{"tools": [{}]}]}, "testData[0].tools[0]"),
            ({"messages": USER, "testData": [{"tools": [TOOL, TOOL]}]}, "testData[0].tools"),
            ({"testData": [{"messages": []}]}, "testData[0].messages"),
            ({"testData": [{"messages": [{"role": "x"}]}]}, "testData[0].messages[0].role"),
            ({"testData": [{"messages": [{"role": "user", "content": ["x"]}]}]}, "testData[0].messages[0].content[0]"),
            ({"messages": USER, "testData": [{"documents": [{"id": 1}]}]}, "testData[0].documents[0]"),
            ({"messages": USER, "testData": [{"relevant": {"a": "b"}}]}, "testData[0].relevant.a"),
            ({"messages": USER, "testData": [{"relevant": {"a": 10**400}}]}, "testData[0].relevant.a"),
            ({"messages": USER, "testData": [{"relevant": "a"}]}, "testData[0].relevant"),
            ({"corpus": [{"id": "a", "text": ""}, {"id": "a", "text": ""}]}, "corpus"),
            ({"tools": {}}, "tools"),
            ({"modelParameters": {"temperature": "0.5"}}, "modelParameters.temperature"),
            ({"modelParameters": {"maxTokens": True}}, "modelParameters.maxTokens"),
            ({"modelParameters": {"topP": float("nan")}}, "modelParameters.topP"),
            ({"modelParameters": {"temperature": 10**400}}, "modelParameters.temperature"),
            ({"modelParameters": {"stop": [1]}}, "modelParameters.stop"),
            ({"modelParameters": [1]}, "modelParameters"),
            ({"responseFormat": "xml"}, "responseFormat"),
            ({"responseFormat": {}}, "responseFormat"),
            ({"responseFormat": "json_schema"}, "jsonSchema"),
            ({"responseFormat": "json_schema", "jsonSchema": "{"}, "jsonSchema"),
            ({"responseFormat": "json_schema", "jsonSchema": "[]"}, "jsonSchema"),
            ({"responseFormat": "json_schema", "jsonSchema": '{"name": "x"}'}, "jsonSchema"),
            ({"evaluators": [{"name": "e"}]}, "evaluators[0]"),
            ({"evaluators": ["e"]}, "evaluators[0]"),
            ({"evaluators": [{"name": "e", "string": "x"}]}, "evaluators[0].string"),
            ({"evaluators": [{"name": "e", "uses": "a", "with": 1}]}, "evaluators[0].with"),
            ({"evaluators": [{"name": "e", "uses": "a"}, {"name": "e", "uses": "a"}]}, "evaluators[1].name"),
        ],
    )
    def test_each_wrong_part_is_named(self, document, path):
        with pytest.raises(InvalidInput) as error:
            read_suite(document)
        assert list(error.value.details) == [path]
