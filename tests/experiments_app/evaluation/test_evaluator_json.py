from __future__ import annotations

from unittest.mock import patch

from django.test import SimpleTestCase

from experiments_app.evaluation.evaluators import patterns
from tests.experiments_app.evaluation.evaluating import entry, refused, scored

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"$ref": "#/$defs/age"}},
    "required": ["name"],
    "$defs": {"age": {"type": "integer", "minimum": 0}},
}


def _schema_refused(schema: object) -> bool:
    return list(refused(entry("json-schema", {"schema": schema}))) == ["evaluators[0].with.schema"]


class JSONValidTests(SimpleTestCase):
    def test_json_is_right_and_other_text_wrong(self) -> None:
        assert scored("json-valid", ' {"a": [1, null]} ').passed
        for text in ("", "{'a': 1}", '{"a": 1', "[NaN]", "Infinity", "{} and more", "9" * 5000):
            assert scored("json-valid", text).value == 0.0, text[:20]

    def test_a_fenced_block_may_hold_it_unless_forbidden(self) -> None:
        text = 'Here you are:\n```json\n{"a": 1}\n```\nAnything else?'
        assert scored("json-valid", text).passed and not scored("json-valid", text, fenced=False).passed

    def test_of_several_blocks_the_last_counts(self) -> None:
        text = "```\n{}\n```\nor rather\n```json\n{oops\n```"
        assert scored("json-valid", text).passed is False

    def test_a_type_is_minded_and_true_is_no_number(self) -> None:
        assert scored("json-valid", "[1]", type="array").passed
        assert not scored("json-valid", "{}", type="array").passed
        assert not scored("json-valid", "true", type="number").passed
        assert scored("json-valid", "null").passed

    def test_nesting_without_end_and_answers_too_long_are_wrong_and_no_crash(self) -> None:
        assert scored("json-valid", "[" * 100_000).passed is False
        assert scored("json-valid", "[" + "1," * 150_000 + "1]").passed is False


class JSONSchemaTests(SimpleTestCase):
    def test_what_fits_passes_and_the_place_of_what_does_not_is_told(self) -> None:
        assert scored("json-schema", '{"name": "Ada", "age": 36}', schema=PERSON).passed
        score = scored("json-schema", '{"name": "Ada", "age": -1}', schema=PERSON)
        assert score.value == 0.0 and "$.age" in score.details
        assert scored("json-schema", "no JSON", schema=PERSON).passed is False
        assert scored("json-schema", "", schema=PERSON).passed is False

    def test_what_is_no_schema_is_refused(self) -> None:
        assert _schema_refused({"type": "objekt"}) and _schema_refused({"pattern": "("})
        assert list(refused(entry("json-schema"))) == ["evaluators[0].with.schema"]

    def test_a_reference_out_of_the_schema_is_refused_and_never_fetched(self) -> None:
        assert _schema_refused({"$ref": "http://127.0.0.1:9/schema.json"})
        assert _schema_refused({"properties": {"a": {"$ref": "other.json#/x"}}})

    def test_a_reference_that_leads_nowhere_or_to_itself_is_refused(self) -> None:
        assert _schema_refused({"$ref": "#/$defs/none"}) and _schema_refused({"$ref": "#"})

    def test_a_pattern_in_a_schema_is_searched_with_the_same_guard(self) -> None:
        schema = {"type": "string", "pattern": "^(a+)+$"}
        assert scored("json-schema", '"aaaa"', schema=schema).passed
        with patch.object(patterns, "TIME_LIMIT", 0.3):
            assert scored("json-schema", f'"{"a" * 60}!"', schema=schema).error == "timed_out"
        assert _schema_refused({"patternProperties": {"^(a+)+$": {}}})

    def test_unique_items_are_those_of_json(self) -> None:
        schema = {"uniqueItems": True}
        assert scored("json-schema", '[1, true, "1", [1], {"a": 1}]', schema=schema).passed
        assert not scored("json-schema", '[{"a": 1, "b": [2]}, {"b": [2.0], "a": 1}]', schema=schema).passed

    def test_a_value_nested_very_deep_is_no_crash(self) -> None:
        schema = {"items": {"$ref": "#"}, "type": "array"}
        score = scored("json-schema", "[" * 900 + "]" * 900, schema=schema)
        assert score.passed is not False and score.error in ("", "unparsed")
