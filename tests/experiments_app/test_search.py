"""A search makes a family of variants under one experiment."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments_app.models import Experiment, Variant
from experiments_app.searching import points
from tests.experiments_app.experiments_case import ExperimentCase

SPACE = {"temperature": [0.1, 0.5], "num_predict": [16, 32, 64]}


class SearchTests(ExperimentCase):
    def search(self, **of) -> dict:
        return self.make(parameters={"seed": 7, "search": {"method": "grid", "space": SPACE, **of}})

    def test_a_grid_makes_every_point_beside_what_is_fixed(self):
        found = self.search()
        told = [row["recipe"]["parameters"] for row in found["variants"]]
        assert told == [{"seed": 7, "temperature": t, "max_tokens": n} for t in (0.1, 0.5) for n in (16, 32, 64)]
        assert [row["parameters"] for row in found["variants"]] == told
        assert found["id"] == found["variants"][0]["id"]

    def test_all_belong_to_one_experiment_and_have_names_of_their_own(self):
        rows = self.search()["variants"]
        assert {row["experiment"] for row in rows} == {Experiment.objects.get().pk}
        assert len({row["name"] for row in rows}) == len({row["id"] for row in rows}) == 6

    def test_a_given_name_is_numbered(self):
        found = self.make(parameters={"search": {"method": "grid", "space": {"seed": [1, 2]}}}, name="try")
        assert [row["name"] for row in found["variants"]] == ["try-1", "try-2"]

    def test_random_points_are_distinct_and_their_seed_is_kept(self):
        found = self.search(method="random", count=4)
        seed = Experiment.objects.get().parameters["search"]["seed"]
        told = [row["parameters"] for row in found["variants"]]
        assert len({str(sorted(point.items())) for point in told}) == 4
        again = points({"method": "random", "space": SPACE, "count": 4, "seed": seed})
        assert [point["temperature"] for point in again] == [point["temperature"] for point in told]

    def test_a_given_seed_makes_the_same_points(self):
        one, two = (self.search(method="random", count=3, seed=5)["variants"] for _ in range(2))
        assert [row["parameters"] for row in one] == [row["parameters"] for row in two]

    def test_a_space_of_any_size_can_be_drawn_from(self):
        space = {
            name: list(range(1, 1001))
            for name in ("seed", "top_k", "num_ctx", "num_batch", "max_tokens", "num_keep", "num_thread")
        }
        found = points({"method": "random", "space": space, "count": 50, "seed": 1})
        assert len({tuple(point.values()) for point in found}) == 50

    def test_many_cost_as_many_queries_as_two(self):
        counts = []
        for many in (2, 60):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                space = {"seed": list(range(many))}
                assert len(self.make(parameters={"search": {"method": "grid", "space": space}})["variants"]) == many
            counts.append(len([q for q in queries if "SAVEPOINT" not in q["sql"]]))
        # SQLite takes a limited number of values in one INSERT, which is Django's to cut in batches.
        assert counts[1] - counts[0] <= 10, counts

    def test_a_failure_writes_nothing(self):
        self.make(name="try-2")
        answer = self.send(parameters={"search": {"method": "grid", "space": {"seed": [1, 2]}}}, name="try")
        assert list(self.error(answer, 400)["details"]) == ["name"]
        assert Variant.objects.count() == 1
