"""Evaluations in MLflow: a run for each model, once however often it is told, and nothing lost while it is away."""

from __future__ import annotations

import json

from django.test import override_settings

from experiments_app.evaluation.results import mlflow_record, mlflow_runs
from experiments_app.models import RunModel, Variant
from tests.experiments_app.evaluation.results_case import ResultsCase
from tests.experiments_app.mlflow_case import MLflowCase
from unified_app.models import Job, UnifiedModel

GOOD, BAD = [True] * 3 + [False], [False] * 4


class EvaluationLogTests(MLflowCase):
    suite, run_of, conclude, _write = (vars(ResultsCase)[name] for name in ("suite", "run_of", "conclude", "_write"))

    def setUp(self):
        super().setUp()
        self.made = UnifiedModel.objects.get(pk=self.make()["id"])
        self.run_jobs()
        self.version = self.suite(4)

    def logged(self, model):
        """The run of a model's newest results, as MLflow has it."""
        pk = RunModel.objects.filter(model=model).latest("pk").mlflow_run_id
        assert pk, Job.objects.filter(kind="mlflow").latest("pk").error
        return self.client_of_mlflow().get_run(pk)

    def test_a_run_for_each_model_in_the_experiment_of_what_it_is_made_from(self):
        run = self.run_of(self.version, {self.made: GOOD, self.other: BAD})
        assert set(self.run_jobs()) == {"done"}
        client = self.client_of_mlflow()
        for model, experiment, value in ((self.made, self.base.name, 0.75), (self.other, self.other.name, 0.0)):
            found = self.logged(model)
            assert client.get_experiment(found.info.experiment_id).name == experiment
            tags = found.data.tags
            assert (tags["registry.model_id"], tags["registry.evaluation"]) == (model.pk, str(run.pk))
            assert (tags["registry.suite"], tags["registry.suite_digest"]) == ("sums", self.version.digest)
            assert found.data.metrics["pass"] == value and found.data.metrics["pass.low"] <= value
            assert found.data.params["suite_version"] == "1" and found.info.status == "FINISHED"

    def test_the_results_are_a_table_that_its_pages_show(self):
        self.run_of(self.version, {self.other: GOOD})
        self.run_jobs()
        found = self.logged(self.other)
        path = self.client_of_mlflow().download_artifacts(found.info.run_id, "results.json", str(self.home))
        with open(path) as file:
            table = json.load(file)
        row = dict(zip(table["columns"], table["data"][0], strict=True))
        assert (len(table["data"]), row["passed"], row["scores"], row["output"]) == (4, True, '{"same": 1.0}', "x")
        assert json.loads(found.data.tags["mlflow.loggedArtifacts"]) == [{"path": "results.json", "type": "table"}]

    def test_a_variants_run_leads_to_its_logged_model(self):
        self.run_of(self.version, {self.made: GOOD})
        self.run_jobs()
        model_id = Variant.objects.get(model=self.made).mlflow_model_id
        assert [each.model_id for each in self.logged(self.made).inputs.model_inputs] == [model_id]
        metrics = self.client_of_mlflow().get_logged_model(model_id).metrics
        assert {metric.key: metric.value for metric in metrics}["pass"] == 0.75

    def test_told_again_it_is_the_same_run_with_the_newest_numbers(self):
        run = self.run_of(self.version, {self.other: BAD})
        self.run_jobs()
        first = self.logged(self.other).info.run_id
        RunModel.objects.update(mlflow_run_id=None)
        run.results.update(passed=True)
        run.finished_at = run.created_at
        run.save()
        self.conclude(run)
        self.run_jobs()
        again = self.logged(self.other)
        assert again.info.run_id == first and again.data.metrics["pass"] == 1.0

    def test_while_it_is_away_nothing_is_lost(self):
        with override_settings(MLFLOW_TRACKING_URI="http://127.0.0.1:9"):
            self.run_of(self.version, {self.other: GOOD})
            assert self.run_jobs() == ["queued"]
        assert UnifiedModel.objects.get(pk=self.other.pk).performance_metrics["evaluations"]["sums"]["value"] == 0.75
        assert self.run_jobs() == ["done"] and self.logged(self.other)

    def test_what_was_given_up_is_told_at_the_next_sync(self):
        self.run_of(self.version, {self.other: GOOD})
        Job.objects.filter(kind="mlflow").update(state=Job.State.FAILED)
        assert mlflow_runs.catch_up() == 1 and self.run_jobs() == ["done"] and mlflow_runs.catch_up() == 0


class TestRecords:
    def test_names_are_as_mlflow_takes_them(self):
        named = {name: mlflow_record.metric_name(name) for name in ("pass@3", "pass^3", "r.ndcg@10", "größe (%)")}
        assert named == {
            "pass@3": "pass_at_3",
            "pass^3": "pass_hat_3",
            "r.ndcg@10": "r.ndcg_at_10",
            "größe (%)": "gr__e ___",
        }

    def test_long_outputs_and_tables_are_cut(self):
        row = dict.fromkeys(mlflow_record.COLUMNS, 0) | {"scores": [], "output": "x" * 10_000}
        table = json.loads(mlflow_record.table_of([row] * 10_000))
        assert len(table["data"][0][-1]) == mlflow_record.MAX_OUTPUT
        assert len(json.dumps(table)) < mlflow_record.MAX_TABLE * 1.1 and len(table["data"]) < 10_000
