from __future__ import annotations

from math import log2

import pytest
from django.test import SimpleTestCase

from experiments_app.evaluation.evaluators.embeddings import ranked_ids
from experiments_app.evaluation.replies import CallFailed, Reply
from tests.experiments_app.evaluation.evaluating import Asked, engine, entry, outcome, refused, scored

CORPUS = [{"id": "a", "text": "apples"}, {"id": "b", "text": "bread"}, {"id": "c", "text": "cheese"}]
VECTORS = {"fruit?": (1, 0), "apples": (0.9, 0.1), "bread": (0, 1), "cheese": (0.5, 0.5), "zero": (0, 0)}


class RetrievalTests(SimpleTestCase):
    def test_the_documents_are_ranked_by_cosine(self) -> None:
        score = scored(
            "retrieval",
            Asked(vectors=VECTORS),
            {"query": "fruit?", "relevant": ["c"]},
            suite={"corpus": CORPUS},
            k=[2, 1],
        )
        assert score.value == pytest.approx(1 / log2(3)) and score.passed is None
        assert score.values == pytest.approx(
            {"ndcg@2": 1 / log2(3), "ndcg@1": 0, "recall@2": 1, "recall@1": 0, "mrr": 0.5, "map": 0.5}
        )

    def test_grades_count_and_a_threshold_makes_a_verdict(self) -> None:
        case = {"query": "fruit?", "relevant": {"a": 2, "c": 1, "b": 0}}
        score = scored("retrieval", Asked(vectors=VECTORS), case, suite={"corpus": CORPUS}, threshold=0.9)
        assert (score.value, score.passed) == (1.0, True)
        worse = {"query": "fruit?", "relevant": {"b": 1}}
        assert not scored("retrieval", Asked(vectors=VECTORS), worse, suite={"corpus": CORPUS}, threshold=0.9).passed

    def test_a_case_may_bring_its_documents(self) -> None:
        case = {"query": "fruit?", "relevant": ["x"], "documents": [{"id": "x", "text": "zero"}, *CORPUS[1:]]}
        assert scored("retrieval", Asked(vectors=VECTORS), case).values["mrr"] == 0.5

    def test_the_query_is_the_cases_own_call_and_the_corpus_is_asked_once_for_all_cases(self) -> None:
        cases = [{"query": "fruit?", "relevant": ["a"]}, {"query": "bread", "relevant": ["b"]}]
        found, asked = engine(entry("retrieval"), cases=cases, corpus=CORPUS), Asked(vectors=VECTORS)
        for case in found.suite.cases:
            assert found.evaluate(case, "m", asked, repeat=3).scores[0].value == 1.0
        told = [(request.body["input"], request.purpose, request.repeat) for request in asked.requests]
        corpus = ["apples", "bread", "cheese"]
        assert told == [(["fruit?"], "case", 0), (corpus, "case", 0), (["bread"], "case", 0)]

    def test_each_model_has_its_own_index(self) -> None:
        found, other = (
            engine(entry("retrieval"), cases=[{"query": "fruit?", "relevant": ["a"]}], corpus=CORPUS),
            Asked(vectors={**VECTORS, "apples": (0, 1)}),
        )
        assert found.evaluate(found.suite.cases[0], "m", Asked(vectors=VECTORS)).scores[0].values["mrr"] == 1.0
        assert found.evaluate(found.suite.cases[0], "n", other).scores[0].values["mrr"] < 1.0

    def test_a_large_corpus_goes_in_batches(self) -> None:
        corpus = [{"id": f"d{n}", "text": f"text {n}"} for n in range(150)]
        vectors = {"q": (1, 0), **{f"text {n}": (n, 150 - n) for n in range(150)}}
        asked = Asked(vectors=vectors)
        score = scored("retrieval", asked, {"query": "q", "relevant": ["d149"]}, suite={"corpus": corpus})
        assert score.value == 1.0
        assert [len(request.body["input"]) for request in asked.requests] == [1, 64, 64, 22]

    def test_prefixes_and_dimensions_are_sent(self) -> None:
        asked = Asked(vectors={"q: fruit?": (1, 0), **{f"d: {row['text']}": (1, 0) for row in CORPUS}})
        suite = {"corpus": CORPUS, "modelParameters": {"dimensions": 2, "temperature": 0}}
        options = {"query_prefix": "q: ", "document_prefix": "d: "}
        scored("retrieval", asked, {"query": "fruit?", "relevant": ["a"]}, suite=suite, **options)
        assert [set(request.body) for request in asked.requests] == [{"input", "dimensions"}] * 2

    def test_ties_are_broken_as_trec_eval_does(self) -> None:
        assert ranked_ids(["a", "c", "b"], [0.5, 0.5, 0.9]) == ["b", "c", "a"]

    def test_vectors_of_no_use_fail_the_case(self) -> None:
        case = {"query": "fruit?", "relevant": ["a"]}
        for vectors in [
            {**VECTORS, "fruit?": (1, 0, 0)},
            {**VECTORS, "bread": (1,)},
            {**VECTORS, "bread": (float("nan"), 1)},
            {**VECTORS, "fruit?": ()},
        ]:
            with pytest.raises(CallFailed):
                scored("retrieval", Asked(vectors=vectors), case, suite={"corpus": CORPUS})
        with pytest.raises(CallFailed):
            outcome(entry("retrieval"), case, lambda request: Reply(), corpus=CORPUS)

    def test_what_cannot_be_scored_is_refused_or_skipped(self) -> None:
        assert list(refused(entry("retrieval"), cases=[{"query": "q", "relevant": ["zz"]}], corpus=CORPUS)) == [
            "testData[0].relevant"
        ]
        assert "No test case fits" in str(refused(entry("retrieval"), cases=[{"query": "q", "relevant": ["a"]}]))
        found = engine(
            entry("retrieval"), cases=[{"query": "fruit?", "relevant": ["a"]}, {"relevant": ["a"]}], corpus=CORPUS
        )
        found.check()
        asked = Asked(vectors=VECTORS)
        skipped = found.evaluate(found.suite.cases[1], "m", asked)
        assert (skipped.scores[0].error, skipped.passed, asked.requests) == ("not_applicable", None, [])


