"""Suites, evaluations and comparisons over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from registry_project.gradio_app import suite_replies
from registry_project.gradio_app.client import PAGE_SIZE, RegistryClient
from registry_project.gradio_app.reading import items, obj
from registry_project.gradio_app.suite_replies import Comparison, Run, Suite

# A suite of many cases is checked case by case.
UPLOAD_SECONDS = 60.0
# Statistics of a big run take a moment.
COMPARE_SECONDS = 60.0
RECENT = 50
OUTPUTS = 100


class SuiteClient:
    """One visitor's calls."""

    def __init__(self, client: RegistryClient) -> None:
        self._client = client

    def suites(self) -> list[Suite]:
        params = {"page_size": str(PAGE_SIZE)}
        return suite_replies.suites(self._get("/api/suites", "see the suites", "suite", params))

    def suite(self, suite_id: str) -> Suite:
        """Return a suite with its evaluators."""
        path = f"/api/suites/{quote(suite_id, safe='')}"
        return suite_replies.suite(self._get(path, "see this suite", "suite", {"document": "true"}))

    def evaluators(self) -> dict[str, str]:
        return suite_replies.evaluators(self._get("/api/suites/evaluators", "see the evaluators", "list"))

    def upload(self, name: str, content: bytes, about: Mapping[str, str]) -> Suite:
        """Send a file; `about` may have name, category, and like: the suite that a table takes its messages from."""
        files = {"file": (name, content)}
        told = {field: value for field, value in about.items() if value}
        how: dict[str, Any] = {"files": files, "data": told, "seconds": UPLOAD_SECONDS, "what": "suite"}
        return suite_replies.suite(self._client.call("POST", "/api/suites", doing="add suites", **how))

    def start(self, body: Mapping[str, Any]) -> Run:
        how: dict[str, Any] = {"json": body, "doing": "start evaluations", "what": "suite"}
        return suite_replies.run(self._client.call("POST", "/api/evaluations", **how))

    def runs(self) -> list[Run]:
        params = {"page_size": str(RECENT)}
        return suite_replies.runs(self._get("/api/evaluations", "see the evaluations", "list", params))

    def run(self, run_id: str) -> Run:
        return suite_replies.run(self._get(_run(run_id), "see this evaluation", "evaluation"))

    def act(self, run_id: str, action: str, body: Mapping[str, Any]) -> None:
        """Do `cancel`, `resume` (with other budgets, where they are told) or `retry`."""
        doing = f"{action} evaluations"
        self._client.call("POST", _run(run_id, f"/{action}"), json=body, doing=doing, what="evaluation")

    def results(self, run_id: str) -> Iterator[list[dict[str, Any]]]:
        """Yield the results of all cases as the registry has them, page by page."""
        number, more = 1, True
        while more:
            params = {"page": str(number), "page_size": str(PAGE_SIZE)}
            body = obj(self._get(_run(run_id, "/results"), "see the results", "evaluation", params))
            yield [obj(row) for row in items(body.get("results"))]
            number, more = number + 1, bool(body.get("next"))

    def comparison(self, run_id: str, metric: str) -> Comparison:
        """Compare a run's models; without a metric by the one that its suite is about."""
        params = {"evaluation": run_id} | ({"metric": metric} if metric else {})
        return suite_replies.comparison(self._get("/api/comparisons", "compare models", "evaluation", params))

    def outputs(self, run_id: str, models: Sequence[str], differ: bool) -> Any:
        """Return the answers of two models to the same cases, as the registry has them; the first of many."""
        params = {"evaluation": run_id, "a": models[0], "b": models[1], "page_size": str(OUTPUTS)}
        params |= {"differ": "true"} if differ else {}
        return self._get("/api/comparisons/outputs", "see the answers", "evaluation", params)

    def _get(self, path: str, doing: str, what: str, params: Mapping[str, str] | None = None) -> Any:
        return self._client.call("GET", path, doing=doing, what=what, params=params or {}, seconds=COMPARE_SECONDS)


def _run(run_id: str, action: str = "") -> str:
    return f"/api/evaluations/{quote(run_id, safe='')}{action}"
