from __future__ import annotations

from django.test import SimpleTestCase

from experiments_app.evaluation.engine import check
from experiments_app.evaluation.replies import CallFailed, Reply, Usage
from experiments_app.evaluation.suites import read_suite
from tests.experiments_app.evaluation.evaluating import Asked, entry, outcome, refused, scored

CHOICES = [{"choice": "good", "score": 1}, {"choice": "poor", "score": 0}]
LLM = {"name": "j", "llm": {"modelId": "judge-1", "prompt": "{{input}}: {{completion}}?", "choices": CHOICES}}


class LLMMethodTests(SimpleTestCase):
    def test_the_judge_is_asked_with_the_answer_and_its_choice_is_the_score(self) -> None:
        asked = Asked("Paris", judges=["This is GOOD."])
        found = outcome(LLM, {"input": "Capital"}, asked)
        assert (found.scores[0].value, found.passed) == (1.0, True)
        request = asked.requests[1]
        assert (request.model, request.purpose) == ("judge-1", "judge")
        assert request.body == {"messages": [{"role": "user", "content": "Capital: Paris?"}]}

    def test_a_score_of_nothing_fails(self) -> None:
        assert outcome(LLM, {}, Asked("x", judges=["poor"])).passed is False

    def test_words_without_a_choice_are_counted_and_never_scored(self) -> None:
        found = outcome(LLM, {}, Asked("x", judges=["I cannot say."]))
        assert (found.scores[0].value, found.scores[0].error, found.passed) == (None, "unparsed", None)

    def test_the_first_choice_in_their_order_counts_as_in_gh(self) -> None:
        llm = {"modelId": "m", "prompt": "?", "choices": [{"choice": "average", "score": 0.5}, *CHOICES]}
        assert outcome({"name": "j", "llm": llm}, {}, Asked("x", judges=["below_average, poor"])).scores[0].value == 0.5

    def test_a_judge_that_does_not_answer_leaves_the_case_undecided(self) -> None:
        found = outcome(LLM, {}, Asked("x", judges=[CallFailed("upstream_timeout", "slow")]))
        assert (found.scores[0].error, found.passed) == ("judge_failed", None)

    def test_the_run_can_name_another_judge(self) -> None:
        asked = Asked("x", judges=["good"])
        outcome(LLM, {}, asked, judge="judge-2")
        assert asked.requests[1].model == "judge-2"

    def test_what_judges_take_is_told_apart_from_the_answer(self) -> None:
        verdict = Reply(text="good", usage=Usage(30, 3), cost=0.5)
        found = outcome(LLM, {}, Asked(Reply(text="x", usage=Usage(1, 1)), judges=[verdict]))
        assert (found.judge_tokens, found.judge_cost, found.reply.usage.prompt) == (33, 0.5, 1)

    def test_thoughts_of_a_judge_are_not_its_verdict(self) -> None:
        found = outcome(LLM, {}, Asked("x", judges=["<think>good? no.</think>poor"]))
        assert found.scores[0].value == 0.0


class BuiltInTests(SimpleTestCase):
    def test_the_rating_of_the_last_line_is_the_score(self) -> None:
        for words, value in [("1. fine 2. clear\nThat is 10 of 10.\n**5**", 1.0), ("4/5", 0.75), ("Rating: 2", 0.25)]:
            score = scored("github/fluency", Asked("x", judges=[words]))
            assert (score.value, score.passed) == (value, True), words

    def test_the_worst_rating_fails(self) -> None:
        assert scored("github/coherence", Asked("x", judges=["1"])).passed is False

    def test_a_scale_is_no_rating(self) -> None:
        for words in (
            "On a scale from 1 to 5 this is a 3",
            "A 3 on a scale between 1 and 5",
            "3 of 5",
            "3 of the 5",
            "Rating: 3 (1 is worst, 5 is best)",
            "My score is **3**, with a confidence of 5",
        ):
            assert scored("github/fluency", Asked("x", judges=[words])).value == 0.5, words
        assert scored("github/fluency", Asked("x", judges=["a scale of 1-5 fits badly"])).error == "unparsed"

    def test_without_a_rating_it_is_unparsed(self) -> None:
        for words in ("", "excellent", "7", "4.5", "\ud800\x00"):
            assert scored("github/relevance", Asked("x", judges=[words])).error == "unparsed", words

    def test_the_judge_is_that_of_gh_and_sees_question_context_and_answer(self) -> None:
        asked = Asked("Rome", judges=["5"])
        scored("github/groundedness", asked, {"input": "Capital?", "expected": "It is Rome."})
        told = asked.requests[1].body["messages"][1]["content"]
        assert asked.requests[1].model == "openai/gpt-4o"
        assert all(text in told for text in ("Capital?", "It is Rome.", "Rome")) and "{{" not in told

    def test_a_case_without_input_is_judged_by_what_the_user_said(self) -> None:
        asked = Asked("x", judges=["5"])
        messages = [{"role": "user", "content": "Why {{topic}}?"}]
        scored("github/relevance", asked, {"topic": "rain"}, suite={"messages": messages})
        assert "Why rain?" in asked.requests[1].body["messages"][1]["content"]

    def test_similarity_without_an_expected_text_fits_no_case(self) -> None:
        assert "expected" in str(refused(entry("github/similarity"), cases=[{"input": "x"}]))

    def test_a_name_that_is_none_of_the_five_is_refused(self) -> None:
        assert list(refused(entry("github/toxicity"))) == ["evaluators[0].uses"]


