"""What the tests of the API of suites and evaluations share."""

from __future__ import annotations

from typing import Any

from tests.experiments_app.evaluation.runner_case import suite_of
from tests.experiments_app.experiments_case import ExperimentCase

SUITES, EVALUATIONS = "/api/suites", "/api/evaluations"


class EvaluationApiCase(ExperimentCase):
    """An Evaluator's client, the models of ExperimentCase, and `post_suite`."""

    def post_suite(self, *questions: str, status: int = 201, **more: Any) -> dict[str, Any]:
        answer = self.client.post(SUITES, suite_of(*(questions or ("one", "two")), **more))
        assert answer.status_code == status, answer.content
        return answer.json()

    def start(self, status: int = 202, **body: Any) -> dict[str, Any]:
        answer = self.client.post(EVALUATIONS, {"suite": "echo", "models": ["qwen3:8b"], **body})
        assert answer.status_code == status, answer.content
        return answer.json()

    def refused(self, **body: Any) -> dict[str, Any]:
        """Return the details of a refused start."""
        return self.start(400, **body)["error"]["details"]
