"""/api/comparisons/gates: rules made, changed, refused, held against a model by hand; the admin's part."""

from __future__ import annotations

from experiments_app.models import Gate, GateCheck
from tests.experiments_app.evaluation.results_case import ResultsCase
from tests.unified_app.api_case import register
from unified_app.models import Alias, HistoryEntry

GATES, CHECKS = "/api/comparisons/gates", "/api/comparisons/gate-checks"
GOOD, BAD = [True] * 18 + [False] * 2, [True] * 4 + [False] * 16


class GateTests(ResultsCase):
    role = "Curator"

    def setUp(self):
        super().setUp()
        self.version = self.suite()

    def make(self, **more):
        answer = self.client.post(GATES, {"name": "sums", "suite": "sums", "max_drop_points": 2, **more})
        assert answer.status_code == 201, answer.content
        return answer.json()

    def held(self, gate, model="one:1b"):
        answer = self.client.post(f"{GATES}/{gate['id']}/check", {"model": model})
        assert answer.status_code == 200, answer.content
        return answer.json()

    def test_made_listed_changed_and_deleted(self):
        made = self.make(compare_to="two:1b", p95_seconds=3)
        assert self.get(GATES, suite="sums")["gates"] == [made] and made["created_by"] == "curator"
        changed = self.client.patch(f"{GATES}/{made['id']}", {"max_drop_points": 5}).json()
        assert (changed["max_drop_points"], changed["p95_seconds"]) == (5, 3)
        assert self.client.delete(f"{GATES}/{made['id']}").status_code == 204
        assert not Gate.objects.exists()
        entries = HistoryEntry.objects.filter(kind="gate", field="max_drop_points").order_by("pk")
        assert [(entry.by, entry.old, entry.new) for entry in entries] == [
            ("curator", None, 2.0),
            ("curator", 2.0, 5.0),
        ]

    def test_only_who_curates_may_change_one(self):
        made = self.make()
        self.act_as("Evaluator")
        self.error(self.client.post(GATES, {"name": "b", "suite": "sums", "p95_seconds": 1}), 403)
        self.error(self.client.delete(f"{GATES}/{made['id']}"), 403)
        assert self.held(made)["state"] == "unknown"

    def test_what_can_be_no_rule_is_refused_by_its_field(self):
        wrong = {
            "max_drop_points": {"max_drop_points": None},
            "metric": {"metric": "charm"},
            "compare_to": {"compare_to": "nobody"},
            "p95_seconds": {"p95_seconds": -1},
            "purpose": {"purpose": "x"},
        }
        for field, body in wrong.items():
            answer = self.client.post(
                GATES, {"name": "x", "suite": "sums", "max_drop_points": 2, **body}, format="json"
            )
            assert list(self.error(answer, 400)["details"]) == [field]
        answer = self.client.post(GATES, {"name": "x", "suite": "sums", "max_drop_points": 2, "metric": "latency"})
        assert "p95_seconds" in self.error(answer, 400)["details"]["metric"][0]
        self.error(self.client.post(GATES, {"name": "x", "suite": "none", "p95_seconds": 1}), 404)
        self.make()
        answer = self.client.post(GATES, {"name": "sums", "suite": "sums", "p95_seconds": 1})
        assert "name" in self.error(answer, 400)["details"]

    def test_held_against_two_models_with_the_numbers(self):
        run = self.run_of(self.version, {self.one: BAD, self.two: GOOD})
        Alias.objects.create(name="champion", targets=[self.two.pk])
        gate = self.make(compare_to="champion")
        check = self.held(gate)
        report = check["report"]
        assert (check["state"], check["evaluation"], check["why"]) == ("failed", run.pk, "hand")
        assert (report["value"], report["other"], round(report["drop"])) == (0.2, 0.9, 70)
        assert report["low"] < report["drop"] < report["high"] and report["comparison"]["verdict"] == "b"
        assert report["compared_with"]["id"] == self.two.pk
        assert self.held(gate, "two:1b")["state"] == "passed"
        assert [row["state"] for row in self.get(CHECKS, model="one:1b")["gate_checks"]] == ["failed"]

    def test_missing_results_say_what_to_evaluate(self):
        report = self.held(self.make(compare_to="two:1b"))["report"]
        assert report["evaluate"] == {"suite": "sums", "models": [self.one.pk, self.two.pk]}

    def test_results_of_another_content_do_not_count(self):
        self.run_of(self.version, {self.one: GOOD})
        gate = self.make(max_drop_points=None, p95_seconds=2)
        assert self.held(gate)["state"] == "passed"
        register("one:1b", digest="b" * 64)
        assert "as it is now" in self.held(gate)["report"]["reasons"][0]

    def test_pass_decides_nothing_where_cases_are_only_measured(self):
        self.run_of(self.version, {self.one: [0.1] * 20, self.two: [0.9] * 20})
        check = self.held(self.make(compare_to="two:1b"))
        assert (check["state"], "'same'" in check["report"]["reasons"][0]) == ("unknown", True)
        check = self.held(self.make(compare_to="two:1b", name="measured", metric="same"))
        assert (check["state"], round(check["report"]["drop"])) == ("failed", 80)

    def test_a_model_that_answered_few_cases_is_not_judged_by_those(self):
        few = [True] * 4 + [{"state": "failed", "passed": None, "error": {"code": "timeout"}}] * 16
        self.run_of(self.version, {self.one: few, self.two: few})
        check = self.held(self.make(compare_to="two:1b"))
        assert (check["state"], "did not answer" in check["report"]["reasons"][0]) == ("unknown", True)

    def test_too_slow_is_broken_too(self):
        self.run_of(self.version, {self.one: [{"passed": True, "latency": 4.0}] * 20})
        check = self.held(self.make(max_drop_points=None, p95_seconds=3))
        assert (check["state"], check["report"]["p95"]) == ("failed", 4.0)

    def test_the_list_of_checks_has_a_fixed_number_of_queries(self):
        gate = self.make()
        counts = []
        for model in ("one:1b", "two:1b", "three:1b"):
            self.held(gate, model)
            counts.append(self.queries(lambda: self.get(CHECKS)))
        assert len(set(counts)) == 1 and GateCheck.objects.count() == 3
