"""Experiments in the admin."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from experiments_app.model_factory import ExperimentalModelFactory
from experiments_app.models import Adapter, Experiment, Variant
from tests.unified_app.admin_case import AdminTestCase, person, register
from unified_app.models import Alias

VARIANT = "experiments_app.variant"


class ExperimentAdminTests(AdminTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        register(1)
        cls.factory = ExperimentalModelFactory(by="eva")
        cls.made = cls.make()

    @classmethod
    def make(cls, base: str = "model-000", **more):
        cls.factory.create_experimental_model(base, "parameter_tuning", {"seed": 3}, **more)
        return Variant.objects.latest("pk")

    def test_lists_cost_the_same_for_any_number_of_rows(self):
        for name in ("variant", "experiment", "adapter"):
            counts = []
            for number in range(2):
                for at in range(5):
                    self.make()
                    digest = f"{name}{number}{at}".ljust(64, "0")[:64]
                    Adapter.objects.create(sha256=digest, name="a", format="gguf", size=1, created_by="x")
                with CaptureQueriesContext(connection) as queries:
                    assert self.client.get(self.url(f"experiments_app.{name}")).status_code == 200
                counts.append(len(queries))
            assert counts[0] == counts[1], (name, counts)

    def test_pages_tell_recipe_relatives_and_siblings(self):
        upon = self.make(self.made.model_id)
        page = self.client.get(self.url(VARIANT, "change", self.made.pk)).content.decode()
        assert upon.model.name in page and "parameters.seed" in page and "Nothing has changed yet" in page
        page = self.client.get(self.url("experiments_app.experiment", "change", Experiment.objects.last().pk))
        assert self.made.model.name in page.content.decode()

    def test_the_index_has_a_section(self):
        assert "Experiments" in self.client.get(reverse("admin:index")).content.decode()

    def test_a_curator_promotes_with_a_reason_and_an_alias(self):
        self.client.force_login(self.cora)
        asked = self.press(VARIANT, "promote", self.made.pk)
        assert "Reason" in asked.content.decode() and not Alias.objects.exists()
        done = self.press(VARIANT, "promote", self.made.pk, confirmed="1", reason="Best.", alias="champion")
        assert "promoted" in self.messages(done)
        self.made.refresh_from_db()
        assert self.made.status == "promoted" and Alias.objects.get().targets == [self.made.model_id]

    def test_an_alias_is_for_one(self):
        other = self.make()
        more = {"confirmed": "1", "reason": "Best.", "alias": "champion"}
        assert "one first model" in self.messages(self.act(VARIANT, "promote", self.made.pk, other.pk, **more))
        assert not Alias.objects.exists()

    def test_archived_and_restored(self):
        self.act(VARIANT, "archive", self.made.pk)
        assert Variant.objects.listed().get(pk=self.made.pk).shown_status == "archived"
        listed = self.client.get(self.url(VARIANT), {"shown": "archived"}).content.decode()
        assert self.made.model.name in listed
        self.press(VARIANT, "restore", self.made.pk)
        assert Variant.objects.listed().get(pk=self.made.pk).shown_status == "active"

    def test_what_others_build_on_is_refused_with_its_reason(self):
        upon = self.make(self.made.model_id)
        told = self.messages(self.act(VARIANT, "archive", self.made.pk))
        assert upon.model_id in told

    def test_nobody_edits_facts(self):
        for name in ("variant", "experiment", "adapter"):
            assert self.client.get(self.url(f"experiments_app.{name}", "add")).status_code == 403

    def test_an_evaluator_is_not_let_in(self):
        self.client.force_login(person("eva", "Evaluator"))
        assert self.client.get(self.url(VARIANT)).status_code == 302
