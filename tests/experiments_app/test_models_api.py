"""Experimental models listed, read, archived and deleted."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments_app.models import Variant
from tests.experiments_app.experiments_case import MODELS, ExperimentCase


class ListTests(ExperimentCase):
    def ids(self, **parameters: object) -> list[str]:
        return [row["id"] for row in self.get(MODELS, **parameters)["experimental_models"]]

    def test_rows_have_the_keys_of_the_specification_and_pages(self):
        made = self.make()
        page = self.get(MODELS)
        assert (page["count"], page["next"], page["previous"]) == (1, None, None)
        (row,) = page["experimental_models"]
        assert row == {name: value for name, value in made.items() if name != "variants"}
        keys = {"id", "base_model", "experiment_type", "created_at", "mlflow_run_id", "status", "recipe", "realised"}
        assert keys <= set(row)

    def test_they_are_found_by_base_type_and_words(self):
        tuned, other = self.make(name="terse"), self.make(base_model="qwen3:8b")
        prompted = self.make("prompt_engineering", {"system": "x"}, description="For the phone.")
        assert self.ids(base_model="QWEN3:8b") == self.ids(base_model="qwen3_8b_base") == [other["id"]]
        assert self.ids(experiment_type="prompt_engineering") == [prompted["id"]]
        assert self.ids(q="terse") == [tuned["id"]] and self.ids(q="phone llama") == [prompted["id"]]
        assert self.ids(q="nothing") == []

    def test_an_order_and_pages_can_be_asked_for(self):
        made = [self.make(name=name)["id"] for name in ("b", "c", "a")]
        assert self.ids() == made[::-1] and self.ids(ordering="created_at") == made
        assert self.ids(ordering="name") == [made[2], made[0], made[1]]
        assert self.ids(page_size=2, page=2) == made[:1]

    def test_archived_ones_are_listed_only_when_asked_for(self):
        kept, gone = self.make()["id"], self.make()["id"]
        assert self.client.post(f"{MODELS}/{gone}/archive").json()["status"] == "archived"
        assert self.ids() == self.ids(status="active") == [kept]
        assert self.ids(status="archived") == [gone] and set(self.ids(status="any")) == {kept, gone}

    def test_a_wrong_filter_names_the_right_ones(self):
        for name in ("status", "experiment_type", "ordering"):
            with self.subTest(name=name):
                error = self.error(self.client.get(MODELS, {name: "x"}), 400)
                assert "Valid are" in error["details"][name][0]
        self.error(self.client.get(MODELS, {"base_model": "nobody"}), 404)

    def test_the_list_costs_the_same_for_any_number_of_rows(self):
        counts = []
        for _ in range(2):
            self.make(parameters={"search": {"method": "grid", "space": {"seed": list(range(20))}}})
            with CaptureQueriesContext(connection) as queries:
                self.get(MODELS)
            counts.append(len(queries))
        assert counts[0] == counts[1] <= 5

    def test_they_are_models_of_the_registry_too(self):
        made = self.make()
        (row,) = self.get("/api/models/unified", model_type="experimental")["models"]
        assert (row["id"], row["source"], row["category"]) == (made["id"], "mlflow", "tools")
        assert self.get(f"/api/models/{made['id']}")["name"] == made["name"]


class OneTests(ExperimentCase):
    def test_it_is_read_by_id_and_by_name(self):
        made = self.make()
        assert self.get(f"{MODELS}/{made['id']}") == self.get(f"{MODELS}/{made['name']}")
        self.error(self.client.get(f"{MODELS}/nobody"), 404)

    def test_a_model_that_is_no_variant_is_not_found_here(self):
        assert "no experimental model" in self.error(self.client.get(f"{MODELS}/{self.base.pk}"), 404)["message"]

    def test_deleting_archives_and_keeps_the_id(self):
        made = self.make()
        assert self.client.delete(f"{MODELS}/{made['id']}").status_code == 204
        assert self.get(f"{MODELS}/{made['id']}")["status"] == "archived"
        assert self.get(f"/api/models/{made['id']}")["retired_reason"] == "deleted by evaluator"
        assert self.make()["id"] != made["id"]

    def test_what_others_build_on_is_kept(self):
        made = self.make()
        upon = self.make(base_model=made["name"])
        for answer in (
            self.client.delete(f"{MODELS}/{made['id']}"),
            self.client.post(f"{MODELS}/{made['id']}/archive"),
        ):
            assert self.error(answer, 409)["details"] == {"used_by": [upon["id"]]}
        self.client.delete(f"{MODELS}/{upon['id']}")
        assert self.client.delete(f"{MODELS}/{made['id']}").status_code == 204

    def test_an_archived_one_comes_back_unless_its_base_is_gone(self):
        made = self.make()
        upon = self.make(base_model=made["name"])
        for row in (upon, made):
            self.client.post(f"{MODELS}/{row['id']}/archive")
        assert made["id"] in self.error(self.client.post(f"{MODELS}/{upon['id']}/restore"), 409)["message"]
        assert self.client.post(f"{MODELS}/{made['id']}/restore").json()["status"] == "active"
        assert self.client.post(f"{MODELS}/{upon['id']}/restore").json()["status"] == "active"

    def test_what_its_host_lost_is_told(self):
        made = self.make(realise={"host": "one"})
        assert self.get(f"{MODELS}/{made['id']}")["is_lost"] is False
        Variant.objects.update(realised=True)
        assert [row["is_lost"] for row in self.get(MODELS)["experimental_models"]] == [True]
        again = self.client.post(f"{MODELS}/{made['id']}/realise")
        assert (again.status_code, again.json()["realised"], again.json()["is_lost"]) == (202, False, False)

    def test_deleting_on_the_host_needs_an_operator(self):
        made = self.make()
        path = f"{MODELS}/{made['id']}?delete_on_host=true"
        assert "operate" in self.error(self.client.delete(path), 403)["message"]
        self.act_as("Operator")
        assert "no model of its own" in self.error(self.client.delete(path), 409)["message"]
        self.error(self.client.delete(path.replace("true", "maybe")), 400)
        assert Variant.objects.get().status == "active"
        assert self.client.delete(path.replace("true", "false")).status_code == 204

    def test_who_may_what(self):
        made = self.make()
        self.act_as("Viewer")
        assert self.get(f"{MODELS}/{made['id']}/lineage")["ancestors"]
        for answer in (
            self.client.delete(f"{MODELS}/{made['id']}"),
            self.client.post(f"{MODELS}/{made['id']}/archive"),
        ):
            self.error(answer, 403)
        self.act_as("Evaluator")
        promoted = self.client.post(f"{MODELS}/{made['id']}/promote", {"reason": "good"})
        assert "curate" in self.error(promoted, 403)["message"]
        self.act_as(None)
        self.error(self.client.get(MODELS), 401)
        assert Variant.objects.get().status == "active"
