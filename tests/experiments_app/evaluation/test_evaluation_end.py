"""What follows the end of a run: every metric, the models' own numbers, comparisons that are kept."""

from __future__ import annotations

from unittest.mock import patch

from experiments_app.evaluation.results import concluding, finishing
from experiments_app.models import EvaluationRun, KeptComparison, Measure
from tests.experiments_app.evaluation.results_case import ResultsCase
from tests.unified_app.api_case import register
from unified_app import jobs
from unified_app.models import Job, UnifiedModel
from unified_app.registry_manager import UnifiedRegistryManager

GOOD, BAD = [True] * 18 + [False] * 2, [True] * 4 + [False] * 16


class EndTests(ResultsCase):
    def own(self, model=None):
        return UnifiedModel.objects.get(pk=(model or self.one).pk).performance_metrics.get("evaluations", {})

    def test_every_metric_of_each_model_is_kept(self):
        run = self.run_of(self.suite(), {self.one: GOOD, self.two: BAD})
        measures = Measure.objects.filter(run_model__run=run, run_model__model=self.one)
        assert {measure.metric for measure in measures} == {"pass", "same", "latency", "tokens"}
        main = measures.get(is_main=True)
        assert (main.metric, main.value, main.n) == ("pass", 0.9, 20) and main.low < 0.9 < main.high

    def test_the_models_rows_tell_the_newest_result(self):
        version = self.suite()
        run = self.run_of(version, {self.one: GOOD})
        told = self.own()["sums"]
        assert (told["metric"], told["value"], told["n"], told["run"]) == ("pass", 0.9, 20, run.pk)
        assert told["digest"] == version.digest and told["low"] < told["value"] < told["high"] and told["at"]
        assert self.get(f"/api/models/{self.one.pk}")["performance_metrics"]["evaluations"]["sums"] == told
        self.run_of(self.suite(name="other"), {self.one: BAD})
        assert set(self.own()) == {"sums", "other"}

    def test_an_older_run_that_ends_later_does_not_count(self):
        version = self.suite()
        older = self.run_of(version, {self.one: BAD}, conclude=False)
        newer = self.run_of(version, {self.one: GOOD})
        self.conclude(older)
        assert self.own()["sums"]["run"] == newer.pk

    def test_a_part_of_the_cases_says_nothing_of_the_suite(self):
        version = self.suite()
        self.run_of(version, {self.one: GOOD}, split="test")
        self.run_of(version, {self.one: GOOD}, tags=["even"])
        self.run_of(version, {self.one: GOOD}, state="stopped")
        assert self.own() == {} and Measure.objects.exists()

    def test_syncs_and_curators_leave_it_alone(self):
        self.run_of(self.suite(), {self.one: GOOD})
        register("one:1b", digest="b" * 64, context_length=17)
        UnifiedRegistryManager().update_model(self.one.pk, {"description": "Mine."})
        row = UnifiedModel.objects.get(pk=self.one.pk)
        assert (row.context_length, row.description) == (17, "Mine.") and self.own()["sums"]["value"] == 0.9

    def test_what_people_look_at_first_is_there_already(self):
        self.run_of(self.suite(), {self.one: GOOD, self.two: BAD})
        assert {row.document["metric"] for row in KeptComparison.objects.all()} == {"pass", "latency"}

    def test_done_again_it_leaves_the_same(self):
        run = self.run_of(self.suite(), {self.one: GOOD})
        before = list(Measure.objects.order_by("metric").values_list("metric", "value"))
        self.conclude(run)
        assert list(Measure.objects.order_by("metric").values_list("metric", "value")) == before

    def test_a_run_that_goes_on_meanwhile_is_left_to_its_next_end(self):
        run = self.run_of(self.suite(), {self.one: GOOD}, conclude=False)
        finishing.run_finished(run)

        def goes_on(*_):
            EvaluationRun.objects.filter(pk=run.pk).update(finished_at=None, state="running")
            return "pass"

        with patch.object(concluding, "main_metric", side_effect=goes_on):
            assert jobs.run(Job.objects.get(kind=finishing.KIND).pk) == "lost"
        assert not Measure.objects.exists() and self.own() == {}

    def test_each_end_is_a_job_of_its_own_and_one_that_is_told_twice_is_not(self):
        run = self.run_of(self.suite(), {self.one: GOOD}, conclude=False)
        finishing.run_finished(run)
        finishing.run_finished(run)
        run.finished_at = run.created_at
        finishing.run_finished(run)
        assert Job.objects.filter(kind=finishing.KIND).count() == 2
