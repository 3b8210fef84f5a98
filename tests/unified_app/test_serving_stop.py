from __future__ import annotations

from tests.unified_app.api_case import register
from tests.unified_app.serving_case import ServingSource, ServingTestCase, models, remote, slots, state
from unified_app.errors import UpstreamUnreachable
from unified_app.models import ModelServingStatus, UnifiedModel
from unified_app.registry_manager import UnifiedRegistryManager
from unified_app.serving_interface import check_health

DEAD = UpstreamUnreachable("Nothing answers at its address.")


class StopTests(ServingTestCase):
    def test_a_stopped_model_is_unloaded_and_its_slot_is_free(self):
        (model,) = models(1)
        self.serving.serve_model(model)
        assert self.serving.stop_serving(model) is True
        assert (state(model), slots(), ServingSource.loaded) == ("stopped", set(), set())
        assert self.serving.stop_serving(model) is False
        assert self.serving.list_serving_models() == []

    def test_a_model_whose_host_is_dead_is_stopped_for_us_and_says_what_happened(self):
        (model,) = models(1)
        self.serving.serve_model(model)
        ServingSource.broken["one"] = DEAD
        assert self.serving.stop_serving(model) is True
        told = self.serving.get_serving_status(model)
        assert (told["state"], told["reason"]) == ("stopped", f"upstream_unreachable at one: {DEAD.message}")
        assert slots() == set()

    def test_deleting_a_served_model_stops_it_first(self):
        (model,) = models(1)
        self.serving.serve_model(model)
        UnifiedRegistryManager(by="cora").delete_model(model)
        assert (state(model), slots(), ServingSource.stops) == ("stopped", set(), ["m0:1"])
        assert UnifiedModel.objects.get(pk=model).is_retired

    def test_deleting_a_model_that_was_never_served_asks_no_host(self):
        (model,) = models(1)
        UnifiedRegistryManager(by="cora").delete_model(model)
        assert ServingSource.stops == []
        assert not ModelServingStatus.objects.exists()


class SharedRunnerTests(ServingTestCase):
    """Two names of one file at one host."""

    def setUp(self):
        super().setUp()
        for name in ("a:1", "b:1"):
            register(name, parameters={"weights_digest": "w" * 64})

    def test_stopping_one_leaves_the_other_loaded_and_the_last_one_unloads(self):
        for name in ("a:1", "b:1"):
            self.serving.serve_model(name)
        self.serving.stop_serving("a:1")
        assert (ServingSource.stops, ServingSource.loaded) == ([], {("one", "w" * 64)})
        assert self.serving.health_check("b:1")
        self.serving.stop_serving("b:1")
        assert ServingSource.loaded == set()

    def test_the_same_file_at_another_host_is_another_runner(self):
        register("c:1", "two", parameters={"weights_digest": "w" * 64})
        for name in ("a:1", "c:1"):
            self.serving.serve_model(name)
        self.serving.stop_serving("a:1")
        assert ServingSource.loaded == {("two", "w" * 64)}


class HealthCheckTests(ServingTestCase):
    def test_it_is_healthy_while_its_host_lists_it_and_stopped_when_it_was_evicted(self):
        (model,) = models(1)
        assert check_health(model) == (False, "it is stopped")
        self.serving.serve_model(model)
        assert self.serving.health_check(model) is True
        ServingSource.loaded.clear()
        assert check_health(model) == (False, "evicted by host")
        assert (state(model), slots()) == ("stopped", set())

    def test_a_dead_host_makes_it_failed_with_the_typed_message(self):
        (model,) = models(1)
        self.serving.serve_model(model)
        ServingSource.broken["one"] = DEAD
        assert check_health(model) == (False, "upstream_unreachable at one: Nothing answers at its address.")
        assert (state(model), slots()) == ("failed", set())

    def test_a_remote_model_is_healthy(self):
        assert self.serving.health_check(remote("far:1").pk) is True
