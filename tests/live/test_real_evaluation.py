"""Models of a real Ollama on cases of a shipped suite: a row for every case, a comparison, nothing paid for twice."""

from __future__ import annotations

import pytest
import requests

from experiments_app.evaluation import suite_rows
from experiments_app.evaluation.results.comparisons import compare_run
from experiments_app.models import CaseResult
from experiments_app.seeds import SHIPPED, read
from tests.experiments_app.evaluation.runner_case import RunnerCase
from tests.live.test_gateway_live import URL, LiveCase, shown
from unified_app.models import UnifiedModel

pytestmark = pytest.mark.live
CASES, TOKENS = 4, 12


def small(category: str) -> dict:
    """A shipped suite with its first cases only, and short answers."""
    file = SHIPPED / f"{category}.prompt.yml"
    document = read(file.name, file.read_bytes()).document
    parameters = {"maxTokens": TOKENS, "temperature": 0, "seed": 7} if category != "embedding" else {}
    return {**document, "testData": document["testData"][:CASES], "modelParameters": parameters}


def able(*words: str, count: int) -> list[str]:
    """Names of models that can do this, of different weights."""
    rows = requests.get(f"{URL}/api/tags", timeout=10).json()["models"]
    found = {row["digest"]: row["name"] for row in rows if row["size"] > 10**6}
    names = [name for name in found.values() if set(words) <= set(shown(name).get("capabilities") or ())]
    if len(names) < count:
        pytest.skip(f"the server has fewer than {count} models for {', '.join(words)}")
    return names[:count]


class RealEvaluationTests(LiveCase, RunnerCase):
    def test_two_models_on_a_shipped_suite(self):
        names = [self.real(name) for name in able("completion", count=2)]
        version = suite_rows.keep(small("external"), by="ann").version
        run = self.done(version, *names)
        assert (run.done, run.failed, run.total) == (2 * CASES, 0, 2 * CASES)
        rows = CaseResult.objects.filter(run=run)
        assert rows.count() == 2 * CASES
        assert all(0 < row.tokens_out <= TOKENS and row.latency > 0 for row in rows)
        told = compare_run(run, metric="pass")
        assert {row["n"] for row in told["models"]} == {CASES}
        assert [pair["verdict"] for pair in told["pairs"]] == ["not enough cases"]
        again = self.done(version, *names)
        assert again.tokens_used == 0
        assert list(CaseResult.objects.filter(run=again).values_list("cached", flat=True)) == [True] * (2 * CASES)

    def test_retrieval_by_a_real_embedding_model(self):
        [name] = able("embedding", count=1)
        self.real(name)
        UnifiedModel.objects.filter(name=name).update(category="embedding", capabilities=["text_embedding"])
        self.told()
        run = self.done(suite_rows.keep(small("embedding"), by="ann").version, name)
        assert (run.done, run.failed) == (CASES, 0)
        values = [
            score["values"] for row in CaseResult.objects.filter(run=run) for score in row.scores if "values" in score
        ]
        assert values and all(0 <= v["ndcg@10"] <= 1 for v in values if "ndcg@10" in v)
