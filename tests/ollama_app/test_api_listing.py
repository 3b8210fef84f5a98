from __future__ import annotations

from tests.unified_app.api_case import ApiTestCase, register
from unified_app.models import UnifiedModel
from unified_app.registry_manager import UnifiedRegistryManager


class ListingTests(ApiTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        register("chat:8b")
        register("eyes:7b", capabilities=["text_generation", "vision", "function_calling"])
        register("far:1", capabilities=["text_generation"], is_cloud=True)
        register("gone:1")
        register("elsewhere:1")
        UnifiedRegistryManager().delete_model("gone:1")
        UnifiedModel.objects.filter(name="elsewhere:1").update(source="external")

    def test_names_stand_in_every_category_of_what_a_model_can_do(self):
        assert self.get("/api/ollama/categories")["categories"] == {
            "embedding": [],
            "vision": ["eyes:7b"],
            "tools": ["eyes:7b"],
            "thinking": ["chat:8b"],
            "cloud": ["far:1"],
        }

    def test_models_have_hyphens_in_their_capabilities(self):
        model = self.get("/api/ollama/models/tools")["models"][0]
        assert model["capabilities"] == ["function-calling", "text-generation", "vision"]

    def test_the_digest_is_that_of_the_version(self):
        register("chat:8b", place="two", digest="b" * 64, age=1)
        assert self.get("/api/ollama/models/thinking")["models"][0]["digest"] == "sha256:" + "b" * 64

    def test_an_unknown_category_names_the_valid_ones(self):
        for category in ("nope", "external", "%00"):
            with self.subTest(category=category):
                self.error(self.client.get(f"/api/ollama/models/{category}"), 404)
        message = self.client.get("/api/ollama/models/nope").json()["error"]["message"]
        assert "embedding, vision, tools, thinking, cloud" in message

    def test_queries_do_not_grow_with_the_rows(self):
        self.get("/api/ollama/categories")
        for number in range(20):
            register(f"m{number}")
        with self.assertNumQueries(3):  # key, groups, names
            self.get("/api/ollama/categories")
        with self.assertNumQueries(5):  # key, groups, models, placements, categories
            assert len(self.get("/api/ollama/models/thinking")["models"]) == 21
