"""The list of models: what the address finds, sorts and says."""

from __future__ import annotations

import re

from tests.registry_project.pages_case import PagesTestCase, add_host, register
from unified_app.models import UnifiedModel
from unified_app.registry_manager import UnifiedRegistryManager


class ModelListTests(PagesTestCase):
    def setUp(self):
        super().setUp()
        add_host("one")
        add_host("two")
        register("llama3:8b", capabilities=("text_generation", "function_calling"))
        register("bge:latest", place="two", capabilities=("text_embedding",))
        register("pixtral:12b", capabilities=("vision", "function_calling"))

    def names(self, **parameters: object) -> list[str]:
        return re.findall(r'class="name"[^>]*>([^<]+)<', self.source("/models", **parameters))

    def test_it_lists_by_name_and_counts_all(self):
        assert self.names() == ["bge:latest", "llama3:8b", "pixtral:12b"]
        assert "3 models." in self.page("/models")

    def test_the_address_filters_by_each_field(self):
        assert self.names(q="llam") == ["llama3:8b"]
        assert self.names(category="tools") == ["llama3:8b", "pixtral:12b"]
        assert self.names(primary="tools") == ["llama3:8b"]
        assert self.names(capability="text_embedding") == ["bge:latest"]
        assert self.names(host="two") == ["bge:latest"]
        assert self.names(source="ollama", host="one", q="pix") == ["pixtral:12b"]

    def test_retired_and_hidden_ones_come_when_asked_for(self):
        UnifiedRegistryManager().delete_model("llama3:8b")
        UnifiedRegistryManager().update_model("bge:latest", {"hidden": True})
        assert self.names() == ["pixtral:12b"]
        assert self.names(status="retired") == ["llama3:8b"]
        assert self.names(status="any") == ["bge:latest", "llama3:8b", "pixtral:12b"]

    def test_headings_sort_both_ways_and_keep_the_filters(self):
        UnifiedModel.objects.filter(name="llama3:8b").update(size=5 * 2**30)
        UnifiedModel.objects.filter(name="bge:latest").update(size=2**20)
        assert self.names(ordering="-size") == ["llama3:8b", "bge:latest", "pixtral:12b"]
        source = self.source("/models", ordering="size", q="l")
        assert 'aria-sort="ascending"' in source
        assert "?ordering=-size&amp;q=l" in source

    def test_what_is_not_understood_is_said(self):
        said = self.page("/models", category="magic")
        assert "not understood category: 'magic' is not valid. Valid are: embedding" in said

    def test_nothing_found_offers_the_way_back(self):
        said = self.page("/models", q="zzz")
        assert "No model fits" in said and "any state" in said

    def test_names_from_outside_cannot_break_the_page(self):
        register("<script>alert(1)</script>:x")
        register("n" * 300)
        source = self.source("/models")
        assert "<script>alert" not in source
        assert "&lt;script&gt;alert(1)&lt;/script&gt;:x" in source

    def test_pages_keep_the_filters(self):
        for number in range(60):
            register(f"many-{number:02d}:1b")
        assert len(self.names(q="many")) == 50
        assert self.names(q="many", page=2)[0] == "many-50:1b"
        assert "?q=many&amp;page=2" in self.source("/models", q="many")
        assert self.names(q="many", page="999")[0] == "many-50:1b"

    def test_the_number_of_queries_does_not_depend_on_rows(self):
        with self.assertNumQueries(10):
            self.client.get("/models")
        for number in range(40):
            register(f"more-{number}:1b", place=f"gpu{number}")
        with self.assertNumQueries(10):
            self.client.get("/models", {"q": "more", "category": "thinking", "ordering": "-updated_at"})

    def test_demo_models_carry_the_word(self):
        add_host("demo", origin="demo")
        register("toy:1b", place="demo")
        row = self.page("/models", q="toy").split("toy:1b")[-1]
        assert "demo demo" in row

    def test_display_names_are_shown(self):
        UnifiedModel.objects.filter(name="llama3:8b").update(display_name="House llama")
        assert "House llama" in self.names(q="house")
