"""A changed digest after a sync: evaluated again by itself, held against what was before, and told."""

from __future__ import annotations

from experiments_app.evaluation.gates import digest_changes
from experiments_app.evaluation.runner.roster import entrants
from experiments_app.models import EvaluationRun, Gate, GateCheck, RunModel
from tests.experiments_app.evaluation.results_case import ResultsCase
from tests.unified_app.api_case import register
from unified_app import jobs, syncing
from unified_app.models import HistoryEntry, Job, ModelOrigin

GOOD, BAD = [True] * 18 + [False] * 2, [True] * 4 + [False] * 16


class DigestTests(ResultsCase):
    def setUp(self):
        super().setUp()
        self.version = self.suite()
        self.gate = Gate.objects.create(
            name="sums", suite=self.version.suite, max_drop_points=2.0, on_digest_change=True
        )

    def change(self, name="one:1b", digest="b" * 64):
        """Let a sync see another content, and do the job that follows; return the runs that it began."""
        before = set(EvaluationRun.objects.values_list("pk", flat=True))
        register(name, digest=digest)
        for job in Job.objects.filter(kind=digest_changes.KIND, state=Job.State.QUEUED):
            assert jobs.run(job.pk) == "done", Job.objects.get(pk=job.pk).error
        return list(EvaluationRun.objects.exclude(pk__in=before).order_by("pk"))

    def finish(self, run, told):
        """Write the results of a run that was begun, and do what follows its end."""
        for entry in run.run_models.select_related("model"):
            known = entrants([entry.model_id])[entry.model_id]
            RunModel.objects.filter(pk=entry.pk).update(version=known.version, fingerprint=known.fingerprint)
            self._write(entry, told, "same")
        EvaluationRun.objects.filter(pk=run.pk).update(state="done", finished_at=run.created_at, done=len(told))
        run.refresh_from_db()
        self.conclude(run)

    def test_a_model_that_was_evaluated_is_evaluated_again(self):
        self.run_of(self.version, {self.one: GOOD}, judge="two:1b", repeats=2)
        [run] = self.change()
        assert (run.trigger, run.state, run.judge, run.repeats) == ("digest", "queued", "two:1b", 2)
        assert list(run.run_models.values_list("model", flat=True)) == [self.one.pk]
        check = GateCheck.objects.get()
        assert (check.state, check.why, check.run, check.model) == ("waiting", "digest", run, self.one)

    def test_models_that_were_not_or_that_did_not_change_are_left_alone(self):
        self.run_of(self.version, {self.two: GOOD})
        assert self.change("one:1b") == [] and self.change("two:1b", "a" * 64) == []
        assert not Job.objects.filter(kind=digest_changes.KIND).exists()

    def test_gates_that_do_not_ask_for_it_cost_nothing(self):
        self.run_of(self.version, {self.one: GOOD})
        Gate.objects.update(on_digest_change=False)
        assert self.change() == []

    def test_what_stands_on_a_changed_model_has_changed_too(self):
        ModelOrigin.objects.create(model=self.two, origin=self.one)
        self.two.recipe = {"kind": "overlay", "base": self.one.pk, "parameters": {"seed": 1}}
        self.two.save()
        self.run_of(self.version, {self.two: GOOD})
        [run] = self.change()
        assert list(run.run_models.values_list("model", flat=True)) == [self.two.pk]

    def test_the_drop_is_reported_with_before_and_after(self):
        self.run_of(self.version, {self.one: GOOD})
        [run] = self.change()
        with self.assertLogs("experiments_app.evaluation.gates.gates", "WARNING") as logged:
            self.finish(run, BAD)
        check = GateCheck.objects.get()
        report = check.report
        assert (check.state, report["other"], report["value"]) == ("failed", 0.9, 0.2)
        assert report["compared_with"]["version"] == "a" * 12 and report["model"]["version"] == "b" * 12
        assert report["comparison"]["verdict"] == "b" and report["low"] < report["drop"] < report["high"]
        assert "sums" in logged.output[0] and self.one.pk in logged.output[0]
        entry = HistoryEntry.objects.get(kind="model", object_id=self.one.pk, field="gate")
        assert (entry.old["value"], entry.new["value"], entry.new["state"]) == (0.9, 0.2, "failed")

    def test_a_model_that_is_as_good_passes_and_nobody_is_warned(self):
        self.run_of(self.version, {self.one: GOOD})
        [run] = self.change()
        with self.assertNoLogs("experiments_app.evaluation.gates.gates", "WARNING"):
            self.finish(run, GOOD)
        assert GateCheck.objects.get().state == "passed"

    def test_it_is_evaluated_on_the_content_that_there_is_a_before_of(self):
        self.run_of(self.version, {self.one: GOOD})
        self.suite(19)
        [run] = self.change()
        assert run.suite_version == self.version

    def test_one_evaluation_is_enough_for_one_change(self):
        self.run_of(self.version, {self.one: GOOD})
        Gate.objects.create(name="fast", suite=self.version.suite, p95_seconds=3, on_digest_change=True)
        assert len(self.change()) == 1 and GateCheck.objects.count() == 2
        assert self.change(digest="c" * 64) == []

    def test_a_model_that_cannot_be_evaluated_is_told(self):
        choices = [{"choice": "yes", "score": 1}]
        judged = {"name": "same", "llm": {"modelId": "gone:1b", "prompt": "{{completion}}?", "choices": choices}}
        self.run_of(self.suite(evaluators=[judged]), {self.one: GOOD})
        assert self.change() == []
        check = GateCheck.objects.get()
        assert check.state == "unknown" and "gone:1b" in check.report["reasons"][0]

    def test_what_goes_wrong_here_does_not_stop_the_sync(self):
        self.run_of(self.version, {self.one: GOOD})
        with self.settings(JOB_KINDS={}), self.assertLogs("django.dispatch", "ERROR"):
            register("one:1b", digest="b" * 64)
        self.one.refresh_from_db()
        assert self.one.version == "b" * 12

    def test_a_place_that_loses_it_is_a_change_too(self):
        register("one:1b", place="second", digest="c" * 64)
        self.run_of(self.version, {self.one: GOOD})
        syncing.retire_place("ollama", "second", "gone")
        assert Job.objects.filter(kind=digest_changes.KIND).count() == 1
