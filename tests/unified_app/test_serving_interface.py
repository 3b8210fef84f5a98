from __future__ import annotations

import pytest

from tests.unified_app.api_case import register
from tests.unified_app.serving_case import ServingSource, ServingTestCase, models, refusal, remote, slots, state
from unified_app.errors import NoPlacement, NotFound, RegistryError, UpstreamUnreachable
from unified_app.models import ModelServingConfig, ModelServingStatus, Placement, RegistryEpoch
from unified_app.registry_manager import UnifiedRegistryManager
from unified_app.serving_interface import ensure_ready

STATUS = [
    *("model_id", "state", "reason", "endpoint", "placement", "started_at", "last_health_check"),
    *("health_status", "concurrent_requests", "total_requests", "errors"),
]
DEAD = UpstreamUnreachable("Nothing answers at its address.")


class StartTests(ServingTestCase):
    def test_a_started_model_is_ready_on_its_host_and_has_an_endpoint_a_slot_and_a_time(self):
        model = register("llama3:8b")
        assert self.serving.serve_model("llama3:8b") == "http://registry/v1/chat/completions"
        told = self.serving.get_serving_status(model.pk)
        assert list(told) == STATUS
        assert (told["state"], told["placement"], told["health_status"]) == ("ready", "one/llama3:8b", "healthy")
        assert told["started_at"] and told["last_health_check"]
        assert slots() == {model.pk}
        assert ServingSource.loaded == {("one", "llama3:8b")}

    def test_an_embedding_model_is_called_at_embeddings(self):
        register("embed:1", capabilities=["text_embedding"])
        assert self.serving.serve_model("embed:1") == "http://registry/v1/embeddings"

    def test_starting_twice_starts_once(self):
        (model,) = models(1)
        self.serving.serve_model(model)
        epoch = RegistryEpoch.current()
        self.serving.serve_model(model)
        ensure_ready(model)
        assert ServingSource.starts == ["m0:1"]
        assert RegistryEpoch.current() == epoch
        assert ModelServingStatus.objects.count() == 1

    def test_every_change_of_state_tells_the_other_processes(self):
        (model,) = models(1)
        for verb in (self.serving.serve_model, self.serving.stop_serving):
            before = RegistryEpoch.current()
            verb(model)
            assert RegistryEpoch.current() > before

    def test_a_remote_model_is_ready_as_it_is_and_takes_no_slot(self):
        model = remote("far:1")
        assert self.serving.get_serving_status(model.pk)["state"] == "ready"
        self.serving.serve_model(model.pk)
        assert self.serving.get_serving_status(model.pk)["state"] == state(model.pk) == "ready"
        assert slots() == set()

    def test_a_cloud_model_of_a_local_host_takes_no_slot_either(self):
        model = register("big:cloud", is_cloud=True)
        self.serving.serve_model(model.pk)
        assert (state(model.pk), slots()) == ("ready", set())

    def test_a_retired_model_is_not_found_and_says_so(self):
        model = register("old:1")
        UnifiedRegistryManager(by="cora").delete_model(model.pk)
        with pytest.raises(NotFound, match="retired: deleted by cora"):
            self.serving.serve_model(model.pk)

    def test_a_model_without_a_host_that_answers_has_no_placement(self):
        (model,) = models(1)
        for wrong in (Placement.State.UNREACHABLE, Placement.State.GONE):
            Placement.objects.update(state=wrong)
            with pytest.raises(NoPlacement) as caught:
                ensure_ready(model)
            assert (caught.value.code, caught.value.status_code) == ("no_placement", 503)
        assert not ModelServingStatus.objects.exists()

    def test_an_unknown_model_is_not_found(self):
        for verb in (
            self.serving.serve_model,
            self.serving.stop_serving,
            self.serving.get_serving_status,
            ensure_ready,
        ):
            with pytest.raises(NotFound):
                verb("nobody")


class PlaceTests(ServingTestCase):
    def test_when_a_host_cannot_the_next_one_starts_it(self):
        model = register("m:1", "alpha")
        register("m:1", "beta")
        ServingSource.broken["alpha"] = refusal()
        self.serving.serve_model(model.pk)
        assert self.serving.get_serving_status(model.pk)["placement"] == "beta/m:1"

    def test_when_no_host_can_it_has_failed_with_each_host_s_reason_and_holds_no_slot(self):
        model = register("m:1", "alpha")
        register("m:1", "beta")
        ServingSource.broken |= {"alpha": refusal(), "beta": DEAD}
        with pytest.raises(RegistryError) as caught:
            self.serving.serve_model(model.pk)
        assert (caught.value.code, caught.value.status_code) == ("upstream_unreachable", 503)
        told = self.serving.get_serving_status(model.pk)
        assert told["state"] == "failed"
        assert told["reason"] == caught.value.message
        assert "upstream_error at alpha: It answered 500.; upstream_unreachable at beta" in told["reason"]
        assert slots() == set()

    def test_a_failed_model_may_be_tried_again(self):
        (model,) = models(1)
        ServingSource.broken["one"] = DEAD
        with pytest.raises(RegistryError):
            ensure_ready(model)
        ServingSource.broken.clear()
        ensure_ready(model)
        told = self.serving.get_serving_status(model)
        assert (told["state"], told["reason"]) == ("ready", "")

    def test_the_host_with_the_fewest_served_models_is_taken(self):
        for name in ("m0:1", "m1:1", "m2:1"):
            for place in ("alpha", "beta"):
                register(name, place)
            self.serving.serve_model(name)
        where = [row["placement"] for row in self.serving.list_serving_models()]
        assert where == ["alpha/m0:1", "beta/m1:1", "alpha/m2:1"]

    def test_what_the_preferred_placement_holds_goes_before_a_less_busy_host(self):
        model = register("m:1", "alpha", digest="a" * 64, age=10)
        register("m:1", "beta", digest="b" * 64, age=5)
        register("other:1", "beta")
        self.serving.serve_model("other:1")
        self.serving.serve_model(model.pk)
        assert self.serving.get_serving_status(model.pk)["placement"] == "beta/m:1"

    def test_a_served_model_whose_host_went_away_is_started_elsewhere(self):
        model = register("m:1", "alpha")
        register("m:1", "beta")
        self.serving.serve_model(model.pk)
        Placement.objects.filter(place="alpha").update(state=Placement.State.UNREACHABLE)
        ensure_ready(model.pk)
        assert self.serving.get_serving_status(model.pk)["placement"] == "beta/m:1"
        assert slots() == {model.pk}


class ListTests(ServingTestCase):
    def test_it_takes_as_many_queries_for_nine_models_as_for_one(self):
        ids = models(9)
        self.serving.serve_model(ids[0])
        with self.assertNumQueries(3):
            assert len(self.serving.list_serving_models()) == 1
        for model in ids[1:]:
            self.serving.serve_model(model)
        with self.assertNumQueries(3):
            assert len(self.serving.list_serving_models()) == 9

    def test_the_configured_endpoint_is_told_instead_of_our_own(self):
        model = register("m:1")
        ModelServingConfig.objects.create(model=model, endpoint="https://proxy/v1")
        assert self.serving.serve_model("m:1") == "https://proxy/v1"
