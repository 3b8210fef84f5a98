from __future__ import annotations

import pytest
from django.test import SimpleTestCase

from experiments_app.evaluation.evaluators.vision import consensus, vqa_text
from tests.experiments_app.evaluation.evaluating import entry, refused, scored


class VQATextTests(SimpleTestCase):
    def test_case_articles_punctuation_and_number_words_do_not_count(self) -> None:
        for text, plain in {
            "The Red Car.": "red car",
            "Two dogs!": "2 dogs",
            "100,978": "100978",
            "3.5": "3.5",
            "  on\nthe table ": "on table",
            "None": "0",
            "A": "a",
        }.items():
            assert vqa_text(text) == plain, text

    def test_a_missing_apostrophe_of_a_contraction_does_not_count_and_that_of_a_possessive_does(self) -> None:
        assert vqa_text("don't know") == vqa_text("dont know") and vqa_text("he\u2019s in") == vqa_text("hes in")
        assert vqa_text("the girl's") != vqa_text("the girls")


class VQAExactTests(SimpleTestCase):
    def test_one_of_the_right_answers_passes(self) -> None:
        assert scored("vqa-exact", "A red bus.", {"answers": ["bus", "red bus"]}).value == 1.0
        assert scored("vqa-exact", "4", {"answers": 4}).passed
        for wrong in ("a blue bus", "", "bus " * 100_000, "\x00\ud800"):
            assert scored("vqa-exact", wrong, {"answers": "red bus"}).value == 0.0

    def test_consensus_is_vqas_accuracy(self) -> None:
        # Two of ten agree: 1/3 with either of them left out, 2/3 with each of the eight others; 0.6 in the mean.
        for agree, value in [(0, 0.0), (1, 0.3), (2, 0.6), (3, 0.9), (4, 1.0), (10, 1.0)]:
            golds = ["yes"] * agree + ["no"] * (10 - agree)
            assert consensus("yes", golds) == pytest.approx(value), agree
        score = scored("vqa-exact", "yes", {"answers": ["yes"] + ["no"] * 9}, consensus=True)
        assert (score.value, score.passed) == (pytest.approx(0.3), False)

    def test_another_key_may_hold_the_answers(self) -> None:
        assert scored("vqa-exact", "dog", {"gold": "dog"}, expected="gold").passed
        assert "No test case fits" in str(refused(entry("vqa-exact"), cases=[{"gold": "dog"}]))
        assert list(refused(entry("vqa-exact"), cases=[{"answers": []}])) == ["testData[0].answers"]


class ANLSTests(SimpleTestCase):
    def test_a_slip_of_a_letter_costs_little_and_another_word_all(self) -> None:
        assert scored("anls", "Invoice 1O24", {"answers": ["invoice 1024", "1024"]}).value == pytest.approx(11 / 12)
        score = scored("anls", "receipt", {"answers": ["invoice"]})
        assert (score.value, score.passed) == (0.0, False)
        assert scored("anls", "INVOICE", {"answers": "invoice"}).passed

    def test_an_empty_or_endless_answer_is_wrong(self) -> None:
        for text in ("", "x" * 1_000_000):
            assert scored("anls", text, {"answers": ["invoice"]}).value == 0.0
