from __future__ import annotations

from django.test import SimpleTestCase

from experiments_app.evaluation.evaluators.strings import chosen_operator, string_passes
from tests.experiments_app.evaluation.evaluating import entry, outcome, refused, scored


def _string(answer: str, case: dict[str, str] | None = None, **criteria: str) -> bool | None:
    return outcome({"name": "s", "string": criteria}, case, answer).passed


class StringMethodTests(SimpleTestCase):
    def test_equals_minds_capitals_and_the_others_do_not(self) -> None:
        assert _string("Paris", equals="Paris") and not _string("paris", equals="Paris")
        assert _string("It is PARIS.", contains="paris")
        assert _string("PARIS it is", startsWith="paris") and _string("it is PARIS", endsWith="paris")

    def test_the_answer_is_trimmed_and_the_expected_text_is_not(self) -> None:
        assert _string("  Paris\n", equals="Paris") and not _string("Paris", equals="Paris\n")

    def test_the_expected_text_is_a_template_and_an_empty_one_matches_all(self) -> None:
        assert _string("Rome", {"city": "Rome"}, equals="{{city}}")
        assert _string("anything", {"x": ""}, contains="{{x}}")

    def test_the_first_operator_with_a_text_counts(self) -> None:
        assert chosen_operator({"contains": "b", "equals": ""}) == ("contains", "b")
        assert chosen_operator({"endsWith": "z", "equals": "a"}) == ("equals", "a")

    def test_letters_are_lowered_as_go_does(self) -> None:
        assert string_passes("contains", "ΟΔΟΣ", "οδοσ")
        assert string_passes("equals", "K", "K") and string_passes("contains", "\u212a", "k")

    def test_no_criteria_is_refused_by_path(self) -> None:
        assert list(refused({"name": "s", "string": {"matches": "x"}})) == ["evaluators[0].string"]


class ComparedTests(SimpleTestCase):
    def test_each_comparison_is_right_and_wrong(self) -> None:
        for uses, right, wrong in [
            ("equals", " Paris ", "paris"),
            ("contains", "in PARIS today", "in Rome"),
            ("starts-with", "paris, France", "France: Paris"),
            ("ends-with", "France: paris", "Paris, France"),
        ]:
            assert scored(uses, right, {"expected": "Paris"}).value == 1.0, uses
            assert scored(uses, wrong, {"expected": "Paris"}).value == 0.0, uses

    def test_one_of_several_is_enough_unless_all_are_wanted(self) -> None:
        assert scored("contains", "red", value=["red", "blue"]).passed
        assert not scored("contains", "red", value=["red", "blue"], match="all").passed
        assert scored("contains", "blue, red", value=["red", "blue"], match="all").passed

    def test_negated_it_passes_what_does_not_contain_the_text(self) -> None:
        assert scored("contains", "fine", value="sorry", negate=True).passed
        assert not scored("contains", "Sorry, no", value="sorry", negate=True).passed

    def test_capitals_and_spaces_are_minded_when_asked_to(self) -> None:
        assert scored("equals", "PARIS", value="paris", ignore_case=True).passed
        assert not scored("equals", " paris", value="paris", trim=False).passed

    def test_a_number_as_expected_text_is_its_text(self) -> None:
        assert scored("equals", "42", {"expected": 42}).passed and scored("equals", "1.5", value=1.5).passed

    def test_an_empty_answer_is_no_text(self) -> None:
        assert scored("equals", "", value="x").passed is False and scored("equals", "", value="").passed

    def test_a_placeholder_that_no_case_has_is_refused_rather_than_failed_in_silence(self) -> None:
        found = refused(entry("equals", {"value": "{{answr}}"}), cases=[{"answer": "x"}])
        assert found == {"evaluators[0].with.value": ["No test case has the key 'answr'."]}

    def test_options_are_checked_by_path(self) -> None:
        assert list(refused(entry("contains", {"value": "x", "vlaue": "y"}))) == ["evaluators[0].with.vlaue"]
        assert list(refused(entry("contains", {"value": ["x", []]}))) == ["evaluators[0].with.value[1]"]
        assert list(refused(entry("contains", {"value": "x", "match": "some"}))) == ["evaluators[0].with.match"]