class OwnJudgeTests(SimpleTestCase):
    RUBRIC = {"model": "j", "rubric": "Is it polite?", "scale": [0, 10]}

    def test_a_rubric_is_rated_on_its_scale(self) -> None:
        score = scored("judge", Asked("x", judges=["Fine.\n7"]), **self.RUBRIC)
        assert (score.value, score.passed, score.values) == (0.7, True, {"rating": 7})
        assert scored("judge", Asked("x", judges=["4"]), **self.RUBRIC).passed is False
        assert scored("judge", Asked("x", judges=["eleven"]), **self.RUBRIC).error == "unparsed"

    def test_a_choice_is_the_last_line_and_no_part_of_a_word(self) -> None:
        told = {
            "model": "j",
            "prompt": "ok? {{completion}}",
            "choices": [{"choice": "no", "score": 0}, {"choice": "yes", "score": 1}],
        }
        for words, value in [("I know.\nVerdict: **Yes**", 1.0), ("not sure... but no.", 0.0), ("yes", 1.0)]:
            assert scored("judge", Asked("x", judges=[words]), **told).value == value, words
        assert scored("judge", Asked("x", judges=["yes or no?"]), **told).error == "unparsed"

    def test_braces_in_the_answer_are_not_filled_again(self) -> None:
        asked = Asked("{{secret}}", judges=["5"])
        scored("judge", asked, {"secret": "s3"}, model="j", rubric="See {{completion}}")
        assert "s3" not in str(asked.requests[1].body)

    def test_it_has_a_rubric_or_choices_and_a_judge(self) -> None:
        assert list(refused(entry("judge", {"model": "j"}))) == ["evaluators[0].with"]
        assert list(refused(entry("judge", {"model": "j", "choices": CHOICES}))) == ["evaluators[0].with.prompt"]
        assert list(refused(entry("judge", {"rubric": "x"}))) == ["evaluators[0].with.model"]
        wrong = {"model": "j", "rubric": "x", "parameters": {"model": "y"}}
        assert list(refused(entry("judge", wrong))) == ["evaluators[0].with.parameters.model"]
        assert list(refused(entry("judge", {**self.RUBRIC, "scale": [5, 1]}))) == ["evaluators[0].with.scale"]

    def test_a_suite_may_leave_the_judge_to_the_run(self) -> None:
        suite = read_suite({"evaluators": [entry("judge", {"rubric": "x"})]})
        check(suite)
        check(suite, judge="j")

    def test_further_fields_of_the_request_are_sent(self) -> None:
        asked = Asked("x", judges=["3"])
        scored("judge", asked, model="j", rubric="x", parameters={"temperature": 0})
        assert asked.requests[1].body["temperature"] == 0


class PairwiseTests(SimpleTestCase):
    def _scored(self, first: str, second: str) -> object:
        return scored("pairwise", Asked("mine", judges=[first, second]), {"expected": "theirs"}, model="j")

    def test_a_verdict_that_stays_when_the_answers_are_swapped_counts(self) -> None:
        for verdicts, value, passed in [(("A", "B"), 1.0, True), (("B", "A"), 0.0, False), (("tie", "Tie"), 0.5, True)]:
            score = self._scored(*verdicts)
            assert (score.value, score.passed, score.values["position_bias"]) == (value, passed, 0.0), verdicts

    def test_a_verdict_that_goes_with_the_place_is_a_tie_and_counted(self) -> None:
        for verdicts in [("A", "A"), ("B", "B"), ("A", "tie")]:
            score = self._scored(*verdicts)
            assert (score.value, score.values["position_bias"]) == (0.5, 1.0), verdicts

    def test_both_orders_are_asked(self) -> None:
        asked = Asked("mine", judges=["A", "B"])
        scored("pairwise", asked, {"expected": "theirs"}, model="j")
        first, second = (request.body["messages"][1]["content"] for request in asked.requests[1:])
        assert first.index("mine") < first.index("theirs") and second.index("theirs") < second.index("mine")

    def test_a_letter_in_prose_is_no_verdict(self) -> None:
        assert self._scored("A clear thing is hard to say", "B").error == "unparsed"
        assert self._scored("The better answer is answer A.", "[[B]]").value == 1.0
