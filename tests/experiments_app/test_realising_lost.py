"""Models on a host that vanish, or are deleted there with their variant; against the demo server."""

from __future__ import annotations

import pytest
import requests

from experiments_app import host_models, promoting, realising
from experiments_app.models import Variant
from ollama_app.models import Host
from tests.demo_server import demo_mode
from tests.experiments_app.realising_case import RealisingCase, demo  # noqa: F401 - the fixture is used by its name
from tests.ollama_app.ollama_server import sync
from unified_app.errors import Conflict, NotFound, UpstreamError
from unified_app.models import Placement, UnifiedModel


class LostTests(RealisingCase):
    def setUp(self):
        super().setUp()
        self.row = self.make(system="Be there.")
        assert self.run_job(self.row) == "done"
        self.name = UnifiedModel.objects.get(pk=self.row.model_id).recipe["upstream_name"]
        self.addCleanup(self.delete_at_host)

    def delete_at_host(self) -> None:
        requests.delete(f"{self.url}/api/delete", json={"model": self.name}, timeout=5)

    def is_at_host(self) -> bool:
        return requests.post(f"{self.url}/api/show", json={"model": self.name}, timeout=5).status_code == 200

    def listed(self) -> Variant:
        return Variant.objects.listed().get(pk=self.row.pk)

    def test_one_that_its_host_lost_says_so_and_is_made_again(self):
        assert not self.listed().is_lost
        before = UnifiedModel.objects.get(pk=self.row.model_id).recipe
        self.delete_at_host()
        sync()
        assert self.listed().is_lost
        again = realising.request_again(self.listed(), by="ann")
        assert not again.realised and not again.is_lost
        assert self.run_job(self.row) == "done"
        assert self.is_at_host()
        assert UnifiedModel.objects.get(pk=self.row.model_id).recipe == before
        assert not self.listed().is_lost

    def test_deleted_with_its_host_both_are_gone_and_a_restored_one_is_made_again(self):
        model = UnifiedModel.objects.get(pk=self.row.model_id).recipe["model"]
        host_models.delete(self.listed(), by="ann")
        assert not self.is_at_host()
        assert not Placement.objects.present().filter(model=model).exists()
        row = self.listed()
        assert (row.shown_status, row.realised, row.is_lost) == ("archived", False, False)
        promoting.restore(row, by="ann")
        realising.request_again(self.listed(), by="ann")
        assert self.run_job(self.row) == "done"
        assert self.is_at_host()

    def test_a_host_that_is_down_changes_nothing(self):
        with demo_mode(self.url, "down"), pytest.raises(UpstreamError):
            host_models.delete(self.listed(), by="ann")
        row = self.listed()
        assert (row.shown_status, row.realised) == ("active", True)
        Host.objects.update(enabled=False)
        with pytest.raises(NotFound, match="one"):
            host_models.delete(self.listed(), by="ann")
        assert self.listed().shown_status == "active"

    def test_one_that_is_gone_there_already_is_deleted_all_the_same(self):
        self.delete_at_host()
        host_models.delete(self.listed(), by="ann")
        assert self.listed().shown_status == "archived"

    def test_while_others_build_on_either_both_stay(self):
        made = UnifiedModel.objects.get(pk=self.row.model_id).recipe["model"]
        for base in (self.row.model_id, made):
            user = self.make(base, host="", system="On top.")
            with pytest.raises(Conflict) as refused:
                host_models.delete(self.listed(), by="ann")
            assert refused.value.details == {"used_by": [user.model_id]}
            promoting.archive(Variant.objects.listed().get(pk=user.pk), by="ann")
        assert self.is_at_host() and self.listed().shown_status == "active"

    def test_an_overlay_and_one_that_is_being_made_are_left_alone(self):
        for row in (self.make(host="", system="Thin."), self.make(system="Soon.")):
            with pytest.raises(Conflict):
                host_models.delete(Variant.objects.listed().get(pk=row.pk), by="ann")
            assert Variant.objects.listed().get(pk=row.pk).shown_status == "active"
