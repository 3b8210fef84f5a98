from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from tests.unified_app.serving_case import ServingTestCase, models
from unified_app.models import GatewayProcess, ModelServingConfig, ModelServingStatus, RegistryEpoch, UnifiedModel
from unified_app.serving import health, inflight


def silent_for(process: str, seconds: float) -> None:
    GatewayProcess.objects.filter(pk=process).update(heartbeat_at=timezone.now() - timedelta(seconds=seconds))


class InFlightTests(ServingTestCase):
    def setUp(self):
        super().setUp()
        self.first, self.second = models(2)

    def open_calls(self, model: str) -> tuple[int, int]:
        """What the API tells, and what the column holds."""
        row = ModelServingStatus.objects.filter(model_id=model).first()
        told = self.serving.get_serving_status(model)["concurrent_requests"]
        return told, row.concurrent_requests if row else 0

    def test_the_sum_is_that_of_all_processes_and_each_learns_of_the_others(self):
        assert inflight.report("a", {self.first: 2}, {}, {}) == {}
        assert inflight.report("b", {self.first: 3, self.second: 1}, {}, {}) == {self.first: 2}
        assert inflight.report("a", {self.first: 1}, {}, {}) == {self.first: 3, self.second: 1}
        assert self.open_calls(self.first) == (4, 4)
        assert self.open_calls(self.second) == (1, 1)
        assert GatewayProcess.objects.count() == 2

    def test_the_calls_of_a_process_that_fell_silent_are_gone_within_ten_seconds(self):
        inflight.report("a", {self.first: 2}, {}, {})
        inflight.report("b", {self.first: 1}, {}, {})
        silent_for("a", 5)
        assert self.open_calls(self.first)[0] == 3
        silent_for("a", 8)
        inflight.report("b", {self.first: 1}, {}, {})
        assert self.open_calls(self.first) == (1, 1)

    def test_the_schedule_corrects_the_column_when_no_process_is_left(self):
        inflight.report("a", {self.first: 2}, {}, {})
        silent_for("a", 61)
        health.reconcile()
        assert self.open_calls(self.first) == (0, 0)
        assert not GatewayProcess.objects.exists()

    def test_a_process_that_ends_takes_its_calls_along(self):
        inflight.report("a", {self.first: 2}, {}, {})
        inflight.withdraw("a")
        assert self.open_calls(self.first) == (0, 0)

    def test_requests_and_errors_add_up_and_tell_when_the_model_was_last_used(self):
        for process in ("a", "b"):
            inflight.report(process, {}, {self.first: 5}, {self.first: 2, self.second: 1})
        told = self.serving.get_serving_status(self.first)
        assert (told["total_requests"], told["errors"]) == (10, 4)
        assert self.serving.get_serving_status(self.second)["errors"] == 2
        assert ModelServingStatus.objects.get(model_id=self.first).last_used is not None

    def test_a_model_that_the_registry_does_not_know_is_left_out(self):
        inflight.report("a", {"nobody": 1}, {"nobody": 1}, {})
        assert not ModelServingStatus.objects.exists()

    def test_a_model_is_busy_while_all_its_places_are_in_use(self):
        ModelServingConfig.objects.create(model_id=self.first, max_concurrent_requests=2)
        before = RegistryEpoch.current()
        for calls, status in ((1, "available"), (2, "busy"), (3, "busy"), (0, "available")):
            inflight.report("a", {self.first: calls, self.second: 7}, {}, {})
            assert UnifiedModel.objects.get(pk=self.first).status == status, calls
            assert UnifiedModel.objects.get(pk=self.second).status == "available"
        assert RegistryEpoch.current() == before

    def test_a_retired_model_stays_retired_whatever_is_open(self):
        UnifiedModel.objects.filter(pk=self.first).update(status="retired")
        for calls in (9, 0):
            inflight.report("a", {self.first: calls}, {}, {})
            assert UnifiedModel.objects.get(pk=self.first).status == "retired"

    def test_a_quiet_report_takes_the_same_few_queries_for_many_models(self):
        inflight.report("a", {}, {}, {})
        with self.assertNumQueries(7):
            inflight.report("a", {}, {}, {})
        models(30, "two")
        with self.assertNumQueries(7):
            inflight.report("a", {}, {}, {})
