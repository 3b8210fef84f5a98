"""Gates on promotion: refused with the numbers or with what is missing, overridden with who and why."""

from __future__ import annotations

from experiments_app.models import Gate, GateCheck, Variant
from tests.experiments_app.evaluation.results_case import ResultsCase
from unified_app.models import Alias, HistoryEntry, UnifiedModel

CREATE, MODELS = "/api/experimental/create", "/api/experimental/models"
GOOD, BAD = [True] * 18 + [False] * 2, [True] * 4 + [False] * 16


class GatedPromotionTests(ResultsCase):
    role = "Curator"

    def setUp(self):
        super().setUp()
        self.version = self.suite()
        made = self.client.post(
            CREATE,
            {"base_model": "one:1b", "experiment_type": "parameter_tuning", "parameters": {"seed": 1}},
        ).json()
        self.variant = UnifiedModel.objects.get(pk=made["id"])
        Alias.objects.create(name="champion", targets=[self.two.pk])

    def gate(self, **more):
        values = {"name": "sums", "suite": self.version.suite, "compare_to": "champion", "max_drop_points": 2.0, **more}
        return Gate.objects.create(**values)

    def promote(self, **more):
        return self.client.post(f"{MODELS}/{self.variant.pk}/promote", {"reason": "It is better.", **more})

    def refused(self, **more):
        [report] = self.error(self.promote(**more), 409)["details"]["gate"]
        assert Variant.objects.get(model=self.variant).status == "active"
        return report

    def test_a_broken_gate_refuses_with_the_numbers(self):
        self.gate()
        self.run_of(self.version, {self.variant: BAD, self.two: GOOD})
        report = self.refused(alias="champion")
        assert (report["gate"], report["state"], round(report["drop"])) == ("sums", "failed", 70)
        assert report["low"] < report["drop"] < report["high"] and "70.00 points" in report["reasons"][0]
        check = GateCheck.objects.get()
        assert (check.pk, check.state, check.why) == (report["check"], "failed", "promotion")
        assert Alias.objects.get().targets == [self.two.pk]

    def test_missing_results_refuse_with_what_to_evaluate(self):
        self.gate()
        report = self.refused()
        assert report["evaluate"] == {"suite": "sums", "models": [self.variant.pk, self.two.pk]}

    def test_a_gate_that_is_kept_lets_it_pass(self):
        self.gate()
        self.run_of(self.version, {self.variant: GOOD, self.two: GOOD})
        assert self.promote(alias="champion").status_code == 200
        assert GateCheck.objects.get().state == "passed"

    def test_who_overrides_is_in_the_history_with_the_reason(self):
        self.gate()
        self.run_of(self.version, {self.variant: BAD, self.two: GOOD})
        assert self.promote(override_gates=True).json()["status"] == "promoted"
        entry = HistoryEntry.objects.get(object_id=self.variant.pk, field="promoted")
        assert (entry.by, entry.new) == ("curator", {"reason": "It is better.", "override_gates": ["sums"]})

    def test_gates_of_other_aliases_and_those_that_are_off_do_not_count(self):
        self.gate(alias="other")
        self.gate(name="off", enabled=False)
        self.gate(name="later", on_promotion=False)
        assert self.promote(alias="champion").status_code == 200 and not GateCheck.objects.exists()

    def test_a_gate_of_the_alias_counts_whatever_its_case(self):
        self.gate(alias="Champion")
        self.refused(alias="champion")

    def test_without_compare_to_it_is_held_against_what_the_alias_names(self):
        self.gate(compare_to="")
        self.run_of(self.version, {self.variant: BAD, self.two: GOOD})
        assert self.refused(alias="champion")["compared_with"]["id"] == self.two.pk

    def test_what_nothing_was_before_is_not_refused_for_ever(self):
        self.gate(compare_to="")
        self.run_of(self.version, {self.variant: BAD})
        assert self.promote(alias="brand-new").status_code == 200
        assert "nothing before" in GateCheck.objects.get().report["reasons"][0]

    def test_an_archived_variant_is_refused_before_any_gate(self):
        self.gate()
        self.client.post(f"{MODELS}/{self.variant.pk}/archive")
        assert "archived" in self.error(self.promote(), 409)["message"] and not GateCheck.objects.exists()
