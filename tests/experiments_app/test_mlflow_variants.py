"""Variants in MLflow, as somebody sees them who knows MLflow only."""

from __future__ import annotations

import json
from unittest import mock

from experiments_app import promoting
from experiments_app.mlflow_integration import ExperimentalMLflowIntegration, MLflowManager
from experiments_app.model_factory import as_variant
from experiments_app.models import Variant
from experiments_app.promoting import find_variant
from tests.experiments_app.mlflow_case import MLflowCase
from unified_app.models import Job


class LoggingTests(MLflowCase):
    def runs_of(self, model_id):
        client = self.client_of_mlflow()
        ids = [experiment.experiment_id for experiment in client.search_experiments()]
        # Another test's variant may have had this id.
        made = Variant.objects.get(model=model_id).created_at.isoformat()
        return client.search_runs(ids, f"tags.`registry.model_id` = '{model_id}' AND tags.`registry.made` = '{made}'")

    def test_a_variant_is_an_experiment_a_run_and_a_registered_version(self):
        made = self.make("prompt_engineering", {"system": "Be brief.", "stop": ["END"]}, name="terse/a:1")
        assert made["mlflow_run_id"] is None
        assert self.run_jobs() == ["done"]
        client, row = self.client_of_mlflow(), Variant.objects.get()
        experiment = client.get_experiment_by_name("llama3.1:8b")
        (run,) = self.runs_of(made["id"])
        assert run.info.experiment_id == experiment.experiment_id
        assert run.info.run_id == row.mlflow_run_id and run.info.status == "FINISHED"
        tags = {name: run.data.tags[f"registry.{name}"] for name in ("model_id", "base_model", "experiment_type")}
        assert tags == {
            "model_id": made["id"],
            "base_model": "llama3.1:8b",
            "experiment_type": "prompt_engineering",
        }
        assert run.data.params["system"] == "Be brief." and run.data.params["parameters.stop"] == '["END"]'
        registered = client.get_registered_model("terse_a_1")
        (version,) = client.search_model_versions("name='terse_a_1'")
        assert registered.tags["registry.model_id"] == made["id"]
        assert version.run_id == row.mlflow_run_id and str(version.version) == row.mlflow_version
        logged = client.get_logged_model(row.mlflow_model_id)
        assert logged.source_run_id == row.mlflow_run_id and logged.params["system"] == "Be brief."
        names = {file.path for file in client.list_artifacts(run.info.run_id)}
        assert names == {"recipe.json", "Modelfile", "digests.json"}

    def test_a_kill_between_run_and_row_doubles_nothing(self):
        made = self.make()
        for step in ("create_logged_model", "create_model_version", "set_terminated"):
            with mock.patch(f"mlflow.MlflowClient.{step}", side_effect=ConnectionError("killed")):
                assert self.run_jobs() == ["queued"]
        with mock.patch("experiments_app.tracking._keep", side_effect=ZeroDivisionError):
            assert self.run_jobs() == ["queued"]
        assert Variant.objects.get().mlflow_run_id is None
        assert self.run_jobs() == ["done"]
        (run,) = self.runs_of(made["id"])
        assert run.info.status == "FINISHED" and run.info.run_id == Variant.objects.get().mlflow_run_id
        versions = self.client_of_mlflow().search_model_versions(f"run_id = '{run.info.run_id}'")
        assert len(versions) == 1

    def test_a_search_of_twenty_is_twenty_runs(self):
        search = {"search": {"method": "grid", "space": {"seed": list(range(1, 21))}}}
        made = self.make("parameter_tuning", search)
        assert self.run_jobs() == ["done"] * 20
        integration = ExperimentalMLflowIntegration(MLflowManager())
        ids = set(Variant.objects.values_list("mlflow_run_id", flat=True))
        assert len(ids) == 20 and None not in ids
        found = integration.get_experiment_models(Variant.objects.first().mlflow_experiment_id)
        assert {variant.id for variant in found} == {variant["id"] for variant in made["variants"]}
        assert self.run_jobs() == []

    def test_a_deleted_experiment_comes_back(self):
        integration = ExperimentalMLflowIntegration(MLflowManager())
        first = integration.create_experiment("deleted:1b", {})
        self.client_of_mlflow().delete_experiment(first)
        assert integration.create_experiment("deleted:1b", {}) == first

    def test_two_that_make_one_experiment_get_the_same(self):
        integration = ExperimentalMLflowIntegration(MLflowManager())
        first = integration.create_experiment("raced:1b", {})
        there = self.client_of_mlflow().get_experiment(first)
        with mock.patch("mlflow.MlflowClient.get_experiment_by_name", side_effect=[None, there]):
            assert integration.create_experiment("raced:1b", {}) == first

    def test_a_promoted_variant_carries_its_alias_and_the_one_before_loses_it(self):
        for name in ("one", "two"):
            self.make(name=name)
        self.run_jobs()
        client = self.client_of_mlflow()
        for name, other in (("one", "two"), ("two", "one")):
            promoting.promote(find_variant(name), by="eva", reason="better", alias="champion")
            self.run_jobs()
            # The other one's job was queued by the first.
            self.run_jobs()
            assert client.get_registered_model(name).aliases == {"champion": 1}
            assert client.get_registered_model(other).aliases == {}
            assert client.get_model_version(name, "1").tags["registry.status"] == "promoted"

    def test_names_that_mlflow_reads_as_one_stay_two(self):
        for name in ("same/name", "same:name"):
            self.make(name=name)
        assert self.run_jobs() == ["done", "done"]
        names = {model.name for model in self.client_of_mlflow().search_registered_models("name LIKE 'same%'")}
        second = find_variant("same:name").model_id
        assert names == {"same_name", f"same_name_{second}"}

    def test_the_class_of_the_specification_logs_a_plain_value_with_metrics(self):
        self.make(name="plain")
        integration = ExperimentalMLflowIntegration(MLflowManager())
        experiment = integration.create_experiment("llama3.1:8b", {"purpose": "test"})
        variant = as_variant(find_variant("plain"))
        run_id = integration.log_model_variant(experiment, variant, {"accuracy": 0.5})
        assert integration.log_model_variant(experiment, variant, {}) == run_id
        assert self.client_of_mlflow().get_run(run_id).data.metrics == {"accuracy": 0.5}

    def test_a_run_that_mlflow_does_not_take_is_failed_and_so_is_its_job(self):
        from mlflow.exceptions import MlflowException

        made = self.make()
        refused = MlflowException("no", error_code=3)
        refused.error_code = "INVALID_PARAMETER_VALUE"
        with mock.patch("mlflow.MlflowClient.log_text", side_effect=refused):
            assert self.run_jobs() == ["failed"]
        assert Job.objects.get().error["code"] == "upstream_invalid"
        assert self.runs_of(made["id"])[0].info.status == "FAILED"


