"""Metrics of texts, against small implementations that share no code with ours."""

from __future__ import annotations

import random
from functools import cache

import pytest

from experiments_app.evaluation.metrics import anls, edit_similarity, normalised_answer, rouge_l


def longest_common(a: list[str], b: list[str]) -> int:
    @cache
    def upto(i: int, j: int) -> int:
        if not (i and j):
            return 0
        if a[i - 1] == b[j - 1]:
            return upto(i - 1, j - 1) + 1
        return max(upto(i - 1, j), upto(i, j - 1))

    return upto(len(a), len(b))


def edits(a: str, b: str) -> int:
    @cache
    def upto(i: int, j: int) -> int:
        if not (i and j):
            return i + j
        return min(upto(i - 1, j) + 1, upto(i, j - 1) + 1, upto(i - 1, j - 1) + (a[i - 1] != b[j - 1]))

    return upto(len(a), len(b))


def texts(seed: int, alphabet: str, longest: int) -> list[tuple[str, str]]:
    chance = random.Random(seed)
    return [tuple("".join(chance.choices(alphabet, k=chance.randint(1, longest))) for _ in "ab") for _ in range(200)]


class TestRougeL:
    def test_it_is_the_f1_of_the_longest_common_subsequence(self):
        for one, other in texts(1, "abcd", 25):
            found, wanted = list(one), list(other)
            common = longest_common(found, wanted)
            precision, recall = common / len(found), common / len(wanted)
            f1 = 2 * precision * recall / (precision + recall) if common else 0.0
            assert rouge_l(" ".join(found), " ".join(wanted).upper()) == pytest.approx(f1, abs=1e-9)

    def test_a_published_example(self):
        # Lin 2004, 3.1: of four words each, three and two in order are common.
        assert rouge_l("police kill the gunman", "police killed the gunman") == 0.75
        assert rouge_l("the gunman kill police", "police killed the gunman") == 0.5

    def test_case_punctuation_and_spaces_do_not_count(self):
        assert rouge_l("The cat,\n sat.", "the CAT sat") == 1.0

    def test_signs_written_without_spaces_are_words(self):
        assert rouge_l("東京都です", "東京です") == pytest.approx(2 * 4 / 9)

    def test_nothing_is_like_nothing(self):
        assert rouge_l("", "a") == rouge_l("a", "...") == rouge_l("", "") == 0.0


class TestEditSimilarity:
    def test_it_is_the_share_of_the_longer_text_that_stays(self):
        for a, b in texts(2, "abc", 25):
            assert edit_similarity(a, b) == pytest.approx(1 - edits(a, b) / max(len(a), len(b)), abs=1e-9)

    def test_empty_texts(self):
        assert edit_similarity("", "") == 1.0
        assert edit_similarity("", "abc") == 0.0


class TestAnls:
    def test_it_is_the_best_similarity_above_the_threshold(self):
        for a, b in texts(3, "abc", 12):
            distance = edits(a, b) / max(len(a), len(b))
            assert anls(a, [b]) == pytest.approx(1 - distance if distance < 0.5 else 0.0, abs=1e-9)

    def test_the_nearest_gold_answer_counts(self):
        assert anls("colour", ["nothing", "color"]) == pytest.approx(1 - 1 / 6)

    def test_half_wrong_is_wrong(self):
        assert anls("ab", ["ax"]) == 0.0
        assert anls("ab", ["ax"], threshold=0.6) == 0.5

    def test_case_and_spaces_do_not_count(self):
        assert anls("  New  York ", "new york") == 1.0
        assert anls("", [""]) == 1.0

    def test_without_a_gold_answer_there_is_no_score(self):
        with pytest.raises(ValueError, match="no gold answer"):
            anls("a", [])


class TestNormalisedAnswers:
    @pytest.mark.parametrize(
        ("answer", "plain"),
        [
            ("The  Red car.", "red car"),
            ("1,000", "1000"),
            ("3.50 €", "3.50"),
            ("-5", "-5"),
            ("well-known", "well known"),
            ("A", "a"),
            ("...", "..."),
            ("a, b", "b"),
        ],
    )
    def test_what_is_left_of_an_answer(self, answer, plain):
        assert normalised_answer(answer) == plain
