"""Short answers to questions about pictures."""

from __future__ import annotations

import re
from collections import Counter

from experiments_app.evaluation.cases import Case
from experiments_app.evaluation.evaluators.base import Evaluator
from experiments_app.evaluation.evaluators.options import SHARE, TEXT, TRUTH, defaulted, schema
from experiments_app.evaluation.evaluators.trials import Trial, shown
from experiments_app.evaluation.metrics import anls, normalised_answer
from experiments_app.evaluation.scores import Score
from experiments_app.evaluation.templating import go_text

# An answer that is longer is no short answer; only its beginning is compared.
COMPARED = 2_000
# Persons who must agree for an answer to be fully right.
AGREEING = 3
NUMBER_WORDS = {"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
NUMBER_WORDS |= {"nine": 9, "ten": 10, "none": 0}
# VQA puts in a contraction's apostrophe that is missing; taken out of both texts, it is as good. That of a possessive
# stays: girl's is not girls.
_CONTRACTION = re.compile(r"\b(\w+)['\u2019](t|ll|ve|re|d|m)\b")
_CONTRACTED_S = re.compile(r"\b(s?he|that|what|t?here|where|who|when|why|how|let)['\u2019]s\b")
ANSWERS = defaulted("answers", "The test case's key of the right answers: a text, or a list of texts.", **TEXT)


class _Asked(Evaluator):
    kind = "vision"
    needs = ("images",)

    def check(self, case: Case) -> None:
        self.golds(case)

    def golds(self, case: Case) -> list[str]:
        told = self.value("expected", case)
        golds = [go_text(gold) for gold in (told if isinstance(told, list | tuple) else [told])]
        if not golds:
            self.refuse_case(case, self.options["expected"], "It holds at least one answer.")
        return golds


class VQAExact(_Asked):
    """Exact but for what VQA's answer processing evens out: case, articles, punctuation, number words, contractions.

    Source: Antol et al., VQA: Visual Question Answering, ICCV 2015. With `consensus` the score is its accuracy, the
    mean of min(matches / 3, 1) over all ways to leave one person out; without, one match is enough.
    """

    description = "The answer is one of the right ones, as VQA compares them; by consensus when ten people answered."
    parameters = schema(
        expected=ANSWERS,
        consensus=defaulted(False, "Whether the answers are those of people, of whom three must agree.", **TRUTH),
        threshold=defaulted(0.5, "The score from which on a case passes.", **SHARE),
    )

    def score(self, trial: Trial) -> Score:
        golds = [vqa_text(gold) for gold in self.golds(trial.case)]
        given = vqa_text(trial.answer)
        value = consensus(given, golds) if self.options["consensus"] else float(given in golds)
        likely = Counter(golds).most_common(1)[0][0]
        return self.measured(value, f"Expected '{shown(likely)}', found '{shown(given)}'")


class ANLS(_Asked):
    description = "ANLS: how like the nearest right answer the answer is by letters; less than half counts 0."
    parameters = schema(
        expected=ANSWERS,
        threshold=defaulted(0.5, "The score from which on a case passes.", **SHARE),
    )

    def score(self, trial: Trial) -> Score:
        golds = self.golds(trial.case)
        return self.measured(anls(trial.answer[:COMPARED], golds), f"Expected '{shown(golds[0])}'")


def vqa_text(text: str) -> str:
    """Return an answer as VQA compares it."""
    joined = _CONTRACTED_S.sub(r"\1s", _CONTRACTION.sub(r"\1\2", text[:COMPARED].lower()))
    words = normalised_answer(joined).split()
    return " ".join(str(NUMBER_WORDS.get(word, word)) for word in words)


def consensus(given: str, golds: list[str]) -> float:
    """Return VQA's accuracy: the mean, over each person left out, of min(others who agree / 3, 1)."""
    if len(golds) == 1:
        return float(given == golds[0])
    matches = golds.count(given)
    parts = [min((matches - (gold == given)) / AGREEING, 1.0) for gold in golds]
    return sum(parts) / len(parts)
