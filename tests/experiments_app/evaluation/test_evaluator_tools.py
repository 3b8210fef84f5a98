from __future__ import annotations

import json
from typing import Any

from django.test import SimpleTestCase

from experiments_app.evaluation.replies import Reply
from experiments_app.evaluation.scores import Score
from tests.experiments_app.evaluation.evaluating import entry, refused, scored

WEATHER = {
    "name": "get_weather",
    "parameters": {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "integer"},
            "limit": {"type": "number"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "place": {"type": "object", "properties": {"lat": {"type": "number"}, "name": {"type": "string"}}},
            "metric": {"type": "boolean"},
        },
        "required": ["city"],
    },
}
TIME = {"name": "get.time", "parameters": {"type": "object", "properties": {"zone": {"type": "string"}}}}
TOOLS = [{"type": "function", "function": WEATHER}, {"type": "function", "function": TIME}]
PARIS = {"name": "get_weather", "arguments": {"city": "Paris"}}


def call(name: str, arguments: Any) -> dict[str, Any]:
    return {"function": {"name": name, "arguments": arguments if isinstance(arguments, str) else json.dumps(arguments)}}


def weather(**arguments: Any) -> dict[str, Any]:
    return call("get_weather", {"city": "Paris", **arguments})


def judged(expected: Any, *calls: dict[str, Any], **options: Any) -> Score:
    return scored(
        "tool-calls", Reply(tool_calls=calls), {"expected_calls": expected}, suite={"tools": TOOLS}, **options
    )


def right(expected: dict[str, Any], **given: Any) -> bool | None:
    """Whether a call with the given further arguments is the one that is expected."""
    return judged([{"name": "get_weather", "arguments": {"city": "Paris", **expected}}], weather(**given)).passed


class OneCallTests(SimpleTestCase):
    def test_the_expected_call_passes_and_others_do_not(self) -> None:
        assert judged([PARIS], weather()).value == 1.0
        assert judged([PARIS], call("get_weather", {"city": "Rome"})).value == 0.0
        assert judged([PARIS], call("get.time", {"zone": "Paris"})).passed is False
        assert judged([PARIS]).passed is False

    def test_a_required_argument_must_be_there_and_an_unexpected_one_not(self) -> None:
        assert judged([{"name": "get_weather", "arguments": {}}], call("get_weather", {})).passed is False
        assert "unexpected days" in judged([PARIS], weather(days=1)).details
        assert (
            "lacks days"
            in judged([{"name": "get_weather", "arguments": {"city": "Paris", "days": 1}}], weather()).details
        )

    def test_texts_are_compared_without_capitals_spaces_and_some_signs(self) -> None:
        expected = [{"name": "get_weather", "arguments": {"city": "New York, N.Y."}}]
        assert judged(expected, call("get_weather", {"city": "new york NY"})).passed
        assert judged(expected, call("get_weather", {"city": "new york!"})).passed is False

    def test_types_are_minded(self) -> None:
        assert right({"days": 3}, days=3)
        for wrong in ("3", 3.0, True, None, [3]):
            assert not right({"days": 3}, days=wrong), wrong
        assert right({"metric": True}, metric=True)
        assert not right({"metric": True}, metric=1) and not right({"metric": True}, metric="true")

    def test_a_whole_number_may_stand_for_a_float(self) -> None:
        assert right({"limit": 2.0}, limit=2) and right({"limit": 2}, limit=2.0)
        assert not right({"limit": 2.5}, limit=2)

    def test_lists_and_objects_are_compared_within_and_in_order(self) -> None:
        assert right({"tags": ["Sun", "rain"]}, tags=["sun", "Rain"])
        assert not right({"tags": ["sun", "rain"]}, tags=["rain", "sun"])
        assert not right({"tags": ["sun"]}, tags=["sun", "sun"]) and not right({"tags": ["sun"]}, tags="sun")
        assert right({"place": {"lat": 1.5, "name": "X"}}, place={"name": "x", "lat": 1.5})
        assert not right({"place": {"lat": 1.5}}, place={"lat": 1.5, "name": "x"})
        assert not right({"place": {"lat": 1.5, "name": "x"}}, place={"lat": 1.5})

    def test_one_of_several_values_is_enough_and_an_optional_one_may_be_left_out(self) -> None:
        days = {"days": {"any_of": [1, 2], "optional": True}}
        assert right(days, days=1) and right(days, days=2) and right(days)
        assert not right(days, days=3)

    def test_a_dot_in_a_name_is_an_underscore_to_some_servers(self) -> None:
        expected = [{"name": "get.time", "arguments": {"zone": "UTC"}}]
        assert judged(expected, call("get_time", {"zone": "UTC"})).passed
        assert judged(expected, call("get.time", {"zone": "UTC"})).passed

    def test_arguments_that_are_no_json_object_are_wrong(self) -> None:
        for arguments in ("", "{", "[1]", "null", '"Paris"', "[" * 10_000, "\ud800"):
            assert judged([PARIS], call("get_weather", arguments)).passed is False, arguments[:10]

    def test_calls_of_no_known_shape_are_wrong_and_no_crash(self) -> None:
        odd: list[Any] = [None, "x", {}, {"function": None}, {"function": {}}, {"function": {"arguments": 5}}]
        assert judged([PARIS], *odd).passed is False


