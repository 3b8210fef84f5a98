"""/api/comparisons: a run's models compared, kept, filtered; outputs side by side."""

from __future__ import annotations

from unittest.mock import patch

from experiments_app.evaluation.results import comparisons
from experiments_app.models import EvaluationRun, KeptComparison
from tests.experiments_app.evaluation.results_case import ResultsCase

COMPARISONS, OUTPUTS = "/api/comparisons", "/api/comparisons/outputs"
GOOD, BAD = [True] * 18 + [False] * 2, [True] * 4 + [False] * 16


class ComparisonTests(ResultsCase):
    def compared(self, run: EvaluationRun, **more):
        return self.get(COMPARISONS, evaluation=run.pk, **more)

    def test_it_has_the_shape_of_the_contract(self):
        found = self.compared(self.run_of(self.suite(), {self.one: GOOD, self.two: BAD}), metric="pass")
        assert {"metric", "models", "pairs"} <= found.keys() and found["metric"] == "pass"
        assert {"model", "n", "value", "low", "high", "rank"} <= found["models"][0].keys()
        [pair] = found["pairs"]
        keys = {"a", "b", "difference", "low", "high", "p_value", "p_adjusted", "effect_size", "test", "verdict"}
        assert keys | {"cases_needed"} <= pair.keys()
        assert (pair["a"], pair["b"], pair["verdict"]) == (self.one.pk, self.two.pk, "a")
        assert [(row["model"], row["value"], row["rank"]) for row in found["models"]] == [
            (self.one.pk, 0.9, 1),
            (self.two.pk, 0.2, 2),
        ]

    def test_without_a_metric_it_is_about_what_the_suite_is_about(self):
        version = self.suite(evaluator="like")
        found = self.compared(self.run_of(version, {self.one: [0.5, 0.25] * 10, self.two: [0.75] * 20}))
        assert found["metric"] == "like" and found["models"][0]["value"] == 0.75
        assert found["metrics"][:2] == ["pass", "like"]

    def test_slices_and_filters_are_by_tag(self):
        run = self.run_of(self.suite(4), {self.one: [True, False, True, False]})
        whole, even = self.compared(run), self.compared(run, tag="even")
        assert {each["tag"]: each["models"][self.one.pk]["value"] for each in whole["tags"]} == {"even": 1, "odd": 0}
        assert (even["models"][0]["value"], even["models"][0]["n"], even["cases"]) == (1.0, 2, 2)

    def test_what_is_not_there_is_named(self):
        run = self.run_of(self.suite(), {self.one: GOOD})
        for wrong in ({"metric": "charm"}, {"tag": "purple"}, {"split": "train"}):
            answer = self.client.get(COMPARISONS, {"evaluation": run.pk, **wrong})
            [(field, [message])] = self.error(answer, 400)["details"].items()
            assert field in wrong and "There are: " in message
        self.error(self.client.get(COMPARISONS, {"evaluation": 999_999}), 404)
        assert "evaluation" in self.error(self.client.get(COMPARISONS), 400)["details"]

    def test_a_finished_one_is_kept_and_not_made_again(self):
        run = self.run_of(self.suite(), {self.one: GOOD, self.two: BAD}, conclude=False)
        first = self.compared(run)
        with patch.object(comparisons, "compare", side_effect=AssertionError):
            assert self.compared(run) == first

    def test_one_that_is_under_way_is_not_kept(self):
        self.compared(self.run_of(self.suite(), {self.one: GOOD}, state="running", conclude=False))
        assert not KeptComparison.objects.exists()

    def test_other_results_make_another_one(self):
        run = self.run_of(self.suite(2), {self.one: [True, False]})
        assert self.compared(run)["models"][0]["value"] == 0.5
        run.results.update(passed=True)
        EvaluationRun.objects.filter(pk=run.pk).update(finished_at="2030-01-01T00:00:00Z")
        assert self.compared(run)["models"][0]["value"] == 1.0

    def test_its_queries_do_not_grow_with_models(self):
        version = self.suite()
        small = self.run_of(version, {self.one: GOOD}, conclude=False)
        big = self.run_of(version, {self.one: GOOD, self.two: BAD, self.three: BAD}, conclude=False)
        self.compared(small)
        counts = [self.queries(lambda run=run: self.compared(run, metric="latency")) for run in (small, big)]
        assert counts[0] == counts[1] <= 16
        assert self.queries(lambda: self.compared(big, metric="latency")) <= 9

    def test_a_key_that_may_read_is_needed(self):
        run = self.run_of(self.suite(2), {self.one: [True, True]})
        self.act_as(None)
        self.error(self.client.get(COMPARISONS, {"evaluation": run.pk}), 401)


class OutputTests(ResultsCase):
    def setUp(self):
        super().setUp()
        told = [
            [{"passed": True, "output": "yes"}, {"passed": True, "output": "yes"}],
            [{"passed": True, "output": "four"}, {"passed": False, "output": "five"}],
            [{"passed": True, "output": "six"}, {"state": "failed", "passed": None, "output": ""}],
            [{"passed": None, "output": "?"}, {"passed": True, "output": "!"}],
            [{"passed": False, "output": "a"}, {"passed": False, "output": "b"}],
        ]
        a, b = zip(*told, strict=True)
        self.run_ = self.run_of(self.suite(5), {self.one: a, self.two: b}, conclude=False)

    def beside(self, **more):
        return self.get(OUTPUTS, evaluation=self.run_.pk, a=self.one.pk, b="two:1b", **more)

    def indexes(self, **more):
        return [row["index"] for row in self.beside(**more)["outputs"]]

    def test_each_case_has_both_outputs(self):
        found = self.beside()
        row = found["outputs"][1]
        assert (found["count"], row["a"]["output"], row["b"]["output"], row["differ"]) == (5, "four", "five", True)
        assert row["data"]["input"] == "q1" and row["tags"] == ["odd"]

    def test_only_what_differs(self):
        assert self.indexes(differ="true") == [1, 2, 3, 4]

    def test_by_who_passed(self):
        told = {who: self.indexes(passed=who) for who in ("a", "b", "both", "neither")}
        assert told == {"a": [1, 2], "b": [3], "both": [0], "neither": [4]}
        assert "passed" in self.error(self.client.get(OUTPUTS, self.query(passed="c")), 400)["details"]

    def query(self, **more):
        return {"evaluation": self.run_.pk, "a": self.one.pk, "b": self.two.pk, **more}

    def test_by_tag_and_page(self):
        assert self.indexes(tag="even") == [0, 2, 4]
        assert self.indexes(page_size=2, page=2) == [2, 3]

    def test_a_model_that_is_not_in_it_is_named(self):
        answer = self.client.get(OUTPUTS, self.query(b=self.three.pk))
        assert self.two.pk in self.error(answer, 400)["details"]["b"][0]

    def test_calls_of_tools_are_told_as_text(self):
        call = {"function": {"name": "look", "arguments": '{"at": 1}'}}
        self.run_.results.filter(case_index=0, run_model__model=self.one).update(
            output="", message={"tool_calls": [call]}
        )
        row = self.beside()["outputs"][0]
        assert row["a"]["text"] == 'look({"at": 1})' and row["differ"]

    def test_its_queries_do_not_grow_with_the_page(self):
        self.beside()
        assert self.queries(lambda: self.beside(page_size=1)) == self.queries(lambda: self.beside(page_size=5)) <= 14
