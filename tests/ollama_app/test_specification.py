from __future__ import annotations

import inspect

import pytest
from django.test import TestCase

from ollama_app.category_loader import OLLAMA_CATEGORIES, OllamaCategoryLoader, OllamaModel
from ollama_app.model_loader import OllamaModelLoader
from ollama_app.models import Host
from ollama_app.registry_sync import OllamaRegistrySync
from tests import nasty_server as nasty
from tests.ollama_app.ollama_server import OllamaServer, chat, digest, model, only_host, row, run_details, show_of
from unified_app.errors import NotFound, UpstreamInvalid
from unified_app.model_objects import SyncResult
from unified_app.models import Placement, SyncRun, UnifiedModel
from unified_app.registry_manager import UnifiedRegistryManager


class SignatureTests(TestCase):
    def test_names_and_arguments_are_the_specifications(self):
        for method, arguments in {
            OllamaCategoryLoader.load_models_by_category: ["self", "category"],
            OllamaCategoryLoader.sync_all_categories: ["self"],
            OllamaCategoryLoader.get_model_details: ["self", "model_name"],
            OllamaModelLoader.__init__: ["self", "category_loader"],
            OllamaModelLoader.load_model: ["self", "model_name"],
            OllamaModelLoader.load_models_batch: ["self", "model_names"],
            OllamaModelLoader.validate_model: ["self", "model_name"],
            OllamaRegistrySync.__init__: ["self", "model_loader", "unified_registry"],
            OllamaRegistrySync.sync_models: ["self"],
            OllamaRegistrySync.sync_category: ["self", "category"],
            OllamaRegistrySync.update_model: ["self", "model_name"],
        }.items():
            with self.subTest(method.__qualname__):
                assert list(inspect.signature(method).parameters) == arguments

    def test_the_loader_reads_the_usual_address_unless_told(self):
        first, *rest = list(inspect.signature(OllamaCategoryLoader).parameters.values())
        assert (first.name, first.default) == ("ollama_base_url", "http://localhost:11434")
        assert all(argument.kind is argument.KEYWORD_ONLY for argument in rest)
        assert OllamaCategoryLoader().base_url == "http://localhost:11434"


class Library(TestCase):
    def setUp(self):
        self.server = self.enterContext(
            OllamaServer(
                row("embedder:1", capabilities=["embedding"], details={"embedding_length": 384, "context_length": 512}),
                row("eyes:1", capabilities=["completion", "vision", "tools"]),
                row("thinker:1", capabilities=["completion", "thinking"]),
                chat("plain:latest"),
                row("big:cloud", capabilities=["completion", "tools"], remote_host="https://ollama.com:443"),
            )
        )
        self.loader = OllamaCategoryLoader(self.server.url)


class CategoryLoaderTests(Library):
    def test_a_category_is_a_list_of_its_models(self):
        (found,) = self.loader.load_models_by_category("embedding")
        assert (found["name"], found["size"]) == ("embedder:1", 1000)
        assert found["digest"] == f"sha256:{digest('embedder:1')}"
        assert found["capabilities"] == ["text-embedding"]
        assert {"embedding_dimension": 384, "max_tokens": 512}.items() <= found["parameters"].items()

    def test_all_categories_come_from_one_listing(self):
        found = self.loader.sync_all_categories()
        assert tuple(found) == OLLAMA_CATEGORIES
        assert {category: [m["name"] for m in models] for category, models in found.items()} == {
            "embedding": ["embedder:1"],
            "vision": ["eyes:1"],
            "tools": ["big:cloud", "eyes:1"],
            # A chat model with no other ability is primarily listed here.
            "thinking": ["plain:latest", "thinker:1"],
            "cloud": ["big:cloud"],
        }
        assert len(self.server.paths("/api/tags")) == 1

    def test_an_unknown_category_names_the_valid_ones(self):
        with pytest.raises(NotFound, match="embedding, vision, tools, thinking, cloud"):
            self.loader.load_models_by_category("audio")

    def test_details_hold_the_texts_and_the_counts(self):
        self.server.shows["plain:latest"] = show_of(["completion"], system="Be kind.")
        found = self.loader.get_model_details("Plain")
        assert (found["name"], found["category"], found["system"]) == ("plain:latest", "thinking", "Be kind.")
        assert (found["license"], found["parameters"]["parameter_count"]) == ("MIT", 8_190_735_360)

    def test_show_is_cached_by_digest(self):
        self.server.rows = [row("a:1", "same"), row("b:1", "same")]
        for _ in range(3):
            self.loader.sync_all_categories()
        assert len(self.server.asked) == 1
        self.server.rows[0] = row("a:1", "changed")
        self.loader.sync_all_categories()
        assert len(self.server.asked) == 2

    def test_a_host_that_cannot_be_read_is_an_error_and_no_empty_list(self):
        self.server.answers["/api/tags"] = nasty.html(200)
        with pytest.raises(UpstreamInvalid):
            self.loader.load_models_by_category("tools")