class LeaderboardFormTests(SimpleTestCase):
    EXPECTED = [{"get_weather": {"city": ["Paris", "Paris, France"], "days": [1, ""], "place": [{"lat": [1.5, ""]}]}}]

    def test_each_argument_has_its_allowed_values(self) -> None:
        assert judged(self.EXPECTED, weather(place={"lat": 1.5})).passed
        assert judged(self.EXPECTED, call("get_weather", {"city": "paris france", "days": 1, "place": {}})).passed
        assert not judged(self.EXPECTED, weather(place={"lat": 2.5})).passed

    def test_the_empty_text_among_them_makes_one_optional(self) -> None:
        assert not judged(self.EXPECTED, weather(days=1)).passed  # place is not
        assert not judged(self.EXPECTED, weather(days=2, place={})).passed

    def test_lists_are_whole_values(self) -> None:
        expected = [{"get_weather": {"city": ["Paris"], "tags": [["a", "b"], ["b"]]}}]
        assert judged(expected, weather(tags=["B"])).passed and judged(expected, weather(tags=["a", "b"])).passed
        assert not judged(expected, weather(tags=["a"])).passed

    def test_an_optional_list_may_be_empty(self) -> None:
        expected = [{"get_weather": {"city": ["Paris"], "tags": [["a"], ""]}}]
        assert judged(expected, weather(tags=[])).passed and judged(expected, weather()).passed
        assert not judged([{"get_weather": {"city": ["Paris"], "tags": [["a"]]}}], weather(tags=[])).passed

    def test_a_text_where_another_type_is_declared_is_a_variable_to_the_letter(self) -> None:
        expected = [{"get_weather": {"city": ["Paris"], "days": ["num_days"]}}]
        assert judged(expected, weather(days="num_days")).passed
        assert not judged(expected, weather(days="numdays")).passed


class SeveralCallsTests(SimpleTestCase):
    TWO = [PARIS, {"name": "get_weather", "arguments": {"city": "Rome"}}]

    def test_they_may_come_in_any_order_and_the_order_is_told(self) -> None:
        score = judged(self.TWO, call("get_weather", {"city": "Rome"}), weather())
        assert (score.passed, score.values["order"]) == (True, 0.0)
        assert judged(self.TWO, weather(), call("get_weather", {"city": "Rome"})).values["order"] == 1.0

    def test_they_must_come_in_order_when_asked_to(self) -> None:
        assert judged(self.TWO, call("get_weather", {"city": "Rome"}), weather(), order="same").passed is False
        assert judged(self.TWO, weather(), call("get_weather", {"city": "Rome"}), order="same").passed

    def test_one_too_few_or_too_many_is_wrong_and_the_share_is_told(self) -> None:
        score = judged(self.TWO, weather())
        assert (score.value, score.values) == (0.0, {"name": 0.5, "arguments": 0.5, "order": 0.0})
        assert judged([PARIS], weather(), weather()).passed is False

    def test_one_call_answers_for_one_expected_call(self) -> None:
        assert judged([PARIS, PARIS], weather(), call("get_weather", {"city": "Rome"})).passed is False

    def test_right_names_with_wrong_arguments_are_told_apart(self) -> None:
        score = judged([PARIS], call("get_weather", {"city": "Rome"}))
        assert score.values == {"name": 1.0, "arguments": 0.0, "order": 0.0}


class NoCallTests(SimpleTestCase):
    def test_where_none_is_expected_a_call_is_wrong(self) -> None:
        assert judged([]).passed and not judged([], weather()).passed

    def test_a_case_that_does_not_say_has_nothing_to_score(self) -> None:
        assert "No test case fits" in str(refused(entry("tool-calls"), cases=[{"expected": []}]))

    def test_expected_calls_of_no_known_form_are_refused_by_path(self) -> None:
        for wrong in ("get_weather", [1], [{}], [{"name": "f", "arguments": 5}], [{"f": 1, "g": 2}], [{"f": []}]):
            found = refused(entry("tool-calls"), cases=[{}, {"expected_calls": wrong}])
            assert list(found) == ["testData[1].expected_calls"], wrong