class SimilarityTests(SimpleTestCase):
    CASE = {"sentence1": "fruit?", "sentence2": "cheese", "score": 3.5}

    def test_both_texts_are_one_call_and_the_gold_score_is_told(self) -> None:
        asked = Asked(vectors=VECTORS)
        found = outcome(entry("similarity"), self.CASE, asked)
        assert found.scores[0].values == pytest.approx({"cosine": 0.5**0.5, "gold": 3.5})
        assert [request.body for request in asked.requests] == [{"input": ["fruit?", "cheese"]}]

    def test_it_has_no_say_without_a_threshold(self) -> None:
        assert outcome(entry("similarity"), self.CASE, Asked(vectors=VECTORS)).passed is True
        assert outcome(entry("similarity", {"threshold": 0.9}), self.CASE, Asked(vectors=VECTORS)).passed is False

    def test_a_gold_score_that_is_no_number_is_refused(self) -> None:
        for wrong in ("high", True, [1], float("nan")):
            assert list(refused(entry("similarity"), cases=[{**self.CASE, "score": wrong}])) == ["testData[0].score"]

    def test_a_vector_of_zeros_fails_the_case(self) -> None:
        with pytest.raises(CallFailed):
            outcome(entry("similarity"), {**self.CASE, "sentence2": "zero"}, Asked(vectors=VECTORS))

    def test_it_cannot_stand_beside_what_wants_an_answer(self) -> None:
        both = [{**entry("contains", {"value": "x"}), "name": "words"}, entry("similarity")]
        assert list(refused(*both, cases=[self.CASE])) == ["evaluators[0]"]

    def test_it_can_stand_beside_a_limit(self) -> None:
        found = engine({**entry("latency", {"max_seconds": 1}), "name": "soon"}, entry("similarity"), cases=[self.CASE])
        scores = found.evaluate(found.suite.cases[0], "m", Asked(vectors=VECTORS)).scores
        assert [score.passed for score in scores] == [True, None] and found.needs.embeddings