class ModelLoaderTests(Library):
    def setUp(self):
        super().setUp()
        self.models = OllamaModelLoader(self.loader)

    def test_a_model_is_loaded_by_name(self):
        found = self.models.load_model("eyes:1")
        assert isinstance(found, OllamaModel)
        assert (found.primary, found.categories) == ("vision", ["vision", "tools"])

    def test_a_model_that_the_host_lacks_is_an_error(self):
        with pytest.raises(NotFound, match="nope"):
            self.models.load_model("nope")

    def test_a_batch_keeps_the_order_and_reads_once(self):
        found = self.models.load_models_batch(["thinker:1", "plain", "EMBEDDER:1"])
        assert [m.tag.name for m in found] == ["thinker:1", "plain:latest", "embedder:1"]
        assert len(self.server.paths("/api/tags")) == 1
        with pytest.raises(NotFound, match=r"lacks: no:1, no:2"):
            self.models.load_models_batch(["no:1", "plain", "no:2"])

    def test_a_model_is_valid_when_the_host_has_it(self):
        assert self.models.validate_model("plain:latest") is True
        assert self.models.validate_model("plain:2") is False
        self.server.answers["/api/tags"] = nasty.html(500)
        with pytest.raises(Exception, match="500"):
            self.models.validate_model("plain")

    def test_only_the_models_asked_for_are_shown(self):
        self.server.rows = [row(f"m{i}:1") for i in range(9)]
        self.models.load_model("m3:1")
        self.models.load_models_batch(["m4:1", "m5:1"])
        assert sorted(self.server.asked) == ["m3:1", "m4:1", "m5:1"]


class RegistrySyncTests(Library):
    def setUp(self):
        super().setUp()
        only_host(self.server)
        self.sync = OllamaRegistrySync(OllamaModelLoader(self.loader), UnifiedRegistryManager(by="grace"))

    def test_the_whole_host_is_synced_and_says_who_did_it(self):
        result = self.sync.sync_models()
        assert isinstance(result, SyncResult)
        assert (result.result, result.created, result.synced_models) == ("success", 5, 5)
        assert SyncRun.objects.get().by == "grace"
        assert self.sync.sync_models().unchanged == 5

    def test_one_category_is_brought_up_to_date_and_nothing_retires(self):
        result = self.sync.sync_category("tools")
        assert (result.created, result.categories) == (2, {"cloud": 1, "vision": 1})
        self.server.rows = [chat("plain:latest")]
        assert self.sync.sync_category("thinking").created == 1
        assert set(UnifiedModel.objects.values_list("status", flat=True)) == {"available"}
        with pytest.raises(NotFound):
            self.sync.sync_category("audio")

    def test_one_model_is_brought_up_to_date(self):
        assert self.sync.update_model("plain") is True
        assert UnifiedModel.objects.count() == 1
        assert self.sync.update_model("plain") is False
        with pytest.raises(NotFound):
            self.sync.update_model("nope")

    def test_an_update_loses_no_details_that_were_known(self):
        self.sync.sync_models()
        run_details()
        again = OllamaRegistrySync(OllamaModelLoader(OllamaCategoryLoader(self.server.url)), UnifiedRegistryManager())
        assert again.update_model("plain") is False
        assert model("plain:latest").parameters["license"] == "MIT"

    def test_what_it_asked_is_not_asked_by_the_next_sync(self):
        self.server.rows = [row("old:1")]
        self.sync.update_model("old:1")
        self.sync.sync_models()
        assert self.server.asked == ["old:1"]

    def test_it_reads_through_the_given_loader(self):
        calls = []
        read = self.loader.client.tags
        self.loader.client.tags = lambda: calls.append("tags") or read()
        self.sync.sync_models()
        assert calls == ["tags"]

    def test_a_host_that_nobody_registered_is_an_error(self):
        Host.objects.all().delete()
        with pytest.raises(NotFound, match="Add it first"):
            self.sync.sync_models()
        assert not Placement.objects.exists()
