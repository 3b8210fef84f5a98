from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from tests.unified_app.api_case import register
from tests.unified_app.serving_case import ServingSource, ServingTestCase, models, remote, slots, state
from unified_app.errors import UpstreamUnreachable
from unified_app.models import ModelServingConfig, ModelServingStatus, Placement, RegistryEpoch, UnifiedModel
from unified_app.serving import health, states


def age(model_id: str, **ages: float) -> None:
    """Set times of the model's row so many seconds back."""
    now = timezone.now()
    past = {name: now - timedelta(seconds=seconds) for name, seconds in ages.items()}
    ModelServingStatus.objects.filter(model_id=model_id).update(**past)


class CheckTests(ServingTestCase):
    def setUp(self):
        super().setUp()
        self.first, self.second = models(2)
        for model in (self.first, self.second):
            self.serving.serve_model(model)
        ServingSource.looks.clear()

    def test_a_model_is_looked_at_when_its_own_interval_has_passed(self):
        ModelServingConfig.objects.create(model_id=self.first, health_check_interval=300)
        for model in (self.first, self.second):
            age(model, last_health_check=31)
        assert health.reconcile()["checked"] == 1
        checked = ModelServingStatus.objects.filter(last_health_check__gt=timezone.now() - timedelta(seconds=5))
        assert [row.model_id for row in checked] == [self.second]

    def test_one_look_at_a_host_is_for_all_its_models(self):
        register("other:1", "two")
        self.serving.serve_model("other:1")
        ServingSource.looks.clear()
        ModelServingStatus.objects.update(last_health_check=None)
        assert health.reconcile()["checked"] == 3
        assert ServingSource.looks == ["one", "two"]

    def test_a_look_that_finds_all_well_moves_no_epoch(self):
        ModelServingStatus.objects.update(last_health_check=None)
        before = RegistryEpoch.current()
        health.reconcile()
        assert RegistryEpoch.current() == before

    def test_what_the_host_evicted_is_stopped_and_only_that(self):
        ServingSource.loaded.discard(("one", "m0:1"))
        ModelServingStatus.objects.update(last_health_check=None)
        before = RegistryEpoch.current()
        health.reconcile()
        told = self.serving.get_serving_status(self.first)
        assert (told["state"], told["reason"], told["health_status"]) == ("stopped", "evicted by host", "unhealthy")
        assert (state(self.second), slots()) == ("ready", {self.second})
        assert RegistryEpoch.current() > before

    def test_a_dead_host_fails_its_models_and_restarts_nothing(self):
        ServingSource.broken["one"] = UpstreamUnreachable("Nobody is there.")
        ModelServingStatus.objects.update(last_health_check=None)
        health.reconcile()
        ServingSource.broken.clear()
        health.reconcile()
        assert {state(m) for m in (self.first, self.second)} == {"failed"}
        assert (slots(), ServingSource.starts) == (set(), ["m0:1", "m1:1"])

    def test_what_was_moved_while_its_host_was_asked_is_left_alone(self):
        rows = list(ModelServingStatus.objects.told())
        self.serving.stop_serving(self.first)
        self.serving.serve_model(self.first)
        health.look_at(rows[:1])
        ServingSource.loaded.clear()
        health.look_at(rows[:1])
        assert state(self.first) == "ready"

    def test_a_model_that_its_host_no_longer_has_is_stopped(self):
        Placement.objects.filter(model_id=self.first).update(state=Placement.State.GONE)
        Placement.objects.filter(model_id=self.second).delete()
        ModelServingStatus.objects.update(last_health_check=None)
        health.reconcile()
        for model in (self.first, self.second):
            told = self.serving.get_serving_status(model)
            assert (told["state"], told["reason"]) == ("stopped", "its host no longer has it")

    def test_a_served_model_that_a_sync_retired_is_stopped(self):
        UnifiedModel.objects.filter(pk=self.first).update(status="retired")
        assert health.reconcile()["retired"] == 1
        assert (state(self.first), slots()) == ("stopped", {self.second})
        assert ServingSource.stops == ["m0:1"]


class CrashTests(ServingTestCase):
    """What processes left that were killed in the middle."""

    def setUp(self):
        super().setUp()
        (self.model,) = models(1)

    def leave_starting(self, *, slot: bool = True, place: bool = True) -> states.Claim:
        claim = states.claim_start(self.model)
        if slot:
            health.slots.take(self.model)
        if place:
            claim.write(placement=Placement.objects.get(model_id=self.model))
        age(self.model, heartbeat_at=16)
        return claim

    def test_a_start_that_a_dead_process_left_is_stopped_and_says_so(self):
        for left in ({}, {"place": False}, {"slot": False, "place": False}):
            with self.subTest(left=left):
                self.leave_starting(**left)
                assert health.reconcile()["interrupted"] == 1
                told = self.serving.get_serving_status(self.model)
                assert (told["state"], told["reason"], slots()) == ("stopped", "its start was interrupted", set())

    def test_a_start_that_succeeded_all_the_same_is_kept(self):
        self.leave_starting()
        ServingSource.loaded.add(("one", "m0:1"))
        health.reconcile()
        assert (state(self.model), slots()) == ("ready", {self.model})

    def test_one_that_runs_without_a_slot_is_not_kept(self):
        self.leave_starting(slot=False)
        ServingSource.loaded.add(("one", "m0:1"))
        health.reconcile()
        assert (state(self.model), ServingSource.loaded) == ("stopped", set())

    def test_a_start_whose_process_lives_is_left_alone(self):
        self.leave_starting()
        age(self.model, heartbeat_at=10)
        assert health.reconcile()["interrupted"] == 0
        assert state(self.model) == "starting"

    def test_a_new_start_takes_over_at_once_and_the_dead_one_can_write_nothing(self):
        dead = self.leave_starting()
        self.serving.serve_model(self.model)
        with self.assertRaises(states.ClaimLost):
            dead.write(status="failed")
        assert state(self.model) == "ready"

    def test_a_stop_that_a_dead_process_left_is_finished(self):
        self.serving.serve_model(self.model)
        states.claim_stop(self.model)
        age(self.model, heartbeat_at=16)
        health.reconcile()
        assert (state(self.model), slots(), ServingSource.loaded) == ("stopped", set(), set())

    def test_a_remote_start_that_was_left_is_ready(self):
        model = remote("far:1")
        claim = states.claim_start(model.pk)
        claim.write(placement=Placement.objects.get(model=model))
        age(model.pk, heartbeat_at=16)
        health.reconcile()
        assert state(model.pk) == "ready"

    def test_a_source_that_is_no_longer_set_up_stops_nothing_else(self):
        self.serving.serve_model(self.model)
        Placement.objects.filter(model_id=self.model).update(source="gone")
        ModelServingStatus.objects.update(last_health_check=None)
        health.reconcile()
        assert (state(self.model), slots()) == ("stopped", set())
