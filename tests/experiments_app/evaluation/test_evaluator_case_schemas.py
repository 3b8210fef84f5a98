from __future__ import annotations

from django.test import SimpleTestCase

from tests.experiments_app.evaluation.evaluating import Asked, engine, entry, refused, scored

ANSWER = {"type": "object", "required": ["city"], "properties": {"city": {"const": "Rome"}}}


class CaseSchemaTests(SimpleTestCase):
    """A schema that the test case holds."""

    def test_each_case_is_held_against_its_own_schema(self) -> None:
        assert scored("json-schema", '{"city": "Rome"}', {"shape": ANSWER}, schema="shape").passed is True
        assert scored("json-schema", '{"city": "Rom"}', {"shape": ANSWER}, schema="shape").passed is False
        assert scored("json-schema", "[1]", {"shape": {"type": "array"}}, schema="shape").passed is True

    def test_it_does_not_apply_to_a_case_without_one(self) -> None:
        found = engine(entry("json-schema", {"schema": "shape"}), cases=[{"shape": ANSWER}, {"input": "Say hello."}])
        found.check()
        outcome = found.evaluate(found.suite.cases[1], "m", Asked("hello"))
        assert (outcome.scores[0].error, outcome.scores[0].passed) == ("not_applicable", None)

    def test_what_is_no_schema_is_refused_with_its_case(self) -> None:
        told = entry("json-schema", {"schema": "shape"})
        for wrong in ({"type": "objekt"}, {"$ref": "http://127.0.0.1:9/schema.json"}, {"pattern": "("}, "text"):
            assert list(refused(told, cases=[{"shape": ANSWER}, {"shape": wrong}])) == ["testData[1].shape"]

    def test_a_key_that_no_case_has_is_refused(self) -> None:
        assert list(refused(entry("json-schema", {"schema": "shpae"}), cases=[{"shape": ANSWER}])) == [
            "evaluators[0].with"
        ]
