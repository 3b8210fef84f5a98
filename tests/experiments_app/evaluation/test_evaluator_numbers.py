from __future__ import annotations

import pytest
from django.test import SimpleTestCase

from experiments_app.evaluation.evaluators.numbers import Found, numbers_in, whole_number
from tests.experiments_app.evaluation.evaluating import entry, refused, scored


class NumbersInTests(SimpleTestCase):
    def test_separators_signs_currency_and_exponents(self) -> None:
        for text, values in {
            "$1,234,567.50 in all": [1234567.5],
            "-3 and \u22124 and +5": [-3, -4, 5],
            "10\u202f000 m, 1'000, 1_000": [10000, 1000, 1000],
            "from 3-5 to 1e3": [3, 5, 1000],
            "1,2,3": [1, 2, 3],
            ".5 and 5.": [0.5, 5],
            "答案是42。": [42],
            "-$7": [-7],
            "version x2 and H2O": [],
            "1e999": [],
            "": [],
        }.items():
            assert [one.value for one in numbers_in(text)] == values, text

    def test_a_decimal_comma_when_asked_for(self) -> None:
        assert [one.value for one in numbers_in("1.234,5 und 0,25", ",")] == [1234.5, 0.25]

    def test_the_unit_is_the_word_right_after(self) -> None:
        assert numbers_in("5 km, 50% and 3.") == [Found(5, "km"), Found(50, "%"), Found(3)]

    def test_a_text_that_is_one_number(self) -> None:
        for text, value in {"42": 42, "1/2": 0.5, "\\frac{3}{4}": 0.75, "$5": 5, "-\\dfrac{1}{4}": -0.25}.items():
            assert whole_number(text) == value, text
        assert whole_number("1 or 2") is None and whole_number("1/0") is None and whole_number("") is None

    def test_a_text_of_nothing_but_digits_ends_soon(self) -> None:
        assert numbers_in("9" * 200_000) == []
        assert len(numbers_in("1 " * 100_000)) == 100_000


class NumericTests(SimpleTestCase):
    def test_the_last_number_counts_unless_asked_otherwise(self) -> None:
        text = "First 7, then 12."
        assert scored("numeric", text, value=12).passed and not scored("numeric", text, value=7).passed
        assert scored("numeric", text, value=7, pick="first").passed
        assert scored("numeric", text, value=7, pick="any").passed
        assert scored("numeric", text, value=12, pick="only").passed is False

    def test_either_tolerance_is_enough_and_both_end_where_they_should(self) -> None:
        assert scored("numeric", "101", value=100, absolute=1).passed
        assert not scored("numeric", "101.01", value=100, absolute=1).passed
        assert scored("numeric", "95", value=100, relative=0.05).passed
        assert not scored("numeric", "94.9", value=100, relative=0.05).passed

    def test_without_a_tolerance_the_number_itself_is_wanted(self) -> None:
        assert scored("numeric", "0.30000000000000004", value=0.3).passed
        assert not scored("numeric", "0.301", value=0.3).passed

    def test_units_are_converted(self) -> None:
        units = {"km": 1000, "m": 1, "%": 0.01}
        assert scored("numeric", "It is 1.5 km.", value=1500, units=units).passed
        assert scored("numeric", "25%", value=0.25, units=units).passed
        assert not scored("numeric", "1.5 miles", value=1500, units=units).passed

    def test_how_far_off_it_is_is_told(self) -> None:
        assert scored("numeric", "90", {"expected": "100"}).values == {"off_by": 10.0}

    def test_an_answer_without_a_number_is_wrong(self) -> None:
        for text in ("", "NaN", "forty-two", "inf", "\x00\ud800"):
            assert scored("numeric", text, value=42).value == 0.0, text

    def test_an_expected_text_that_is_no_number_is_refused(self) -> None:
        assert list(refused(entry("numeric", {"value": "{{n}}"}), cases=[{"n": "many"}])) == [
            "evaluators[0].with.value"
        ]
        for wrong in (float("nan"), float("inf")):
            assert list(refused(entry("numeric", {"value": wrong}))) == ["evaluators[0].with.value"]

    def test_a_case_without_the_expected_number_has_nothing_to_score(self) -> None:
        from tests.experiments_app.evaluation.evaluating import Asked, engine

        found = engine(entry("numeric"), cases=[{"expected": 1}, {"input": "?"}])
        found.check()
        score = found.evaluate(found.suite.cases[1], "m", Asked("1")).scores[0]
        assert (score.passed, score.error) == (None, "not_applicable")
        assert found.evaluate(found.suite.cases[0], "m", Asked("1")).scores[0].value == pytest.approx(1)
