"""Leaderboards and trends: which results count, and what changed between them."""

from __future__ import annotations

from experiments_app.models import RunModel
from tests.experiments_app.evaluation.results_case import ResultsCase
from tests.unified_app.api_case import register
from unified_app.registry_manager import UnifiedRegistryManager

BOARD, TREND = "/api/comparisons/leaderboard", "/api/comparisons/trend"
GOOD, BAD = [True] * 18 + [False] * 2, [True] * 4 + [False] * 16


class LeaderboardTests(ResultsCase):
    def board(self, **more):
        [board] = self.get(BOARD, **more)["boards"]
        return board

    def values(self, **more):
        return {row["model"]: row["value"] for row in self.board(**more)["models"]}

    def test_the_newest_results_of_each_model_count(self):
        version = self.suite()
        self.run_of(version, {self.one: BAD, self.two: BAD})
        self.run_of(version, {self.one: GOOD})
        assert self.values(suite="sums") == {self.one.pk: 0.9, self.two.pk: 0.2}

    def test_models_of_different_runs_are_compared_on_the_same_cases(self):
        version = self.suite()
        for model, told in ((self.one, GOOD), (self.two, BAD), (self.three, GOOD)):
            self.run_of(version, {model: told})
        board = self.board(suite=version.suite_id)
        assert {row["model"]: row["rank"] for row in board["models"]} == {
            self.one.pk: 1,
            self.three.pk: 1,
            self.two.pk: 3,
        }
        assert board["pareto"] and board["models"][0]["at"] and "pairs" not in board

    def test_results_on_an_older_content_do_not_count(self):
        self.run_of(self.suite(20), {self.one: GOOD})
        newer = self.suite(19)
        assert self.board(suite="sums")["models"] == []
        self.run_of(newer, {self.two: GOOD[:19]})
        board = self.board(suite="sums")
        assert [row["model"] for row in board["models"]] == [self.two.pk] and board["suite"]["version"] == 2

    def test_what_is_not_whole_does_not_count(self):
        version = self.suite()
        self.run_of(version, {self.one: GOOD}, split="test")
        self.run_of(version, {self.one: GOOD}, tags=["even"])
        self.run_of(version, {self.one: GOOD}, state="stopped")
        self.run_of(version, {self.one: GOOD}, state="running", conclude=False)
        assert self.board(suite="sums")["models"] == []

    def test_retired_models_are_left_out(self):
        self.run_of(self.suite(), {self.one: GOOD, self.two: BAD})
        UnifiedRegistryManager().delete_model(self.one.pk)
        assert list(self.values(suite="sums")) == [self.two.pk]

    def test_a_category_has_a_board_for_each_of_its_suites(self):
        for name, category in (("a", "tools"), ("b", "tools"), ("c", "vision"), ("empty", "tools")):
            version = self.suite(name=name, category=category)
            if name != "empty":
                self.run_of(version, {self.one: GOOD})
        assert [board["suite"]["name"] for board in self.get(BOARD, category="tools")["boards"]] == ["a", "b"]
        assert len(self.get(BOARD)["boards"]) == 3
        assert "category" in self.error(self.client.get(BOARD, {"category": "cats"}), 400)["details"]

    def test_its_queries_do_not_grow_with_suites(self):
        counts = []
        for name in ("a", "b", "c"):
            self.run_of(self.suite(name=name), {self.one: GOOD, self.two: BAD})
            self.get(BOARD)
            counts.append(self.queries(lambda: self.get(BOARD)))
        assert len(set(counts)) == 1 and counts[0] <= 8, counts


class TrendTests(ResultsCase):
    def points(self, **more):
        return self.get(TREND, suite="sums", model="one:1b", **more)["points"]

    def test_a_point_for_each_run_with_what_changed(self):
        version = self.suite()
        self.run_of(version, {self.one: GOOD})
        self.run_of(version, {self.one: GOOD})
        register("one:1b", digest="b" * 64)
        self.run_of(version, {self.one: BAD})
        self.run_of(self.suite(19), {self.one: BAD[:19]})
        points = self.points()
        assert [point["changed"] for point in points] == [[], [], ["model"], ["suite"]]
        assert [point["value"] for point in points][:3] == [0.9, 0.9, 0.2]
        assert all(point["low"] < point["value"] < point["high"] for point in points)
        found = points[2]["difference"]
        assert (round(found["difference"], 6), found["verdict"]) == (-0.7, "b")
        assert [point["difference"] for point in (*points[:2], points[3])] == [None] * 3

    def test_other_metrics(self):
        self.run_of(self.suite(), {self.one: GOOD})
        [point] = self.points(metric="latency")
        assert (point["value"], self.get(TREND, suite="sums", model="one:1b")["metric"]) == (1.0, "pass")

    def test_a_model_without_runs_has_no_points(self):
        self.suite()
        assert self.points() == [] and not RunModel.objects.exists()

    def test_its_queries_do_not_grow_with_runs(self):
        version = self.suite()
        counts = []
        for digest in "bcd":
            self.run_of(version, {self.one: GOOD})
            register("one:1b", digest=digest * 64)
            self.points()
            counts.append(self.queries(self.points))
        assert len(set(counts[1:])) == 1 and counts[-1] <= 12, counts
