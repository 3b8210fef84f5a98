"""Suites, evaluations and results in the admin."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from experiments_app.evaluation import runs, suite_rows
from experiments_app.models import CaseResult, EvaluationRun, Suite
from tests.experiments_app.evaluation.runner_case import suite_of
from tests.unified_app.admin_case import AdminTestCase, register

RUN, SUITE, RESULT = "experiments_app.evaluationrun", "experiments_app.suite", "experiments_app.caseresult"


class EvaluationAdminTests(AdminTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        register(2)
        cls.version = suite_rows.keep(suite_of("one", "two"), by="eva").version
        cls.evaluation = cls.start()
        cls.results(cls.evaluation)

    @classmethod
    def start(cls) -> EvaluationRun:
        return runs.start(cls.version, ["model-000", "model-001"], by="eva")

    @classmethod
    def results(cls, run: EvaluationRun) -> None:
        for model in run.run_models.all():
            columns = {"run": run, "run_model": model, "case_digest": "0" * 64}
            scores = [{"name": "same", "score": 1.0, "passed": True, "details": "It is."}]
            CaseResult.objects.create(case_index=0, state="done", passed=True, output="uno", scores=scores, **columns)
            CaseResult.objects.create(
                case_index=1, state="failed", error={"code": "late", "message": "Too late."}, **columns
            )
        EvaluationRun.objects.filter(pk=run.pk).update(done=4, failed=2)

    def test_lists_cost_the_same_for_any_number_of_rows(self):
        for name in (SUITE, RUN, RESULT):
            counts = []
            for number in range(2):
                for at in range(3):
                    suite_rows.keep(suite_of("one", name=f"{name} {number} {at}"), by="eva")
                    self.results(self.start())
                with CaptureQueriesContext(connection) as queries:
                    assert self.client.get(self.url(name)).status_code == 200
                counts.append(len(queries))
            assert counts[0] == counts[1], (name, counts)

    def test_every_page_opens(self):
        suite = self.client.get(self.url(SUITE, "change", self.version.suite_id)).content.decode()
        assert self.version.digest[:12] in suite
        assert f"/api/suites/{self.version.suite_id}/export?format=csv" in suite
        run = self.client.get(self.url(RUN, "change", self.evaluation.pk)).content.decode()
        assert "model-001" in run and "4 of 4" in run and "2 of 2" in run
        row = CaseResult.objects.filter(run=self.evaluation, state="failed").first()
        assert "Too late." in self.client.get(self.url(RESULT, "change", row.pk)).content.decode()
        assert "Evaluations" in self.client.get(reverse("admin:index")).content.decode()

    def test_a_run_is_cancelled_resumed_and_its_failed_cases_tried_again(self):
        self.press(RUN, "cancel", self.evaluation.pk)
        self.evaluation.refresh_from_db()
        assert self.evaluation.state == "cancelled"
        self.press(RUN, "retry", self.evaluation.pk)
        self.evaluation.refresh_from_db()
        assert (self.evaluation.state, self.evaluation.done, self.evaluation.failed) == ("queued", 2, 0)
        self.press(RUN, "cancel", self.evaluation.pk)
        self.press(RUN, "resume", self.evaluation.pk)
        self.evaluation.refresh_from_db()
        assert self.evaluation.state == "queued"

    def test_a_suite_is_archived(self):
        self.press(SUITE, "archive", self.version.suite_id)
        assert Suite.objects.get(pk=self.version.suite_id).archived_at
