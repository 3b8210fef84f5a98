"""The job that makes a variant a model of its own, against the demo server."""

from __future__ import annotations

import pytest
import requests

from experiments_app import realising
from experiments_app.models import Variant
from tests.demo_server import demo_mode
from tests.experiments_app.realising_case import RealisingCase, demo  # noqa: F401 - the fixture is used by its name
from unified_app.errors import Conflict
from unified_app.models import Job, Placement, UnifiedModel


class RealisingTests(RealisingCase):
    def test_the_host_has_it_and_the_registry_knows_without_a_sync(self):
        row = self.make(system="Be brief.", stop=["END"])
        assert self.run_job(row) == "done", Job.objects.latest("pk").error
        recipe = UnifiedModel.objects.get(pk=row.model_id).recipe
        assert row.realised
        assert Placement.objects.present().filter(model=recipe["model"], upstream_name=recipe["upstream_name"]).exists()
        assert self.shown(row)["system"] == "Be brief."
        assert Job.objects.filter(kind="mlflow", unique_key=f"mlflow:{row.pk}").exists()

    def test_parameters_go_under_the_hosts_names(self):
        row = self.make(kind="parameter_tuning", max_tokens=7, seed=3)
        assert self.run_job(row) == "done"
        shown = self.shown(row)["parameters"]
        assert "num_predict" in shown
        assert "max_tokens" not in shown

    def test_what_its_base_lays_over_comes_along(self):
        inner = self.make(host="", system="Be kind.")
        outer = self.make(inner.model_id, kind="parameter_tuning", seed=5)
        assert self.run_job(outer) == "done"
        shown = self.shown(outer)
        assert shown["system"] == "Be kind."
        assert "seed" in shown["parameters"]

    def test_a_name_that_is_not_ours_is_left_alone(self):
        row = self.make(system="Mine.")
        name = UnifiedModel.objects.get(pk=row.model_id).recipe["upstream_name"]
        body = {"model": name, "from": self.base.name, "system": "Theirs."}
        requests.post(f"{self.url}/api/create", json=body, timeout=5)
        assert self.run_job(row) == "failed"
        assert "not made here" in row.error
        assert row.shown_status == "failed"
        assert self.shown(row)["system"] == "Theirs."

    def test_after_a_death_in_mid_work_it_is_made_again(self):
        row = self.make(system="Again.")
        assert self.run_job(row) == "done"
        Variant.objects.filter(pk=row.pk).update(realised=False)
        realising.request_again(row.__class__.objects.listed().get(pk=row.pk), by="ann")
        assert self.run_job(row) == "done"
        assert row.realised

    def test_a_failure_is_told_and_a_retry_mends_it(self):
        row = self.make(system="Later.")
        with demo_mode(self.url, "down"):
            assert self.run_job(row) in ("queued", "failed")
        assert row.shown_status == "failed"
        assert row.error
        realising.request_again(Variant.objects.listed().get(pk=row.pk), by="ann")
        assert self.run_job(row) == "done"
        assert (row.shown_status, row.error) == ("active", "")

    def test_one_that_is_there_is_not_asked_for_again(self):
        row = self.make(system="Once.")
        self.run_job(row)
        with pytest.raises(Conflict):
            realising.request_again(row, by="ann")
