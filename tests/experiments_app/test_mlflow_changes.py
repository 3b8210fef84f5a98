"""What is changed elsewhere reaches MLflow's queue at once."""

from __future__ import annotations

from experiments_app.models import Variant
from tests.experiments_app.experiments_case import ExperimentCase
from unified_app import aliases
from unified_app.models import Alias, Job
from unified_app.registry_manager import UnifiedRegistryManager


class ChangeTests(ExperimentCase):
    """Two variants that MLflow knows all of."""

    def setUp(self):
        super().setUp()
        self.ids = [self.make(name=name)["id"] for name in ("one", "two")]
        Variant.objects.update(mlflow_run_id="r", mlflow_told={"status": "active", "aliases": []})
        Job.objects.all().delete()

    def queued(self):
        numbers = [job.arguments["variant"] for job in Job.objects.filter(kind="mlflow")]
        return set(Variant.objects.filter(pk__in=numbers).values_list("model_id", flat=True))

    def test_an_alias_queues_its_first_model_and_no_other(self):
        aliases.save_alias(Alias(name="champion", targets=self.ids), by="eva")
        assert self.queued() == {self.ids[0]}

    def test_an_alias_that_moves_or_goes_queues_whoever_lost_it(self):
        alias = aliases.save_alias(Alias(name="champion", targets=self.ids[:1]), by="eva")
        Variant.objects.filter(model_id=self.ids[0]).update(mlflow_told={"status": "active", "aliases": ["champion"]})
        Job.objects.all().delete()
        alias.targets = self.ids[1:]
        aliases.save_alias(alias, by="eva")
        assert self.queued() == set(self.ids)
        Job.objects.all().delete()
        Alias.objects.get().delete()
        assert self.queued() == {self.ids[0]}

    def test_an_archived_variant_is_queued_whoever_archives_it(self):
        UnifiedRegistryManager().delete_model(self.ids[1])
        assert self.queued() == {self.ids[1]}

    def test_other_models_queue_nothing(self):
        UnifiedRegistryManager().delete_model(self.other.pk)
        assert not Job.objects.filter(kind="mlflow").exists()
