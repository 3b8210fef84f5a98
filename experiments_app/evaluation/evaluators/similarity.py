"""How like the expected text an answer is: by letters, by words, by meaning."""

from __future__ import annotations

import math
from collections.abc import Callable

from experiments_app.evaluation.evaluators.base import Evaluator
from experiments_app.evaluation.evaluators.options import EXPECTED, MODEL, THRESHOLD, TRUTH, defaulted, schema
from experiments_app.evaluation.evaluators.trials import Trial, Undecided
from experiments_app.evaluation.metrics import cosine_similarity, edit_similarity, rouge_l
from experiments_app.evaluation.scores import Score
from experiments_app.evaluation.templating import go_lower, trimmed

# Characters compared; both measures take time that grows with the product of the lengths.
COMPARED = 20_000
_SEVERAL = {**EXPECTED, "type": [*EXPECTED["type"], "array"], "items": {"type": "string"}, "minItems": 1}


class _Alike(Evaluator):
    """Measures the answer against the expected text, or against the one of several that is most like it."""

    kind = "similarity"
    templates = ("value",)
    how: Callable[[str, str], float]

    def score(self, trial: Trial) -> Score:
        given, wanted = trial.answer, [trimmed(text) for text in self.texts("value", trial.case)]
        best = max(type(self).how(self._plain(given), self._plain(text)) for text in wanted)
        is_cut = max(map(len, (given, *wanted))) > COMPARED
        return self.measured(best, f"Only the first {COMPARED} characters were compared." if is_cut else "")

    def _plain(self, text: str) -> str:
        return go_lower(text[:COMPARED]) if self.options.get("ignore_case") else text[:COMPARED]


class EditSimilarity(_Alike):
    description = "1 - the share of characters to change (Levenshtein) to make the expected text of the answer."
    parameters = schema(
        value=_SEVERAL,
        threshold=THRESHOLD,
        ignore_case=defaulted(False, "Whether capital letters are as small ones.", **TRUTH),
    )
    how = staticmethod(edit_similarity)


class RougeL(_Alike):
    description = "ROUGE-L: the F1 of the longest common sequence of words of answer and expected text."
    parameters = schema(value=_SEVERAL, threshold=THRESHOLD)
    how = staticmethod(rouge_l)


class EmbeddingSimilarity(Evaluator):
    kind = "similarity"
    description = "The cosine of answer and expected text, as another model embeds them."
    needs = ("judge",)
    parameters = schema(
        "model",
        model={**MODEL, "description": "The embedding model."},
        value=EXPECTED,
        threshold={"type": "number", "minimum": -1, "maximum": 1, "description": "The cosine from which on it passes."},
    )
    templates = ("value",)

    def prepare(self) -> None:
        self.helper = self.options["model"]

    def score(self, trial: Trial) -> Score:
        texts = [trial.answer, self.text("value", trial.case)]
        if not all(map(trimmed, texts)):
            # Many servers refuse an empty text; nothing is like nothing.
            return self.measured(float(texts[0] == texts[1]), "One of the texts is empty.")
        reply = trial.consult(self.helper, {"input": texts})
        try:
            given, wanted = reply.embeddings
            cosine = cosine_similarity(given, wanted)
        except ValueError as error:
            raise Undecided("judge_failed", f"The embeddings cannot be compared: {error}") from error
        if not math.isfinite(cosine):
            raise Undecided("judge_failed", "The embeddings cannot be compared: one is all zeros, or not finite.")
        return self.measured(cosine)
