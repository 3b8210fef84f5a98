"""What the tests of evaluations' pages share: an evaluator, three models, and a suite of sums."""

from __future__ import annotations

from tests.registry_project.evaluation_rows import keep
from tests.registry_project.pages_case import PagesTestCase, register


class EvaluationCase(PagesTestCase):
    role = "Evaluator"

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.models = [register("llama:8b"), register("qwen:7b"), register("phi:3b")]
        cls.version = keep(20)
