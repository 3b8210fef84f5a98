"""Texts of `.prompt.yml` as gh-models makes them: its executed results are the expected ones here."""

from __future__ import annotations

from datetime import UTC, date, datetime

from django.test import SimpleTestCase

from experiments_app.evaluation.templating import filled, go_lower, go_text, trimmed


class FillingTests(SimpleTestCase):
    def test_only_exact_placeholders_are_replaced(self):
        case = {"name": "Ada", "user.name": "Eve", "two words": 2}
        for template, expected in (
            ("Hello {{name}}!", "Hello Ada!"),
            ("{{ name }} {{Name}} {{user}}", "{{ name }} {{Name}} {{user}}"),
            ("{{user.name}} {{two words}}", "Eve 2"),
            ("{{{name}}}", "{Ada}"),
            ("{{name}}{{name}}", "AdaAda"),
        ):
            assert filled(template, case) == expected
        assert filled("{{name}}", {}) == "{{name}}"

    def test_what_was_put_in_is_not_looked_at_again(self):
        assert filled("{{a}} {{b}}", {"a": "{{b}}", "b": "{{a}}"}) == "{{b}} {{a}}"
        assert filled("{{a}}b}}", {"a": "{{", "b": "no"}) == "{{b}}"

    def test_characters_that_patterns_know_are_plain(self):
        assert filled("{{a.b}} {{axb}}", {"a.b": r"\1"}) == r"\1 {{axb}}"


class ValueTests(SimpleTestCase):
    def test_numbers(self):
        for value, expected in (
            (1.0, "1"),
            (1.10, "1.1"),
            (1500.0, "1500"),
            (999999.0, "999999"),
            (1e6, "1e+06"),
            (123456789.0, "1.23456789e+08"),
            (123456.789, "123456.789"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-0.0, "-0"),
            (0.0, "0"),
            (-2.5e-7, "-2.5e-07"),
            (1e100, "1e+100"),
            (float("inf"), "+Inf"),
            (float("nan"), "NaN"),
            (10**6, "1000000"),
            (2**64 - 1, "18446744073709551615"),
            (10**20, "1e+20"),
        ):
            assert go_text(value) == expected

    def test_other_values(self):
        for value, expected in (
            (True, "true"),
            (10**400, "1" + "0" * 400),
            (None, "<nil>"),
            ("x", "x"),
            (["a", None, 1.5], "[a <nil> 1.5]"),
            ({"z": 1, "k": "v"}, "map[k:v z:1]"),
            ({"a": [{"b": False}]}, "map[a:[map[b:false]]]"),
            (date(2024, 1, 2), "2024-01-02 00:00:00 +0000 UTC"),
            (datetime(2024, 1, 2, 3, 4, 5, 500_000, UTC), "2024-01-02 03:04:05.5 +0000 UTC"),
        ):
            assert go_text(value) == expected


class ComparingTests(SimpleTestCase):
    def test_lower_case_is_made_character_by_character(self):
        for text, expected in (("ΑΣ", "ασ"), ("İ", "i"), ("Straße", "straße"), ("\u212a", "k"), ("ÄB", "äb")):
            assert go_lower(text) == expected

    def test_white_space_is_trimmed_as_go_does(self):
        assert trimmed("\u00a0\n x \u3000\t") == "x"
        assert trimmed("\x1cx\x1f") == "\x1cx\x1f"
