from __future__ import annotations

import pytest
from django.test import SimpleTestCase

from experiments_app.evaluation.evaluators.similarity import COMPARED
from experiments_app.evaluation.replies import CallFailed, Reply, Usage
from tests.experiments_app.evaluation.evaluating import Asked, entry, outcome, refused, scored


class AlikeTests(SimpleTestCase):
    def test_edit_similarity_is_the_share_of_letters_that_stay(self) -> None:
        assert scored("edit-similarity", "kitten", value="sitting").value == pytest.approx(1 - 3 / 7)
        assert scored("edit-similarity", "", value="abc").value == 0.0
        assert scored("edit-similarity", "ABC", value="abc", ignore_case=True).value == 1.0

    def test_rouge_l_is_of_words(self) -> None:
        assert scored("rouge-l", "the cat sat", value="the cat sat on the mat").value == pytest.approx(2 / 3)
        assert scored("rouge-l", "", value="words").value == 0.0

    def test_the_text_most_like_it_counts(self) -> None:
        assert scored("rouge-l", "a dog", value=["a cat sat", "a dog"]).value == 1.0

    def test_without_a_threshold_it_only_measures_and_the_case_is_not_undecided(self) -> None:
        found = outcome(entry("rouge-l", {"value": "x"}), {}, "y")
        assert (found.scores[0].value, found.scores[0].passed, found.passed) == (0.0, None, True)

    def test_a_threshold_makes_it_a_verdict(self) -> None:
        assert scored("edit-similarity", "abcd", value="abcx", threshold=0.75).passed
        assert scored("edit-similarity", "abcd", value="abxx", threshold=0.75).passed is False

    def test_of_a_huge_answer_the_beginning_is_compared(self) -> None:
        score = scored("edit-similarity", "a" * 500_000, value="a" * COMPARED)
        assert score.value == 1.0 and "first" in score.details

    def test_a_threshold_beyond_one_is_refused(self) -> None:
        assert list(refused(entry("rouge-l", {"value": "x", "threshold": 80}))) == ["evaluators[0].with.threshold"]


class EmbeddingSimilarityTests(SimpleTestCase):
    def _scored(self, first: object, second: object, **options: object) -> object:
        asked = Asked("hello", vectors={"hello": first, "hi": second})
        return scored("embedding-similarity", asked, value="hi", model="emb", **options)

    def test_it_is_the_cosine_of_both_as_another_model_embeds_them(self) -> None:
        asked = Asked("hello", vectors={"hello": (1, 0), "hi": (3, 4)})
        score = scored("embedding-similarity", asked, value="hi", model="emb", threshold=0.7)
        assert score.value == pytest.approx(0.6) and score.passed is False
        assert (asked.requests[1].model, asked.requests[1].purpose) == ("emb", "judge")

    def test_vectors_that_cannot_be_compared_are_no_score(self) -> None:
        for first, second in [((0, 0), (1, 1)), ((1, 2, 3), (1, 2)), ((), ()), ((float("nan"), 1), (1, 1))]:
            score = self._scored(first, second)
            assert (score.value, score.passed, score.error) == (None, None, "judge_failed"), first

    def test_a_model_that_does_not_answer_leaves_the_case_undecided(self) -> None:
        def complete(request):
            if request.purpose == "judge":
                raise CallFailed("upstream_timeout", "too slow")
            return Reply(text="hello")

        found = outcome(entry("embedding-similarity", {"model": "emb", "value": "hi"}), {}, complete)
        assert found.passed is None and found.scores[0].error == "judge_failed"

    def test_an_empty_answer_is_like_nothing_and_nobody_is_asked(self) -> None:
        asked = Asked(" ")
        assert scored("embedding-similarity", asked, value="hi", model="emb").value == 0.0
        assert len(asked.requests) == 1


class LimitTests(SimpleTestCase):
    REPLY = Reply(text="x", latency=2.0, first_token=0.5, usage=Usage(100, 20), cost=0.01)

    def test_latency_is_within_all_its_limits_or_not(self) -> None:
        assert scored("latency", self.REPLY, max_seconds=2.0).passed
        assert not scored("latency", self.REPLY, max_seconds=1.9).passed
        assert not scored("latency", self.REPLY, max_seconds=3, max_first_token_seconds=0.4).passed
        assert scored("latency", self.REPLY, max_seconds=3).values == {"seconds": 2.0, "first_token": 0.5}

    def test_cost_is_money_and_tokens(self) -> None:
        assert scored("cost", self.REPLY, max_usd=0.01, max_tokens=120).passed
        assert not scored("cost", self.REPLY, max_usd=0.009).passed
        assert not scored("cost", self.REPLY, max_completion_tokens=19).passed

    def test_what_is_not_known_limits_nothing(self) -> None:
        score = scored("cost", Reply(text="x"), max_usd=0.01)
        assert (score.passed, score.error) == (None, "not_applicable")
        assert scored("cost", Reply(text="x", usage=Usage(1, 1)), max_usd=0.01, max_tokens=5).passed

    def test_without_any_limit_it_is_refused(self) -> None:
        assert list(refused(entry("latency"))) == ["evaluators[0].with"]
        assert list(refused(entry("cost", {"max_usd": 0}))) == ["evaluators[0].with.max_usd"]
