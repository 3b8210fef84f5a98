"""Promotion: experimental -> variant -> alias, with who, when and why."""

from __future__ import annotations

from experiments_app.models import Variant
from tests.experiments_app.experiments_case import MODELS, ExperimentCase
from unified_app.models import Alias, AliasChange, HistoryEntry, RegistryEpoch, UnifiedModel


class PromotionTests(ExperimentCase):
    role = "Curator"

    def promote(self, model_id: str, **body: object):
        return self.client.post(f"{MODELS}/{model_id}/promote", {"reason": "Wins by 4 points.", **body})

    def test_it_becomes_a_variant(self):
        made, before = self.make(), RegistryEpoch.current()
        found = self.promote(made["id"]).json()
        assert (found["status"], found["model_type"]) == ("promoted", "variant") and found["promoted_at"]
        assert UnifiedModel.objects.get(pk=made["id"]).model_type == "variant"
        assert RegistryEpoch.current() > before and not Alias.objects.exists()

    def test_who_and_why_are_kept(self):
        made = self.make()
        self.promote(made["id"], alias="champion")
        entry = HistoryEntry.objects.get(kind="model", object_id=made["id"], field="promoted")
        assert (entry.by, entry.new) == ("curator", {"reason": "Wins by 4 points.", "alias": "champion"})
        change = AliasChange.objects.get(alias="champion")
        assert (change.by, change.reason) == ("curator", "Wins by 4 points.")
        assert (change.before, change.after) == ([], [made["id"]])

    def test_an_alias_gets_it_first_and_keeps_its_fallbacks(self):
        Alias.objects.create(name="Champion", targets=[self.base.pk, self.other.pk])
        made = self.make()
        self.promote(made["id"], alias="champion")
        assert Alias.objects.get().targets == [made["id"], self.other.pk]
        assert AliasChange.objects.get().before == [self.base.pk, self.other.pk]

    def test_an_alias_that_no_call_could_reach_undoes_it_all(self):
        made = self.make()
        assert self.error(self.promote(made["id"], alias=self.base.pk), 400)["details"]["alias"]
        assert Variant.objects.get().status == "active"

    def test_a_reason_is_asked_for(self):
        made = self.make()
        for body in ({}, {"reason": " "}):
            answer = self.client.post(f"{MODELS}/{made['id']}/promote", body)
            assert list(self.error(answer, 400)["details"]) == ["reason"]

    def test_what_cannot_be_called_is_not_promoted(self):
        made = self.make()
        self.client.post(f"{MODELS}/{made['id']}/archive")
        assert "archived" in self.error(self.promote(made["id"]), 409)["message"]

    def test_archived_and_back_it_is_still_promoted(self):
        made = self.make()
        self.promote(made["id"])
        self.client.post(f"{MODELS}/{made['id']}/archive")
        assert self.client.post(f"{MODELS}/{made['id']}/restore").json()["status"] == "promoted"
