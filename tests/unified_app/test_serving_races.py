"""Threads that serve and stop at the same time, with transactions of their own."""

from __future__ import annotations

import threading
from functools import partial

from django.test import override_settings

from tests.unified_app.api_case import register
from tests.unified_app.serving_case import ServingRaceCase, ServingSource, models, refusal, slots, state
from unified_app.errors import Conflict, UpstreamError
from unified_app.models import ModelServingStatus, Placement, ServingSlot
from unified_app.serving import slots as slot_table
from unified_app.serving_interface import ensure_ready


class Counting:
    """How many models the hosts held at most."""

    def __init__(self) -> None:
        self.most = 0

    def __call__(self, _: Placement) -> None:
        self.most = max(self.most, len(ServingSource.loaded) + 1)


class SlotRaceTests(ServingRaceCase):
    @override_settings(MAX_SERVING_MODELS=10, AUTO_EVICT=False)
    def test_of_twelve_models_that_twenty_threads_start_ten_run_and_the_rest_is_refused(self):
        ids, ServingSource.on_start = models(12), Counting()
        outcomes = self.at_once(*(partial(ensure_ready, ids[n % 12]) for n in range(20)))
        refused = [outcome for outcome in outcomes if outcome is not None]
        assert all(isinstance(error, Conflict) and len(error.details["serving"]) == 10 for error in refused)
        assert len(slots()) == ModelServingStatus.objects.filter(status="ready").count() == 10
        assert sorted(ServingSlot.objects.values_list("slot", flat=True)) == list(range(10))
        assert len(ServingSource.starts) == len(set(ServingSource.starts)) == 10
        assert ServingSource.on_start.most <= 10

    @override_settings(MAX_SERVING_MODELS=10)
    def test_with_eviction_all_twenty_calls_succeed_and_never_more_than_ten_run(self):
        ids, ServingSource.on_start = models(12), Counting()
        slot_table.GRACE, grace = slot_table.GRACE / 10, slot_table.GRACE
        self.addCleanup(setattr, slot_table, "GRACE", grace)
        outcomes = self.at_once(*(partial(ensure_ready, ids[n % 12]) for n in range(20)))
        assert outcomes == [None] * 20
        assert len(slots()) == ModelServingStatus.objects.filter(status="ready").count() == 10
        assert {f"m{i}:1" for i, pk in enumerate(ids) if state(pk) == "ready"} == {r for _, r in ServingSource.loaded}
        assert ServingSource.on_start.most <= 10


class FirstCallTests(ServingRaceCase):
    def test_calls_that_come_first_together_start_the_model_once_and_wait(self):
        (model,) = models(1)
        ServingSource.seconds = 0.3
        assert self.at_once(*[partial(ensure_ready, model)] * 8) == [None] * 8
        assert ServingSource.starts == ["m0:1"]
        assert ModelServingStatus.objects.filter(model_id=model).count() == 1

    def test_those_who_wait_get_the_error_of_the_start_they_waited_for(self):
        (model,) = models(1)
        ServingSource.seconds = 0.3

        def fail(_: Placement) -> None:
            raise refusal()

        ServingSource.on_start = fail
        outcomes = self.at_once(*[partial(ensure_ready, model)] * 5)
        assert {(error.code, error.status_code) for error in outcomes} == {("upstream_error", 502)}
        assert len({error.message for error in outcomes}) == 1
        assert ServingSource.starts == ["m0:1"]

    def test_a_model_that_is_stopped_while_it_starts_is_stopped_and_unloaded_again(self):
        (model,) = models(1)
        begun, go_on = threading.Event(), threading.Event()

        def wait(_: Placement) -> None:
            begun.set()
            assert go_on.wait(10)

        ServingSource.on_start = wait

        def stop() -> bool:
            assert begun.wait(10)
            try:
                return self.serving.stop_serving(model)
            finally:
                go_on.set()

        started, stopped = self.at_once(partial(ensure_ready, model), stop)
        assert isinstance(started, Conflict) and "stopped while it was starting" in started.message
        assert (stopped, state(model), slots(), ServingSource.loaded) == (True, "stopped", set(), set())


class SharedRunnerRaceTests(ServingRaceCase):
    def test_a_name_that_starts_while_its_twin_is_unloaded_waits_and_ends_loaded(self):
        for name in ("a:1", "b:1"):
            register(name, parameters={"weights_digest": "w" * 64})
        self.serving.serve_model("a:1")
        unloading, go_on = threading.Event(), threading.Event()

        def pause(_: Placement) -> None:
            unloading.set()
            go_on.wait(0.5)

        ServingSource.on_stop = pause

        def start_b() -> None:
            assert unloading.wait(10)
            ensure_ready("b:1")

        self.at_once(partial(self.serving.stop_serving, "a:1"), start_b)
        assert self.serving.get_serving_status("b:1")["state"] == "ready"
        assert ServingSource.loaded == {("one", "w" * 64)}

    def test_many_starts_and_stops_leave_rows_slots_and_hosts_that_agree(self):
        for name in ("a:1", "b:1", "c:1"):
            register(name, parameters={"weights_digest": name[0] if name == "c:1" else "w" * 64})
        calls = [
            partial(verb, name)
            for verb in (self.serving.serve_model, self.serving.stop_serving)
            for name in ("a:1", "b:1", "c:1") * 2
        ]
        for outcome in self.at_once(*calls):
            assert not isinstance(outcome, UpstreamError)
        ready = ModelServingStatus.objects.filter(status="ready").select_related("placement")
        assert set(ready.values_list("model_id", flat=True)) == slots()
        assert {("one", ServingSource.runner_of(row.placement)) for row in ready} == ServingSource.loaded
