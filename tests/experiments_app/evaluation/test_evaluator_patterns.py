from __future__ import annotations

import re
from unittest.mock import patch

import pytest
from django.test import SimpleTestCase
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments_app.evaluation.evaluators import patterns
from experiments_app.evaluation.evaluators.patterns import found, is_quick
from tests.experiments_app.evaluation.evaluating import entry, refused, scored


class RegexTests(SimpleTestCase):
    def test_a_match_anywhere_passes_and_none_fails(self) -> None:
        assert scored("regex", "order A-17 is ready", pattern=r"[A-Z]-\d+").passed
        assert scored("regex", "order is ready", pattern=r"[A-Z]-\d+").passed is False

    def test_the_whole_answer_must_match_when_asked_to(self) -> None:
        assert not scored("regex", "17 items", pattern=r"\d+", whole=True).passed
        assert scored("regex", " 17\n", pattern=r"\d+|x", whole=True).passed

    def test_flags_and_negation(self) -> None:
        assert scored("regex", "HELLO", pattern="hello", ignore_case=True).passed
        assert scored("regex", "a\nb", pattern="^b$", multiline=True).passed
        assert scored("regex", "a\nb", pattern="a.b", dot_all=True).passed
        assert not scored("regex", "I am sorry", pattern="sorry", negate=True).passed

    def test_a_case_may_bring_its_own_expression(self) -> None:
        assert scored("regex", "abc", {"rule": "^a.c$"}, pattern="{{rule}}").passed

    def test_what_is_no_expression_is_refused_before_any_call(self) -> None:
        assert list(refused(entry("regex", {"pattern": "(a"}))) == ["evaluators[0].with.pattern"]
        assert list(refused(entry("regex", {"pattern": "x" * 1001}))) == ["evaluators[0].with.pattern"]
        assert list(refused(entry("regex"))) == ["evaluators[0].with.pattern"]
        told = refused(entry("regex", {"pattern": "{{rule}}"}), cases=[{"rule": "a"}, {"rule": "["}])
        assert "test case 1" in str(told["evaluators[0].with.pattern"])

    def test_an_expression_that_never_ends_is_undecided_and_stops(self) -> None:
        with patch.object(patterns, "TIME_LIMIT", 0.3):
            score = scored("regex", "a" * 60 + "!", pattern="(a+)+$")
        assert (score.value, score.passed, score.error) == (None, None, "timed_out")


class GuardTests(SimpleTestCase):
    def test_what_may_take_long_is_searched_in_a_process_of_its_own_with_the_same_result(self) -> None:
        for pattern in (r"(?:\d{1,3},)*\d{3}", r"(\w)\1", "(?x) a (b) *", r"(a)(?#c)*b"):
            assert not is_quick(pattern, 20), pattern
            for text in ("1,234", "aabb", "xyz", "b\ud800"):
                assert found(pattern, text) == bool(re.search(pattern, text)), (pattern, text)

    def test_what_is_short_is_searched_here(self) -> None:
        assert is_quick(r"\d+", 2000) and is_quick(r"^(?:yes|no)$", 1000) and is_quick(r"(x)?y", 1000)

    def test_the_same_expression_is_not_quick_on_a_long_text(self) -> None:
        assert not is_quick(".*a.*b.*c", 1000) and not is_quick(r"\d+", 200_000)

    def test_an_escaped_parenthesis_hides_no_quantifier(self) -> None:
        assert not is_quick(r"\(?" * 12, 10)

    @pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
    @settings(max_examples=150, deadline=None)
    @given(st.text("ab()|*+?.\\1[]{}2,^$#:=x", max_size=12), st.text("ab1\n", max_size=12))
    def test_what_is_searched_here_agrees_with_re(self, pattern: str, text: str) -> None:
        try:
            expected = bool(re.search(pattern, text))
        except re.error:
            return
        if is_quick(pattern, len(text)):
            assert found(pattern, text) == expected
