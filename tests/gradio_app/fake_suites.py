"""Suites, evaluations and comparisons of the fake registry; a run goes on a step each time it is looked at."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

Answer = tuple[int, Any]
CASES = 4
EVALUATORS = [{"name": "exact", "string": {"equals": "{{expected}}"}}, {"name": "near", "uses": "registry/rouge-l"}]
KNOWN = [{"name": "rouge-l", "type": "similarity", "uses": "registry/rouge-l", "description": "How alike words are."}]
DOCUMENT = {"description": "Small sums with one answer each.", "evaluators": EVALUATORS}
SUITE = {
    "id": 1,
    "name": "sums",
    "category": "thinking",
    "tags": [],
    "shipped": True,
    "version": 2,
    "digest": "ab" * 32,
    "cases": CASES,
}


class FakeSuites:
    """State that tests set and read."""

    def __init__(self) -> None:
        self.suites: list[dict[str, Any]] = [dict(SUITE)]
        self.runs: list[dict[str, Any]] = []
        self.uploads: list[bytes] = []
        self.step = 1  # results that come with each look at a run under way
        self.actions: list[tuple[str, Any]] = []
        self.answer_text = "The sum is <b>4</b>."

    def answer(self, method: str, path: str, query: str, body: Any) -> Answer | None:
        """Return status and body; None for what is no path of these."""
        parts = path.strip("/").split("/")[1:]
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        if parts[0] == "suites":
            return self._suites(method, parts[1:], body)
        if parts[0] == "evaluations":
            return self._evaluations(method, parts[1:], body)
        if parts[0] == "comparisons":
            return self._outputs(asked) if parts[1:] == ["outputs"] else self._comparison(asked)
        return None

    def _suites(self, method: str, rest: list[str], body: Any) -> Answer:
        if method == "POST":
            self.uploads.append(body)
            self.suites.append({**SUITE, "id": len(self.suites) + 1, "name": "mine", "shipped": False, "version": 1})
            return 201, self.suites[-1]
        if rest == ["evaluators"]:
            return 200, {"evaluators": KNOWN}
        if rest:
            found = next((suite for suite in self.suites if str(suite["id"]) == rest[0]), None)
            return (200, {**found, "document": DOCUMENT}) if found else _missing("suite", rest[0])
        return 200, {"suites": self.suites, "count": len(self.suites), "next": None, "previous": None}

    def _evaluations(self, method: str, rest: list[str], body: Any) -> Answer:
        if not rest and method == "POST":
            self.runs.append(self._run(len(self.runs) + 1, body))
            return 202, self.runs[-1]
        if not rest:
            return 200, {"evaluations": self.runs[::-1], "count": len(self.runs), "next": None, "previous": None}
        run = next((run for run in self.runs if str(run["id"]) == rest[0]), None)
        if run is None:
            return _missing("evaluation", rest[0])
        if rest[1:] == ["results"]:
            return 200, {"results": self._results(run), "count": 8, "next": None, "previous": None}
        if rest[1:]:
            return self._act(run, rest[1], body)
        self._go_on(run)
        return 200, run

    def _run(self, number: int, body: dict[str, Any]) -> dict[str, Any]:
        names = [name.removesuffix("_base").replace("_", ":", 1) for name in body["models"]]
        models = [
            {"model": model, "name": name, "progress": _progress(0, CASES), "summary": {}}
            for model, name in zip(body["models"], names, strict=True)
        ]
        return {
            "id": number,
            "state": "queued",
            "suite": "sums",
            "suite_version": 2,
            "repeats": body.get("repeats", 1),
            "progress": _progress(0, CASES * len(models)),
            "models": models,
            "tokens_used": 0,
            "cost_used": "0",
            "created_at": "2030-01-01T00:00:00Z",
            "started_at": None,
            "finished_at": None,
            "error": None,
        }

    def _go_on(self, run: dict[str, Any]) -> None:
        if run["state"] not in ("queued", "running"):
            return
        progress = run["progress"]
        progress["done"] = min(progress["total"], progress["done"] + self.step)
        run["tokens_used"] = 100 * progress["done"]
        done = progress["done"]
        for model in run["models"]:
            model["progress"]["done"] = min(CASES, done)
            done -= model["progress"]["done"]
        run["state"] = "done" if progress["done"] == progress["total"] else "running"
        if run["state"] == "done":
            self._finish(run)

    def _finish(self, run: dict[str, Any]) -> None:
        for number, model in enumerate(run["models"]):
            passed = CASES - 2 * number
            told = {
                "passed": passed,
                "not_passed": CASES - passed,
                "undecided": 0,
                "failed": 0,
                "pass_rate": passed / 4,
            }
            model["summary"] = {**told, "tokens_in": 40, "tokens_out": 60}

    def _act(self, run: dict[str, Any], action: str, body: Any) -> Answer:
        self.actions.append((action, body))
        if action == "retry":
            run["progress"] = _progress(0, run["progress"]["total"])
        run["state"] = "cancelled" if action == "cancel" else "queued"
        return 202, run

    def _results(self, run: dict[str, Any]) -> list[dict[str, Any]]:
        scores = [{"name": "exact", "score": 1.0, "passed": True, "details": ""}]
        return [
            {"index": index, "case": "cd" * 32, "model": model["model"], "repeat": 0, "state": "done", "passed": True}
            | {"scores": scores, "output": "=1+1", "latency": 0.5, "attempts": 1, "error": None}
            for index in range(CASES)
            for model in run["models"]
        ]

    def _comparison(self, asked: dict[str, str]) -> Answer:
        run = self.runs[int(asked["evaluation"]) - 1]
        models = [model["model"] for model in run["models"]]
        values = [(1 - 0.5 * number) for number in range(len(models))]
        rows = [
            {"model": model, "n": CASES, "value": value, "low": max(0, value - 0.4), "high": min(1, value + 0.4)}
            | {"rank": 1, "undecided": 0, "failed": 0, "latency_p50": 0.5, "latency_p95": 12.0}
            for model, value in zip(models, values, strict=True)
        ]
        pairs = [
            {"a": models[0], "b": other, "difference": 0.5, "low": -0.1, "high": 0.9, "p_value": 0.2, "n": CASES}
            | {"p_adjusted": 0.5, "verdict": "not enough cases", "cases_needed": 24}
            for other in models[1:]
        ]
        told = {"metric": asked.get("metric", "pass"), "metrics": ["pass", "exact", "latency"], "unit": ""}
        return 200, {**told, "higher_is_better": True, "models": rows, "pairs": pairs}

    def _outputs(self, asked: dict[str, str]) -> Answer:
        side = {"state": "done", "output": self.answer_text, "text": self.answer_text, "latency": 0.5, "tool_calls": []}
        right = [{"name": "exact", "score": 1.0, "passed": True, "details": "expected 4"}]
        one, other = {**side, "passed": True, "scores": right}, {**side, "passed": False, "scores": []}
        case = {"case": "cd" * 32, "repeat": 0, "data": {"question": "2 + 2", "expected": "4"}}
        rows = [{**case, "index": 1, "a": one, "b": other}]
        rows += [] if asked.get("differ") else [{**case, "index": 2, "a": one, "b": None}]
        return 200, {"outputs": rows, "count": len(rows), "next": None, "previous": None}


def _progress(done: int, total: int) -> dict[str, int]:
    return {"done": done, "total": total, "failed": 0}


def _missing(what: str, called: str) -> Answer:
    return 404, {"error": {"code": "not_found", "message": f"There is no {what} {called}."}}
