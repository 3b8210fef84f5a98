from __future__ import annotations

import pytest
from django.test import TestCase

from tests.unified_app.plans import fetched
from unified_app.errors import Conflict, InvalidInput, NotFound
from unified_app.lookup import find_model
from unified_app.model_objects import UnifiedModelObject
from unified_app.models import Alias, HistoryEntry, ModelCategory, Placement, RegistryEpoch, UnifiedModel
from unified_app.registry_manager import UnifiedRegistryManager


class RegistryTestCase(TestCase):
    def setUp(self):
        self.registry = UnifiedRegistryManager(by="cora")
        self.registry.register_model(fetched("llama3:8b", capabilities=["text_generation", "function_calling"]))
        self.registry.register_model(fetched("minilm:latest", capabilities=["text_embedding"]))


class RegisterTests(RegistryTestCase):
    def test_registering_the_same_again_changes_nothing(self):
        epoch = RegistryEpoch.current()
        again = fetched("llama3:8b", capabilities=["text_generation", "function_calling"])
        assert self.registry.register_model(again) is False
        assert RegistryEpoch.current() == epoch

    def test_what_cannot_be_registered_names_the_field(self):
        for model, field in [
            (UnifiedModelObject(name=" "), "name"),
            (UnifiedModelObject(name="a"), "placements"),
            (fetched("a", model_type="giant"), "model_type"),
            (fetched("a", category="huge"), "category"),
        ]:
            with pytest.raises(InvalidInput) as caught:
                self.registry.register_model(model)
            assert list(caught.value.details) == [field]

    def test_the_object_that_comes_back_is_the_one_that_was_registered(self):
        model = self.registry.get_model("llama3_8b_base")
        assert (model.name, model.version, model.category) == ("llama3:8b", "a" * 12, "tools")
        assert UnifiedModelObject.from_dict(model.to_dict()) == model
        assert model.placements == fetched("llama3:8b").placements


class LookUpTests(RegistryTestCase):
    def test_an_id_comes_before_an_alias_and_an_alias_before_a_name(self):
        Alias.objects.create(name="llama3_8b_base", targets=["minilm_latest_base"])
        Alias.objects.create(name="llama3:8b", targets=["minilm_latest_base"])
        assert find_model("llama3_8b_base").name == "llama3:8b"
        assert find_model("LLAMA3:8b").name == "minilm:latest"

    def test_a_name_may_leave_latest_out_and_case_does_not_matter(self):
        assert find_model("MiniLM").id == "minilm_latest_base"

    def test_an_alias_falls_back_to_its_first_target_that_is_not_retired(self):
        Alias.objects.create(name="champion", targets=["gone", "llama3_8b_base", "minilm_latest_base"])
        assert find_model("champion").id == "llama3_8b_base"
        self.registry.delete_model("llama3_8b_base")
        assert find_model("champion").id == "minilm_latest_base"

    def test_an_unknown_name_is_not_found(self):
        with pytest.raises(NotFound, match="nothing-like-it"):
            find_model("nothing-like-it")

    def test_a_list_is_narrowed_by_category_type_and_source(self):
        names = [m.name for m in self.registry.list_models(category="tools")]
        assert names == ["llama3:8b"]
        assert self.registry.list_models(model_type="variant") == []
        assert len(self.registry.list_models(source="ollama")) == 2


class CurateTests(RegistryTestCase):
    def test_an_override_changes_the_column_the_categories_and_the_history(self):
        epoch = RegistryEpoch.current()
        assert self.registry.update_model("llama3_8b_base", {"category": "vision", "owner": "team a"})
        row = UnifiedModel.objects.get(pk="llama3_8b_base")
        assert (row.category, row.source_category, row.owner) == ("vision", "tools", "team a")
        categories = ModelCategory.objects.filter(model=row).values_list("category", flat=True)
        assert set(categories) == {"vision", "tools"}
        entry = HistoryEntry.objects.get(object_id=row.pk, field="category")
        assert (entry.by, entry.old, entry.new) == ("cora", "", "vision")
        assert RegistryEpoch.current() == epoch + 1

    def test_null_resets_to_what_the_source_says(self):
        self.registry.update_model("llama3_8b_base", {"category": "vision", "description": "Ours."})
        self.registry.update_model("llama3_8b_base", {"category": None, "description": None})
        row = UnifiedModel.objects.get(pk="llama3_8b_base")
        assert (row.category, row.description) == ("tools", row.source_description)

    def test_the_same_values_again_are_no_change(self):
        self.registry.update_model("llama3_8b_base", {"tags": ["a"]})
        assert self.registry.update_model("llama3_8b_base", {"tags": ["a"]}) is False

    def test_an_unknown_field_and_wrong_values_are_named(self):
        for updates in ({"name": "x"}, {"category": "huge"}, {"hidden": "yes"}, {"tags": "a,b"}, {"owner": 7}):
            with pytest.raises(InvalidInput) as caught:
                self.registry.update_model("llama3_8b_base", updates)
            assert list(caught.value.details) == list(updates)

    def test_a_deleted_model_is_retired_and_its_id_stays_taken(self):
        assert self.registry.delete_model("llama3_8b_base")
        assert self.registry.delete_model("llama3_8b_base") is False
        row = UnifiedModel.objects.get(pk="llama3_8b_base")
        assert (row.status, row.retired_reason) == ("retired", "deleted by cora")
        assert "llama3:8b" not in [m.name for m in self.registry.list_models()]

    def test_a_restored_model_is_available_again(self):
        self.registry.delete_model("llama3_8b_base")
        assert self.registry.restore_model("llama3_8b_base")
        row = UnifiedModel.objects.get(pk="llama3_8b_base")
        assert (row.status, row.retired_at, row.deleted_by) == ("available", None, "")
        assert self.registry.restore_model("llama3_8b_base") is False

    def test_a_model_that_no_host_has_cannot_be_restored(self):
        self.registry.delete_model("llama3_8b_base")
        Placement.objects.update(state=Placement.State.GONE)
        with pytest.raises(Conflict):
            self.registry.restore_model("llama3_8b_base")
