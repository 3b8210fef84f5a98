"""Evaluators of embedding models, which are asked for vectors and not for answers."""

from __future__ import annotations

import math
import threading
from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from experiments_app.evaluation.cases import Case
from experiments_app.evaluation.digests import digest_of
from experiments_app.evaluation.evaluators.base import Evaluator
from experiments_app.evaluation.evaluators.options import EXPECTED, SHARE, TEXT, defaulted, schema
from experiments_app.evaluation.evaluators.trials import NotApplicable, Trial
from experiments_app.evaluation.metrics import average_precision, cosine_similarity, mrr, ndcg_at_k, recall_at_k
from experiments_app.evaluation.replies import CallFailed
from experiments_app.evaluation.scores import Score

if TYPE_CHECKING:
    import numpy

# Corpora whose vectors are kept in memory; one of each of a few models.
KEPT = 4
# Cosines that differ by less are those of texts that are one to the model.
DIGITS = 9
Vectors = Sequence[Sequence[float]]


class Embedder(Evaluator):
    """Evaluates vectors. `inputs` is what the case's own call asks for; all other texts are asked for apart."""

    kind = "embedding"
    needs = ("embeddings",)

    @abstractmethod
    def inputs(self, case: Case) -> list[str]:
        """Return the texts of the case itself. Raises NotApplicable."""

    @property
    def fields(self) -> dict[str, Any]:
        """Fields of each request beside its input."""
        return embedding_fields(self.entry.suite.parameters)

    def own_vectors(self, trial: Trial) -> Vectors:
        return trial.embed(self.inputs(trial.case), **self.fields)


def embedding_fields(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of a suite's parameters that an embeddings request has."""
    return {key: value for key, value in parameters.items() if key == "dimensions"}


class Similarity(Embedder):
    """Semantic textual similarity: the cosine of two texts, beside what people said. MTEB's STS.

    The gold score is told as it is; the correlation over all cases (Spearman, Pearson) is the result that counts.
    """

    description = "The cosine of two texts of a case; over all cases its correlation with the gold score."
    parameters = schema(
        first={**EXPECTED, "default": "{{sentence1}}", "description": "One text."},
        second={**EXPECTED, "default": "{{sentence2}}", "description": "The other."},
        gold=defaulted("score", "The test case's key of the gold score.", **TEXT),
        threshold={"type": "number", "minimum": -1, "maximum": 1, "description": "The cosine from which on it passes."},
    )
    templates = ("first", "second")

    def inputs(self, case: Case) -> list[str]:
        return [self.text("first", case), self.text("second", case)]

    def check(self, case: Case) -> None:
        self.inputs(case)
        self._gold(case)

    def score(self, trial: Trial) -> Score:
        gold = self._gold(trial.case)
        first, second = self.own_vectors(trial)
        cosine = cosine_similarity(first, second)
        if not math.isfinite(cosine):
            raise CallFailed("upstream_invalid", "A vector is all zeros.")
        return self.measured(cosine, "", {"cosine": cosine, "gold": gold})

    def _gold(self, case: Case) -> float:
        told = self.value("gold", case)
        try:
            gold = float(told) if isinstance(told, int | float | str) and not isinstance(told, bool) else math.nan
        except (ValueError, OverflowError):
            gold = math.nan
        if not math.isfinite(gold):
            self.refuse_case(case, self.options["gold"], "The gold score is a number.")
        return gold


class Retrieval(Embedder):
    """Ranks the documents by their cosine to the query. The numbers are trec_eval's, as MTEB reports them."""

    description = "Finds the relevant documents for a query: nDCG@k, recall@k, MRR and MAP over the whole ranking."
    parameters = schema(
        query={**EXPECTED, "default": "{{query}}", "description": "The query."},
        k=defaulted(
            [10],
            "Where nDCG and recall are cut; nDCG at the first one is the score.",
            type="array",
            items={"type": "integer", "minimum": 1, "maximum": 10_000},
            minItems=1,
            uniqueItems=True,
        ),
        query_prefix=defaulted("", "What the model wants before a query.", **TEXT),
        document_prefix=defaulted("", "What the model wants before a document.", **TEXT),
        threshold={**SHARE, "description": "The score from which on a case passes."},
    )
    templates = ("query",)

    def prepare(self) -> None:
        self._indexes = _Indexes()

    def inputs(self, case: Case) -> list[str]:
        return [self.options["query_prefix"] + self.text("query", case)]

    def check(self, case: Case) -> None:
        self.inputs(case)
        self._grades(case)

    def score(self, trial: Trial) -> Score:
        grades, documents = self._grades(trial.case), self._documents(trial.case)
        [query] = self.own_vectors(trial)
        texts = [self.options["document_prefix"] + text for _, text in documents]
        index = self._indexes.get(trial, texts, self.fields)
        ranked = ranked_ids([name for name, _ in documents], _cosines(index, query))
        values = {f"ndcg@{k}": ndcg_at_k(ranked, grades, k) for k in self.options["k"]}
        values |= {f"recall@{k}": recall_at_k(ranked, grades, k) for k in self.options["k"]}
        values |= {"mrr": mrr(ranked, grades), "map": average_precision(ranked, grades)}
        return self.measured(values[f"ndcg@{self.options['k'][0]}"], f"First: {', '.join(ranked[:5])}", values)

    def _documents(self, case: Case) -> Sequence[tuple[str, str]]:
        told = case.data.get("documents")
        documents = [(str(row["id"]), str(row["text"])) for row in told] if told else self.entry.suite.corpus
        if not documents:
            raise NotApplicable("There are no documents, of the case or the suite.")
        return documents

    def _grades(self, case: Case) -> dict[Hashable, float]:
        told = case.data.get("relevant") or ()
        named = told if isinstance(told, Mapping) else dict.fromkeys(told, 1.0)
        grades: dict[Hashable, float] = {str(name): float(grade) for name, grade in named.items()}
        if not any(grade > 0 for grade in grades.values()):
            raise NotApplicable("The case names no relevant document.")
        known = {name for name, _ in self._documents(case)}
        for name in grades:
            if name not in known:
                self.refuse_case(case, "relevant", f"There is no document '{str(name)[:60]}'.")
        return grades


class _Indexes:
    """The vectors of corpora, by model, as a matrix of rows of length 1. Threads may share it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, numpy.ndarray[Any, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, trial: Trial, texts: Sequence[str], fields: Mapping[str, Any]) -> numpy.ndarray[Any, Any]:
        key = digest_of([trial.model, list(texts), dict(fields)])
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        index = _rows(trial.embed(texts, **fields))
        with self._lock:
            self._kept[key] = index
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return index


def _rows(vectors: Vectors) -> numpy.ndarray[Any, Any]:
    import numpy

    rows = numpy.asarray(vectors, dtype=float)
    lengths = numpy.linalg.norm(rows, axis=1, keepdims=True)
    # A document that is all zeros is like nothing: cosine 0, as MTEB has it.
    return rows / numpy.where(lengths > 0, lengths, 1)


def _cosines(index: numpy.ndarray[Any, Any], query: Sequence[float]) -> list[float]:
    if index.shape[1] != len(query):
        raise CallFailed("upstream_invalid", "Query and documents have vectors of different lengths.")
    [row] = _rows([query])
    return [round(float(cosine), DIGITS) for cosine in index @ row]


def ranked_ids(names: Sequence[str], cosines: Sequence[float]) -> list[str]:
    """Return the ids, best first; ties in descending order of the id, as trec_eval breaks them."""
    return [name for _, name in sorted(zip(cosines, names, strict=True), reverse=True)]
