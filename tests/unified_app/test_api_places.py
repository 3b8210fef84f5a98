from __future__ import annotations

from django.test import override_settings

from tests.unified_app.api_case import ApiTestCase, register
from unified_app.models import Placement


class PlaceTests(ApiTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        register("chat:8b")
        register("chat:8b", place="two", digest="b" * 64)
        register("other:1")

    def test_placements_of_one_model(self):
        rows = self.get("/api/placements", model="chat:8b")["placements"]
        assert [(row["model"], row["host"]) for row in rows] == [("chat_8b_base", "one"), ("chat_8b_base", "two")]
        self.error(self.client.get("/api/placements?model=nope"), 404)

    def test_placements_by_host_source_and_state(self):
        Placement.objects.filter(place="two").update(state="gone")
        assert len(self.get("/api/placements", host="one", source="ollama")["placements"]) == 2
        assert self.get("/api/placements", host="two")["placements"] == []
        assert len(self.get("/api/placements", host="two", state="gone")["placements"]) == 1
        assert self.get("/api/placements", state="any")["count"] == 3

    def test_versions_of_one_model_the_newest_first(self):
        rows = self.get("/api/versions", model="chat:8b")["versions"]
        assert [(row["version"], row["host"]) for row in rows] == [("b" * 12, "two"), ("a" * 12, "one")]

    @override_settings(MODEL_SOURCES={"ollama": "tests.unified_app.test_api_model.DemoSource"})
    def test_sources_tell_their_hosts(self):
        source = self.get("/api/sources")["sources"][0]
        assert (source["name"], source["label"]) == ("ollama", "Fake")
        assert [(place["name"], place["demo"]) for place in source["places"]] == [("one", True), ("two", False)]


class CategoryTests(ApiTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        register("chat:8b")
        register("eyes:7b", capabilities=["vision", "function_calling"])
        register("what:1", capabilities=None)

    def test_a_model_is_listed_in_every_category_of_what_it_can_do(self):
        for category, names in (
            ("embedding", []),
            ("vision", ["eyes:7b"]),
            ("tools", ["eyes:7b"]),
            ("thinking", ["chat:8b"]),
            ("cloud", []),
            ("external", ["what:1"]),
        ):
            with self.subTest(category=category):
                body = self.get(f"/api/models/categories/{category}")
                assert list(body) == ["category", "models"]
                assert [row["name"] for row in body["models"]] == names

    def test_counts_use_the_primary_category_and_add_up(self):
        assert self.get("/api/models/categories") == {
            "categories": {"embedding": 0, "vision": 1, "tools": 0, "thinking": 1, "cloud": 0, "external": 1}
        }

    def test_an_unknown_category_names_the_valid_ones(self):
        message = self.error(self.client.get("/api/models/categories/nope"), 404)["message"]
        assert "embedding, vision, tools, thinking, cloud, external" in message

    def test_a_category_is_one_query_however_many_models_it_has(self):
        self.get("/api/models/categories/vision")
        with self.assertNumQueries(3):  # key, groups, models
            self.get("/api/models/categories/vision")
