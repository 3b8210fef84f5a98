from __future__ import annotations

from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.unified_app.api_case import ApiTestCase, register
from unified_app.models import Placement, UnifiedModel
from unified_app.registry_manager import UnifiedRegistryManager


class ModelListTests(ApiTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        register("chat:8b", context_length=4096)
        register("eyes:7b", place="two", capabilities=["text_generation", "vision", "function_calling"])
        register("embed:1", capabilities=["text_embedding"], context_length=512)
        register("gone:1")
        register("secret:1")
        UnifiedRegistryManager().delete_model("gone:1")
        UnifiedRegistryManager().update_model("secret:1", {"hidden": True})

    def test_retired_and_hidden_models_are_left_out(self):
        assert self.names() == ["chat:8b", "embed:1", "eyes:7b"]

    def test_both_paths_are_the_same_list(self):
        assert self.get("/api/models")["models"] == self.get("/api/models/unified")["models"]

    def test_category_means_everything_a_model_can_do(self):
        assert self.names(category="vision") == ["eyes:7b"]
        assert self.names(category="tools") == ["eyes:7b"]
        assert self.names(category="thinking") == ["chat:8b"]

    def test_model_type(self):
        UnifiedModel.objects.filter(name="chat:8b").update(model_type="variant")
        assert self.names(model_type="variant") == ["chat:8b"]

    def test_external_sources_include_github(self):
        UnifiedModel.objects.filter(name="chat:8b").update(source="github")
        UnifiedModel.objects.filter(name="embed:1").update(source="external")
        assert self.names(source="external") == ["chat:8b", "embed:1"]
        assert self.names(source="github") == ["chat:8b"]
        assert self.names(source="ollama") == ["eyes:7b"]

    def test_status_names_one_state_and_any_means_all(self):
        assert self.names(status="retired") == ["gone:1"]
        assert self.names(status="available") == ["chat:8b", "embed:1", "eyes:7b", "secret:1"]
        assert len(self.names(status="any")) == 5

    def test_capability_takes_hyphens_too(self):
        assert self.names(capability="text_embedding") == ["embed:1"]
        assert self.names(capability="text-embedding") == ["embed:1"]

    def test_host_counts_only_placements_that_are_there(self):
        assert self.names(host="two") == ["eyes:7b"]
        Placement.objects.update(state="gone")
        assert self.names(host="two") == []

    def test_drift_is_two_digests_under_one_name(self):
        register("chat:8b", place="two", digest="b" * 64)
        register("embed:1", place="two", capabilities=["text_embedding"])
        assert self.names(drift="true") == ["chat:8b"]
        assert self.names(drift="false") == ["embed:1", "eyes:7b"]
        rows = {row["name"]: row for row in self.get("/api/models")["models"]}
        assert (rows["chat:8b"]["drift"], rows["chat:8b"]["hosts"]) == (True, ["one", "two"])
        assert (rows["embed:1"]["drift"], rows["embed:1"]["hosts"]) == (False, ["one", "two"])

    def test_search_finds_each_word_in_name_display_name_description_or_tag(self):
        UnifiedRegistryManager().update_model(
            "chat:8b", {"display_name": "Haus & Hof", "description": "Writes letters", "tags": ["Größe", 'a "b"']}
        )
        for words in ("chat", "HAUS", "letters", "Größe", 'a "b"', "hof letters 8b"):
            with self.subTest(words=words):
                assert self.names(q=words) == ["chat:8b"]
        assert self.names(q="chat nothing") == []

    def test_a_search_of_a_hundred_words_is_answered(self):
        assert self.names(q="chat " * 90) == ["chat:8b"]

    def test_ordering_puts_rows_without_a_value_last_in_both_directions(self):
        assert self.names(ordering="context_length") == ["embed:1", "chat:8b", "eyes:7b"]
        assert self.names(ordering="-context_length") == ["chat:8b", "embed:1", "eyes:7b"]
        assert self.names(ordering="-category,name") == ["eyes:7b", "chat:8b", "embed:1"]

    def test_unknown_values_are_refused_with_the_valid_ones(self):
        for name, valid in (
            ("category", "embedding, vision, tools, thinking, cloud, external"),
            ("model_type", "base, experimental, variant"),
            ("source", "ollama, external, github"),
            ("status", "available, busy, error, retired, any"),
            ("drift", "true, false"),
            ("ordering", "name, -name"),
        ):
            with self.subTest(name=name):
                error = self.error(self.client.get("/api/models", {name: "nonsense"}), 400)
                assert error["code"] == "invalid"
                assert valid in error["details"][name][0]

    def test_unknown_parameters_are_ignored(self):
        assert len(self.names(colour="blue")) == 3


class PageTests(ApiTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        for number in range(5):
            register(f"m{number}")

    def test_pages_link_to_each_other_and_keep_the_filters(self):
        body = self.get("/api/models/unified/", page_size=2, category="thinking")
        assert (body["count"], body["previous"]) == (5, None)
        assert [row["name"] for row in body["models"]] == ["m0", "m1"]
        following = self.client.get(body["next"]).json()
        assert [row["name"] for row in following["models"]] == ["m2", "m3"]
        assert "category=thinking" in following["next"] and "page=3" in following["next"]

    def test_what_is_no_number_above_zero_is_refused(self):
        for name in ("page", "page_size"):
            for value in ("0", "-1", "abc", "1.5", "", "²", "00", "\0"):
                with self.subTest(name=name, value=value):
                    error = self.error(self.client.get("/api/models", {name: value}), 400)
                    assert list(error["details"]) == [name]

    def test_a_page_beyond_the_last_is_not_found(self):
        for page in ("2", "9" * 30, "9" * 5000):
            with self.subTest(digits=len(page)):
                assert self.error(self.client.get("/api/models", {"page": page}), 404)["code"] == "not_found"

    def test_a_page_has_at_most_a_thousand_rows(self):
        assert len(self.get("/api/models", page_size="9" * 30)["models"]) == 5

    def test_queries_do_not_grow_with_the_rows(self):
        few = self._queries()
        for number in range(50):
            register(f"more{number}", place="two")
        assert len(self.get("/api/models")["models"]) == 55
        # key, groups; one for each source; count, rows, categories, placements
        assert self._queries() == few <= 6 + len(settings.MODEL_SOURCES)

    def _queries(self) -> int:
        self.get("/api/models")  # notes the key's use once a minute
        with CaptureQueriesContext(connection) as queries:
            self.get("/api/models", drift="false", q="m", category="thinking")
        return len(queries)