class ArtifactTests(MLflowCase):
    def test_they_are_served_by_name_with_their_checksums(self):
        made = self.make("prompt_engineering", {"system": "Be brief."}, name="with/slash")
        self.run_jobs()
        path = f"/api/experimental/models/{made['id']}/artifacts"
        listed = self.client.get(path).json()["artifacts"]
        assert [row["name"] for row in listed] == ["recipe.json", "Modelfile", "digests.json"]
        recipe = self.client.get(f"{path}/recipe.json")
        assert json.loads(recipe.content)["system"] == "Be brief."
        assert recipe.headers["X-Content-Type-Options"] == "nosniff"
        assert "SYSTEM Be brief.\n" in self.client.get(f"{path}/Modelfile").content.decode()
        digests = json.loads(self.client.get(f"{path}/digests.json").content)
        assert digests["placements"][0]["model"] == made["base_model_id"]

    def test_no_other_name_is_looked_up(self):
        made = self.make()
        self.run_jobs()
        for name in ("secret_key", "..%2f..%2fmlflow.db", "model.pkl", ".env"):
            answer = self.client.get(f"/api/experimental/models/{made['id']}/artifacts/{name}")
            assert answer.status_code == 404, name

    def test_a_changed_file_is_not_served(self):
        made = self.make()
        self.run_jobs()
        (self.home / "artifacts" / str(Variant.objects.get().pk) / "recipe.json").write_text("{}")
        answer = self.client.get(f"/api/experimental/models/{made['id']}/artifacts/recipe.json")
        assert answer.status_code == 409 and "sha256" in answer.json()["error"]["message"]

    def test_nobody_without_a_key_reads_them(self):
        made = self.make()
        answer = self.client_class().get(f"/api/experimental/models/{made['id']}/artifacts")
        assert answer.status_code == 401
