"""Finished runs whose results a test writes down, and what follows them done as a worker would."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from experiments_app.evaluation import suite_rows
from experiments_app.evaluation.results import finishing
from experiments_app.evaluation.runner.roster import entrants
from experiments_app.models import CaseResult, EvaluationRun, RunModel, SuiteVersion
from tests.unified_app.api_case import ApiTestCase, register
from unified_app import jobs
from unified_app.models import Job, UnifiedModel

# What one case came to: passed, or a score, or a mapping of columns.
Told = bool | float | None | Mapping[str, Any]


def columns_of(told: Told, evaluator: str) -> dict[str, Any]:
    """Return a result's columns: True and False are verdicts, None is undecided, a number is a score."""
    if isinstance(told, Mapping):
        return dict(told)
    if told is None:
        return {"passed": None, "scores": [{"name": evaluator, "score": None, "passed": None, "error": "unparsed"}]}
    score = {"name": evaluator, "score": float(told), "passed": told if isinstance(told, bool) else None}
    return {"passed": told if isinstance(told, bool) else True, "scores": [score]}


class ResultsCase(ApiTestCase):
    """`one`, `two` and `three` are models that can be called; `suite` makes a suite, `run` a finished run of it."""

    role = "Evaluator"

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.one, cls.two, cls.three = (register(f"{name}:1b") for name in ("one", "two", "three"))

    def suite(self, cases: int = 20, name: str = "sums", evaluator: str = "same", **more: Any) -> SuiteVersion:
        document = {
            "name": name,
            "category": "tools",
            "messages": [{"role": "user", "content": "{{input}}"}],
            "testData": [
                {"input": f"q{i}", "expected": "x", "tags": ["even" if i % 2 == 0 else "odd"]} for i in range(cases)
            ],
            "evaluators": [{"name": evaluator, "string": {"equals": "{{expected}}"}}],
            **more,
        }
        return suite_rows.keep(document, by="ann").version

    def run_of(
        self,
        version: SuiteVersion,
        results: Mapping[UnifiedModel, Sequence[Told | Sequence[Told]]],
        *,
        state: str = "done",
        conclude: bool = True,
        **more: Any,
    ) -> EvaluationRun:
        """A run with these results: for each model what each case came to, a list where it was asked repeatedly."""
        evaluator = version.document["evaluators"][0]["name"]
        now = timezone.now()
        run = EvaluationRun.objects.create(
            suite_version=version, state=state, created_by="ann", finished_at=now, started_at=now, **more
        )
        known = entrants(model.pk for model in results)
        for place, (model, told) in enumerate(results.items()):
            entry = RunModel.objects.create(
                run=run,
                model=model,
                position=place,
                version=known[model.pk].version,
                fingerprint=known[model.pk].fingerprint,
            )
            self._write(entry, told, evaluator)
        done = CaseResult.objects.filter(run=run).count()
        EvaluationRun.objects.filter(pk=run.pk).update(done=done, total=done)
        run.refresh_from_db()
        if conclude:
            self.conclude(run)
        return run

    def queries(self, call: Callable[[], object]) -> int:
        """Return how many queries a call makes."""
        with CaptureQueriesContext(connection) as captured:
            call()
        return len(captured)

    def conclude(self, run: EvaluationRun) -> Job:
        """Do what follows the end of a run."""
        finishing.run_finished(run)
        job = Job.objects.filter(kind=finishing.KIND).latest("pk")
        assert jobs.run(job.pk) == "done", Job.objects.get(pk=job.pk).error
        job.refresh_from_db()
        return job

    def _write(self, entry: RunModel, told: Sequence[Told | Sequence[Told]], evaluator: str) -> None:
        rows = []
        for case, each in enumerate(told):
            for repeat, one in enumerate(each if isinstance(each, list | tuple) else [each]):
                columns = {"latency": 1.0, "cost": Decimal(0), "tokens_in": 3, "tokens_out": 2, "output": "x"}
                columns |= {"state": CaseResult.State.DONE, **columns_of(one, evaluator)}
                key = {"run": entry.run, "run_model": entry, "case_index": case, "repeat": repeat}
                rows.append(CaseResult(**key, case_digest=f"{case:064d}", **columns))
        CaseResult.objects.bulk_create(rows)
