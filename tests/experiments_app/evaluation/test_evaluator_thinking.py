from __future__ import annotations

from django.test import SimpleTestCase

from experiments_app.evaluation.evaluators.final_answers import as_letter, boxed, extracted, kind_of, phrased
from experiments_app.evaluation.replies import Reply, Usage
from tests.experiments_app.evaluation.evaluating import entry, outcome, refused, scored


def right(text: str, expected: object, **options: object) -> bool | None:
    return scored("thinking-answer", text, {"expected": expected}, **options).passed


class ExtractionTests(SimpleTestCase):
    def test_the_last_box_counts_with_the_braces_in_it(self) -> None:
        assert boxed(r"\boxed{1} or \boxed{\frac{1}{2}} it is") == r"\frac{1}{2}"
        assert boxed(r"\boxed{never closed") is None and boxed("no box") is None

    def test_the_last_phrase_counts(self) -> None:
        assert phrased("The answer is 3.\nNo: **Final answer:** 4") == "4"
        assert phrased("She has 18 eggs.\n#### 18") == "18"
        assert phrased("I answered nothing") is None

    def test_a_box_goes_before_a_phrase_and_a_phrase_before_a_last_number(self) -> None:
        assert extracted(r"The answer is 1. \boxed{2} or 3", "auto", "number") == "2"
        assert extracted("The answer is 1.\nChecked 3 times", "auto", "number") == "1."
        assert extracted("So 6 * 7 makes 42 in all", "auto", "number") == "42"

    def test_the_way_may_be_chosen(self) -> None:
        text = "Answer: 1\n(B) 2\nthe end 3\n"
        for how, found in {"phrase": "1", "letter": "B", "number": "3", "line": "the end 3", "boxed": None}.items():
            assert extracted(text, how, "text") == found, how

    def test_an_article_is_no_choice(self) -> None:
        assert extracted("A dog and I went home", "auto", "letter") is None
        assert extracted("Both (A) and (C) fail, so\n(D)", "auto", "letter") == "D"

    def test_what_an_expected_text_is(self) -> None:
        for expected, kind in {
            "B": "letter",
            "(c)": "text",
            "42": "number",
            r"\frac{1}{2}": "number",
            "Paris": "text",
        }.items():
            assert kind_of(expected) == kind, expected
        assert as_letter("option B, since") == "B" and as_letter("banana") is None


class ThinkingAnswerTests(SimpleTestCase):
    def test_numbers_are_compared_as_numbers(self) -> None:
        assert right("... so the answer is $1,000.", "1000") and right(r"\boxed{0.5}", "1/2")
        assert right("The answer is 18 dollars for 3 days", 18) and right("2 + 2 = 4\n#### 4", 4)
        assert right("The answer is 17", 18) is False
        assert right("about 3.1", "3.14") is False and right("about 3.1", "3.14", absolute=0.05)

    def test_letters_are_compared_as_choices(self) -> None:
        for text in ("The answer is (B).", "**Answer: B) Paris**", "b", r"\boxed{\text{B}}", "Answer: option B"):
            assert right(text, "B"), text
        for text in ("The answer is (C).", "Because of B and C", ""):
            assert right(text, "B") is False, text

    def test_texts_are_compared_without_marks_and_capitals(self) -> None:
        assert right("Hm.\nFinal answer: **paris**.", "Paris") and right(r"$\boxed{x + 1}$", "x+1")
        assert right("Final answer: not Paris", "Paris") is False

    def test_thoughts_are_no_answer(self) -> None:
        assert right("<think>The answer is 4</think>The answer is 5", 5)
        assert right("<think>The answer is 5. But then", 5) is False

    def test_what_the_thinking_took_is_told(self) -> None:
        reply = Reply(text="#### 5", usage=Usage(10, 50, 40), thinking_seconds=1.5)
        score = scored("thinking-answer", reply, {"expected": 5})
        assert score.values == {"extracted": 1.0, "thinking_tokens": 40.0, "thinking_seconds": 1.5}

    def test_no_final_answer_is_wrong_and_told_apart(self) -> None:
        for text in ("", "I do not know", "\x00\ud800"):
            score = scored("thinking-answer", text, {"expected": 5})
            assert (score.value, score.values["extracted"]) == (0.0, 0.0), text

    def test_endless_answers_end(self) -> None:
        for text in ("answer is " * 20_000, r"\boxed{" * 30_000, "{" * 200_000, "(A) " * 50_000, "1," * 100_000):
            assert right(text, "5 apples") is False, text[:10]

    def test_options_are_checked(self) -> None:
        assert list(refused(entry("thinking-answer", {"value": 1, "extract": "guess"}))) == [
            "evaluators[0].with.extract"
        ]
        assert outcome(entry("thinking-answer", {"value": 5}), {}, "5").passed
