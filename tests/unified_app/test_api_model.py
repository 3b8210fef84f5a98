from __future__ import annotations

from django.test import override_settings

from tests.unified_app.api_case import ApiTestCase, register
from tests.unified_app.fake_source import FakeSource
from unified_app.models import Alias, UnifiedModel
from unified_app.sources import Place

CURATED = {
    "category": "vision",
    "description": "Sees",
    "tags": ["new"],
    "display_name": "Eyes",
    "hidden": True,
    "owner": "ops",
    "notes": "Ask first",
}


class DemoSource(FakeSource):
    @classmethod
    def places(cls) -> list[Place]:
        return [Place("one", "http://one", is_demo=True), Place("two", "http://two")]

    @classmethod
    def texts(cls, digest: str) -> dict[str, str]:
        return {"template": f"of {digest[:4]}"}


DEMO = {"ollama": "tests.unified_app.test_api_model.DemoSource"}


class ModelTests(ApiTestCase):
    def setUp(self):
        super().setUp()
        register("acme/helper:v1")

    def test_a_model_is_found_by_id_alias_and_name_with_slashes_and_colons(self):
        Alias.objects.create(name="best", targets=["acme_helper_v1_base"])
        for called in ("acme_helper_v1_base", "best", "acme/helper:v1", "ACME/helper:v1/", "acme%2Fhelper%3Av1"):
            with self.subTest(called=called):
                assert self.get(f"/api/models/{called}")["id"] == "acme_helper_v1_base"

    def test_an_unknown_one_is_not_found(self):
        assert "'nope'" in self.error(self.client.get("/api/models/nope"), 404)["message"]

    def test_one_model_has_its_placements_versions_and_serving_state(self):
        register("acme/helper:v1", place="two", digest="b" * 64, age=1)
        body = self.get("/api/models/acme/helper:v1")
        assert [(p["host"], p["digest"][:1], p["state"]) for p in body["placements"]] == [
            ("one", "a", "available"),
            ("two", "b", "available"),
        ]
        assert {v["digest"][:1] for v in body["versions"]} == {"a", "b"}
        assert (body["version"], body["drift"]) == ("b" * 12, True)
        assert body["serving"]["state"] == "stopped"
        assert (body["retired_at"], body["retired_reason"], body["owner"], body["notes"]) == (None, "", "", "")

    @override_settings(MODEL_SOURCES=DEMO)
    def test_texts_are_those_of_the_version_and_demo_is_told_by_the_host(self):
        register("real:1", place="two", digest="c" * 64)
        assert self.get("/api/models/real:1")["texts"] == {"template": "of cccc"}
        assert {row["name"]: row["demo"] for row in self.get("/api/models")["models"]} == {
            "acme/helper:v1": True,
            "real:1": False,
        }

    @override_settings(MODEL_SOURCES={})
    def test_a_model_whose_source_is_no_longer_there_is_still_shown(self):
        assert self.get("/api/models/acme/helper:v1")["texts"] == {}


class CurationTests(ApiTestCase):
    role = "Curator"
    path = "/api/models/chat:8b"

    def setUp(self):
        super().setUp()
        register("chat:8b", description="8B chat")

    def test_curated_values_come_back_beside_the_source_s(self):
        body = self.client.patch(self.path, CURATED).json()
        assert body["overrides"] == CURATED
        assert body["source_values"] == {"category": "thinking", "description": "8B chat"}
        assert {name: body[name] for name in CURATED} == CURATED
        assert body["categories"] == ["vision"]

    def test_null_resets_every_field(self):
        self.client.patch(self.path, CURATED)
        body = self.client.patch(self.path, dict.fromkeys(CURATED)).json()
        assert set(body["overrides"].values()) == {None}
        assert (body["category"], body["description"], body["tags"], body["hidden"]) == (
            "thinking",
            "8B chat",
            [],
            False,
        )

    def test_what_is_wrong_is_told_by_field_and_nothing_is_changed(self):
        error = self.error(self.client.patch(self.path, {"category": "x", "tags": [1, ""], "owner": "me"}), 400)
        assert error["details"]["category"] == [
            "'x' is not valid. Valid are: embedding, vision, tools, thinking, cloud, external."
        ]
        assert "tags.1" in error["details"]
        error = self.error(self.client.patch(self.path, {"colour": "blue", "owner": "me"}), 400)
        assert "category, description" in error["details"]["colour"][0]
        assert UnifiedModel.objects.get().owner == ""

    def test_the_history_tells_who_changed_what(self):
        self.client.patch(self.path, {"owner": "ops"})
        body = self.get(f"{self.path}/history", page_size=1)
        assert list(body) == ["history", "count", "next", "previous"]
        entry = body["history"][0]
        assert (entry["by"], entry["field"], entry["old"], entry["new"]) == ("curator", "owner", "", "ops")
        assert (list(entry), body["count"]) == (["at", "by", "field", "old", "new"], 2)

    def test_a_deleted_model_is_retired_with_the_reason_and_can_be_restored(self):
        for _ in range(2):
            assert self.client.delete(self.path).status_code == 204
        body = self.get(self.path)
        assert (body["status"], body["retired_reason"]) == ("retired", "deleted by curator")
        assert self.client.post(f"{self.path}/restore/").json()["status"] == "available"

    def test_a_model_that_no_host_has_cannot_be_restored(self):
        self.client.delete(self.path)
        UnifiedModel.objects.get().placements.update(state="gone")
        assert self.error(self.client.post(f"{self.path}/restore"), 409)["code"] == "conflict"
