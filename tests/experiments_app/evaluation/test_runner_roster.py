from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from experiments_app.evaluation.runner.pricing import FREE
from experiments_app.evaluation.runner.roster import Entrant, entrants
from experiments_app.models import CachedReply
from ollama_app.models import Host
from tests.experiments_app.experiments_case import ExperimentCase
from unified_app.models import ModelServingConfig, Placement, UnifiedModel
from unified_app.retention import clean_up


class Roster(ExperimentCase):
    def entrant(self, model_id: str) -> Entrant:
        return entrants([model_id])[model_id]

    def test_a_variant_runs_where_its_base_does_and_is_another_model(self):
        variant = self.entrant(self.make()["id"])
        base = self.entrant(self.base.pk)
        assert (variant.runs_on, base.runs_on) == (self.base.pk, self.base.pk)
        assert variant.fingerprint != base.fingerprint
        assert variant.is_callable and variant.price == FREE

    def test_the_fingerprint_is_of_the_content_and_follows_what_a_variant_stands_on(self):
        variant = self.make()["id"]
        before = self.entrant(self.base.pk).fingerprint, self.entrant(variant).fingerprint
        assert before == (self.entrant(self.base.pk).fingerprint, self.entrant(variant).fingerprint)
        Placement.objects.filter(model=self.base).update(digest="c" * 64)
        after = self.entrant(self.base.pk).fingerprint, self.entrant(variant).fingerprint
        assert before[0] != after[0] and before[1] != after[1]

    def test_another_host_with_the_same_content_changes_nothing(self):
        before = self.entrant(self.base.pk).fingerprint
        row = Placement.objects.get(model=self.base)
        row.pk, row.place = None, "two"
        row.save()
        assert self.entrant(self.base.pk).fingerprint == before
        assert self.entrant(self.base.pk).limit(2) == 4

    def test_an_ensemble_changes_with_its_members(self):
        parameters = {"strategy": "majority_vote", "members": [{"model": "llama3.1:8b"}, {"model": "qwen3:8b"}]}
        ensemble = self.make("ensemble", parameters, base_model="llama3.1:8b")["id"]
        before = self.entrant(ensemble)
        Placement.objects.filter(model=self.other).update(digest="c" * 64)
        after = self.entrant(ensemble)
        assert before.fingerprint != after.fingerprint
        assert (after.runs_on, after.is_callable, after.price) == (ensemble, True, FREE)

    def test_the_last_place_of_a_model_is_left_to_a_person(self):
        assert self.entrant(self.base.pk).limit(64) == 7
        ModelServingConfig.objects.create(model=self.base, max_concurrent_requests=1)
        assert self.entrant(self.base.pk).limit(64) == 1

    def test_models_of_the_demo_take_nobodys_memory(self):
        assert self.entrant(self.base.pk).is_local
        Host.objects.create(name="one", url="http://127.0.0.1:1", origin=Host.Origin.DEMO)
        assert not self.entrant(self.base.pk).is_local

    def test_a_remote_model_has_the_price_that_its_catalog_tells(self):
        Placement.objects.filter(model=self.remote).update(source="external")
        assert self.entrant(self.remote.pk).price is None
        UnifiedModel.objects.filter(pk=self.remote.pk).update(parameters={"pricing": {"prompt": "0.1"}})
        assert self.entrant(self.remote.pk).price.prompt == Decimal("0.1")

    def test_what_is_retired_or_nowhere_cannot_be_called(self):
        assert not self.entrant(self.gone.pk).is_callable
        Placement.objects.filter(model=self.base).update(state="gone")
        assert not self.entrant(self.base.pk).is_callable

    def test_many_models_take_as_many_queries_as_one(self):
        made = [self.make(parameters={"seed": seed})["id"] for seed in range(4)]
        with self.assertNumQueries(self.queries([made[0]])):
            assert len(entrants(made)) == 4

    def queries(self, ids: list[str]) -> int:
        with CaptureQueriesContext(connection) as seen:
            entrants(ids)
        return len(seen)


class Retention(ExperimentCase):
    @override_settings(RETENTION_DAYS=90)
    def test_old_replies_are_deleted_and_younger_ones_stay(self):
        for key, days in (("old", 91), ("young", 89)):
            CachedReply.objects.create(key=key, reply={})
            CachedReply.objects.filter(key=key).update(created_at=timezone.now() - timedelta(days=days))
        assert clean_up()["cached_replies"] == 1
        assert list(CachedReply.objects.values_list("key", flat=True)) == ["young"]
