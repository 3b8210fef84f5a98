from __future__ import annotations

from datetime import timedelta
from unittest import mock

import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings
from django.utils import timezone

from tests.unified_app.serving_case import ServingSource, ServingTestCase, models, refusal, slots, state
from unified_app.errors import Conflict
from unified_app.models import ModelServingStatus, ServingSlot
from unified_app.serving import health, inflight


def rest() -> None:
    """Let every served model's first moments be over."""
    ModelServingStatus.objects.update(started_at=timezone.now() - timedelta(minutes=1))


@override_settings(MAX_SERVING_MODELS=2)
class LimitTests(ServingTestCase):
    def setUp(self):
        super().setUp()
        self.first, self.second, self.third = models(3)
        for model in (self.first, self.second):
            self.serving.serve_model(model)
        rest()

    @override_settings(AUTO_EVICT=False)
    def test_without_eviction_one_more_is_refused_with_the_list(self):
        with pytest.raises(Conflict) as caught:
            self.serving.serve_model(self.third)
        assert caught.value.details == {"serving": [self.first, self.second]}
        assert state(self.third) == "stopped"
        assert slots() == {self.first, self.second}

    def test_the_least_recently_used_idle_one_makes_room_and_says_for_whom(self):
        inflight.report("p", {}, {self.first: 1}, {})
        self.serving.serve_model(self.third)
        assert slots() == {self.first, self.third}
        told = self.serving.get_serving_status(self.second)
        assert (told["state"], told["reason"]) == ("stopped", f"stopped to make room for {self.third}")
        assert ServingSource.loaded == {("one", "m0:1"), ("one", "m2:1")}

    def test_one_with_an_open_call_is_never_stopped_for_another(self):
        inflight.report("p", {self.first: 1}, {}, {})
        self.serving.serve_model(self.third)
        assert slots() == {self.first, self.third}

    def test_when_all_are_busy_one_more_is_refused(self):
        inflight.report("p", {self.first: 1, self.second: 2}, {}, {})
        with pytest.raises(Conflict, match="all of them are busy"):
            self.serving.serve_model(self.third)

    def test_one_that_has_just_started_is_left_its_slot_for_a_moment(self):
        ModelServingStatus.objects.filter(model_id=self.first).update(started_at=timezone.now())
        ModelServingStatus.objects.filter(model_id=self.first).update(last_used=timezone.now() - timedelta(hours=1))
        self.serving.serve_model(self.third)
        assert slots() == {self.first, self.third}

    def test_a_slot_is_handed_over_also_when_the_victims_host_is_dead(self):
        ServingSource.broken["one"] = refusal()
        with mock.patch.object(ServingSource, "start", lambda placement, timeout: None):
            self.serving.serve_model(self.third)
        assert self.third in slots() and len(slots()) == 2

    def test_a_failed_start_gives_its_slot_back(self):
        self.serving.stop_serving(self.second)
        ServingSource.broken["one"] = refusal()
        with pytest.raises(Exception, match="It answered 500"):
            self.serving.serve_model(self.third)
        assert slots() == {self.first}

    @override_settings(MAX_SERVING_MODELS=1)
    def test_a_lowered_limit_takes_no_new_slot_until_there_is_room(self):
        with override_settings(AUTO_EVICT=False), pytest.raises(Conflict):
            self.serving.serve_model(self.third)


class ConstraintTests(ServingTestCase):
    def test_neither_a_slot_nor_a_model_is_there_twice(self):
        first, second = models(2)
        ServingSlot.objects.create(slot=0, model_id=first)
        for slot, model in ((0, second), (1, first)):
            with pytest.raises(IntegrityError), transaction.atomic():
                ServingSlot.objects.create(slot=slot, model_id=model)

    def test_a_slot_that_nobody_uses_is_freed_by_the_reconciler(self):
        first, second = models(2)
        self.serving.serve_model(first)
        ServingSlot.objects.create(slot=7, model_id=second)
        assert health.reconcile()["slots"] == 1
        assert slots() == {first}
