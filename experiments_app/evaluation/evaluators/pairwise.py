"""Answer against reference answer: a judge says which is better, in both orders."""

from __future__ import annotations

from experiments_app.evaluation.evaluators.judgements import chosen
from experiments_app.evaluation.evaluators.judges import PARAMETERS, FreeJudge, question_of
from experiments_app.evaluation.evaluators.options import EXPECTED, MODEL, SHARE, TEXT, defaulted, schema
from experiments_app.evaluation.evaluators.rubrics import PAIRED
from experiments_app.evaluation.evaluators.trials import Trial, Unparsed
from experiments_app.evaluation.scores import Score
from experiments_app.evaluation.templating import filled

WIN, TIE, LOSS = 1.0, 0.5, 0.0
_WORDS = {WIN: "better than", TIE: "as good as", LOSS: "worse than"}


class Pairwise(FreeJudge):
    """Asked twice with the answers swapped, since judges prefer a place: only a verdict that stays counts.

    Source: Zheng et al., Judging LLM-as-a-judge with MT-Bench and Chatbot Arena, 2023, section 3.4.
    """

    description = "A model compares the answer with a reference answer, in both orders; 1 win, 0.5 tie, 0 loss."
    parameters = schema(
        model={**MODEL, "description": "The judge; the run may name one instead."},
        value={**EXPECTED, "description": "The reference answer."},
        criteria=defaulted("Correct and complete counts most, then clear.", "What makes an answer better.", **TEXT),
        threshold=defaulted(TIE, "The score from which on a case passes; 0.5: not worse.", **SHARE),
        parameters=PARAMETERS,
    )
    templates = ("value", "criteria")

    def score(self, trial: Trial) -> Score:
        answer, reference = trial.answer, self.text("value", trial.case)
        first = self._asked(trial, answer, reference)
        second = WIN - self._asked(trial, reference, answer)
        agrees = first == second
        value = first if agrees else TIE
        told = (
            f"The answer is {_WORDS[value]} the reference." if agrees else "The judge's verdict changed with the order."
        )
        return self.measured(value, told, {"position_bias": float(not agrees)})

    def _asked(self, trial: Trial, a: str, b: str) -> float:
        """Return 1 when the judge prefers a, 0 when b."""
        data = {"criteria": self.text("criteria", trial.case), "input": question_of(trial.body), "a": a, "b": b}
        words = self.asked(trial, PAIRED.system, filled(PAIRED.prompt, data))
        choice = chosen(words, ["A", "B", "tie"])
        if choice is None:
            raise Unparsed(words)
        return {"A": WIN, "B": LOSS, "tie": TIE}[choice]
