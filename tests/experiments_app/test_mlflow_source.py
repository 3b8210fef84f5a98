"""MLflow's own registered models as models of the registry."""

from __future__ import annotations

from django.test import override_settings

from experiments_app.models import Variant
from experiments_app.source import NOT_CALLABLE, ExperimentSource
from tests.experiments_app.mlflow_case import MLflowCase
from unified_app import syncing
from unified_app.models import Job, ModelVersion, UnifiedModel
from unified_app.sources import source_class, source_classes


def sync():
    return syncing.sync_places(syncing.places_to_sync("mlflow", None), by="test")


class SourceTests(MLflowCase):
    def setUp(self):
        super().setUp()
        self.make(name="ours")
        self.run_jobs()

    def register_in_mlflow(self, name, versions=1, **tags):
        client = self.client_of_mlflow()
        client.create_registered_model(name, tags=tags)
        for _ in range(versions):
            client.create_model_version(name, f"file:{self.home}/m", await_creation_for=0)
        self.addCleanup(client.delete_registered_model, name)
        return client

    def row(self, name):
        return UnifiedModel.objects.get(source="mlflow", name=name)

    def test_it_is_the_last_source(self):
        assert list(source_classes())[-1] == "mlflow" and source_class("mlflow").label == "MLflow"

    def test_without_a_store_it_has_no_place(self):
        (place,) = ExperimentSource.places()
        assert place.name == "mlflow" and place.state == "unknown"
        assert place.url == "sqlite:///mlflow.db"
        with override_settings(REGISTRY_HOME=self.home / "other"):
            assert ExperimentSource.places() == [] and ExperimentSource.place_names() == set()

    def test_each_version_is_a_row_and_the_bare_name_is_the_newest(self):
        self.register_in_mlflow("forecast", 2)
        self.register_in_mlflow("scorer", 1, **{"registry.category": "embedding"})
        found = sync()
        assert (found.result, found.created) == ("success", 5)
        assert [self.row(name).version for name in ("forecast", "forecast/1", "forecast/2")] == ["2", "1", "2"]
        assert (self.row("forecast").category, self.row("scorer").category) == ("external", "embedding")
        assert self.row("forecast").model_type == "base"

    def test_a_new_version_moves_the_bare_name(self):
        client = self.register_in_mlflow("moving", 1)
        sync()
        run = client.create_run("0")
        client.create_model_version("moving", "file:x", run_id=run.info.run_id, await_creation_for=0)
        sync()
        assert self.row("moving").version == "2"
        assert ModelVersion.objects.filter(model=self.row("moving"), digest=run.info.run_id).exists()

    def test_what_is_gone_there_retires_and_variants_never_do(self):
        client = self.register_in_mlflow("passing", 1)
        sync()
        client.delete_registered_model("passing")
        # It has no version now, which is no model that could be listed; the clean-up deletes it.
        client.create_registered_model("passing")
        sync()
        assert self.row("passing").is_retired and self.row("passing/1").is_retired
        assert not Variant.objects.get().model.is_retired

    def test_a_model_that_has_a_variants_name_leaves_the_variant_alone(self):
        self.make(name="forecast2")
        self.register_in_mlflow("forecast2", 1)
        assert sync().result == "partial"
        row = self.row("forecast2")
        assert row.recipe is not None and not row.placements.exists()
        assert self.row("forecast2/1").recipe is None

    def test_a_dead_server_is_an_error_and_retires_nothing(self):
        self.register_in_mlflow("staying", 1)
        sync()
        with override_settings(MLFLOW_TRACKING_URI="http://127.0.0.1:9"):
            found = sync()
        assert found.result == "failed" and found.failed[0]["code"] == "upstream_unreachable"
        assert not self.row("staying").is_retired
        assert ExperimentSource.places()[0].state == "down"

    def test_it_cannot_be_called_and_says_why(self):
        self.register_in_mlflow("quiet", 1)
        sync()
        placements = list(self.row("quiet").placements.all())
        assert ExperimentSource.routes(placements) == {}
        assert ExperimentSource.why_unroutable("mlflow") == NOT_CALLABLE

    def test_a_sync_tells_mlflow_what_it_does_not_know_yet(self):
        Variant.objects.update(mlflow_run_id=None)
        Job.objects.all().delete()
        sync()
        assert Job.objects.get(kind="mlflow").arguments == {"variant": Variant.objects.get().pk}
        self.run_jobs()
        sync()
        assert not Job.objects.filter(kind="mlflow", state="queued").exists()
