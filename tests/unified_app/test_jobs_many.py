"""Many jobs queued at once."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from django.test import TestCase, override_settings

from unified_app import jobs
from unified_app.models import Job

KINDS = {"sync": "unified_app.syncing.run_sync_job"}


@override_settings(JOB_KINDS=KINDS)
class EnqueueManyTests(TestCase):
    def wanted(self, count: int) -> dict:
        return {f"k{number}": {"n": number} for number in range(count)}

    def test_each_key_gets_a_job_unless_it_has_an_active_one(self):
        kept = jobs.enqueue("sync", {"n": 0}, unique_key="k0")
        Job.objects.create(kind="sync", unique_key="k1", state=Job.State.DONE)
        jobs.enqueue_many("sync", self.wanted(3), by="eva")
        active = dict(Job.objects.active().values_list("unique_key", "pk"))
        assert set(active) == {"k0", "k1", "k2"} and active["k0"] == kept.pk
        assert Job.objects.get(pk=active["k2"]).arguments == {"n": 2}

    def test_any_number_costs_two_queries(self):
        for count in (1, 20):
            with self.assertNumQueries(2):
                jobs.enqueue_many("sync", self.wanted(count))
            Job.objects.all().delete()

    def test_the_first_are_woken_once_they_are_written(self):
        with patch.object(jobs, "wake") as woken, self.captureOnCommitCallbacks(execute=True):
            jobs.enqueue_many("sync", self.wanted(jobs.WOKEN_AT_ONCE + 5))
            assert not woken.called
        assert woken.call_count == jobs.WOKEN_AT_ONCE

    def test_an_unknown_kind_is_a_mistake_of_ours(self):
        with pytest.raises(LookupError):
            jobs.enqueue_many("nothing", self.wanted(1))
