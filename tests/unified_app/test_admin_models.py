from __future__ import annotations

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission

from tests.unified_app.admin_case import AdminTestCase
from tests.unified_app.plans import fetched
from unified_app.models import HistoryEntry, RegistryEpoch, UnifiedModel
from unified_app.registry_manager import UnifiedRegistryManager

ID = "llama3_8b_base"
FORM = {
    "category_override": "",
    "description_override": "",
    "display_name": "",
    "tags": "",
    "owner": "",
    "notes": "",
}


class ModelAdminTestCase(AdminTestCase):
    def setUp(self):
        super().setUp()
        self.registry = UnifiedRegistryManager(by="sync")
        self.registry.register_model(fetched("llama3:8b", capabilities=["text_generation", "function_calling"]))
        self.registry.register_model(fetched("minilm", capabilities=["text_embedding"]))
        self.page = self.url("unifiedmodel", "change", ID)

    def save(self, **changes):
        return self.client.post(self.page, {**FORM, **changes}, follow=True)

    def row(self):
        return UnifiedModel.objects.get(pk=ID)


class CurationTests(ModelAdminTestCase):
    def test_what_a_curator_saves_is_in_the_row_the_history_and_the_epoch(self):
        self.client.force_login(self.cora)
        epoch = RegistryEpoch.current()
        self.save(category_override="vision", display_name="Llama", tags="fast, german ,fast", hidden="on")
        row = self.row()
        assert (row.category, row.display_name, row.tags, row.hidden) == ("vision", "Llama", ["fast", "german"], True)
        assert RegistryEpoch.current() == epoch + 1
        entries = HistoryEntry.objects.filter(by="cora", object_id=ID).values_list("field", flat=True)
        assert set(entries) == {"category", "display_name", "tags", "hidden"}
        assert LogEntry.objects.get().object_id == ID

    def test_saving_without_a_change_writes_nothing(self):
        epoch = RegistryEpoch.current()
        self.save()
        assert RegistryEpoch.current() == epoch
        assert not HistoryEntry.objects.filter(by="root").exists()

    def test_an_override_is_reset_by_emptying_it(self):
        self.save(category_override="vision", description_override="Ours")
        assert self.row().description == "Ours"
        self.save()
        assert (self.row().category, self.row().description) == ("tools", "")

    def test_source_facts_cannot_be_posted(self):
        self.save(name="other", version="9", category="cloud", source_category="cloud", status="error", owner="us")
        row = self.row()
        assert (row.name, row.version, row.category, row.status) == ("llama3:8b", "a" * 12, "tools", "available")
        assert row.owner == "us"

    def test_the_page_marks_what_the_source_told_and_links_to_what_belongs_to_it(self):
        text = self.client.get(self.page).content.decode()
        assert "From Ollama" in text
        assert "As the source says: tools" in text
        placement, version = self.row().placements.get(), self.row().versions.get()
        for model, row in (("placement", placement), ("modelversion", version)):
            assert self.url(model, "change", row.pk) in text

    def test_somebody_who_may_only_look_sees_tags_as_words_and_no_way_to_save(self):
        self.save(tags="fast, german")
        self.otto.groups.clear()
        self.otto.is_staff = True
        self.otto.save()
        self.otto.user_permissions.add(Permission.objects.get(codename="view_unifiedmodel"))
        self.client.force_login(self.otto)
        text = self.client.get(self.page).content.decode()
        assert "fast, german" in text
        assert "_save" not in text
        assert self.save(owner="x").status_code == 403

    def test_nobody_adds_or_deletes_models(self):
        assert self.client.get(self.url("unifiedmodel", "add")).status_code == 403
        assert self.client.post(self.url("unifiedmodel", "delete", ID), {"post": "yes"}).status_code == 403
        assert "delete_selected" not in self.client.get(self.url("unifiedmodel")).content.decode()


class ActionTests(ModelAdminTestCase):
    def test_retire_and_restore_work_from_the_list_and_from_the_page(self):
        self.client.force_login(self.cora)
        response = self.act("unifiedmodel", "retire", ID)
        assert self.row().retired_reason == "deleted by cora"
        assert "retired" in self.messages(response)
        response = self.press("unifiedmodel", "restore", ID)
        assert self.row().status == "available"
        assert "restored" in self.messages(response)

    def test_a_model_that_is_nowhere_is_not_restored_and_the_others_are(self):
        self.act("unifiedmodel", "retire", ID, "minilm_base")
        self.row().placements.update(state="gone")
        response = self.act("unifiedmodel", "restore", ID, "minilm_base")
        assert "No host has this model now" in self.messages(response)
        assert self.row().status == "retired"
        assert UnifiedModel.objects.get(pk="minilm_base").status == "available"

    def test_the_category_is_chosen_on_a_page_of_its_own(self):
        asked = self.act("unifiedmodel", "set_category", ID, "minilm_base")
        assert self.row().category_override == ""
        assert "llama3:8b" in asked.content.decode()
        self.act("unifiedmodel", "set_category", ID, "minilm_base", confirmed="1", category="cloud")
        assert set(UnifiedModel.objects.values_list("category", flat=True)) == {"cloud"}
        self.act("unifiedmodel", "set_category", ID, confirmed="1", category="source")
        assert self.row().category == "tools"

    def test_a_category_that_is_none_is_asked_for_again(self):
        response = self.act("unifiedmodel", "set_category", ID, confirmed="1", category="huge")
        assert "errorlist" in response.content.decode()
        assert self.row().category == "tools"

    def test_a_curator_is_offered_no_sync_and_gets_none(self):
        self.client.force_login(self.cora)
        assert "sync_all" not in self.client.get(self.url("unifiedmodel")).content.decode()
        assert self.client.post(self.url("unifiedmodel", "do_list", "sync_all")).status_code == 403


class ListTests(ModelAdminTestCase):
    def found(self, **parameters):
        response = self.client.get(self.url("unifiedmodel"), parameters)
        return {row.name for row in response.context["cl"].result_list}

    def test_the_filters_find_what_they_say(self):
        abilities = ["text_generation", "function_calling"]
        self.registry.register_model(fetched("llama3:8b", place="two", digest="b" * 64, capabilities=abilities))
        self.save(tags='fast, "quoted", größe', owner="us")
        llama, minilm = {"llama3:8b"}, {"minilm"}
        assert self.found(listed="tools") == llama
        assert self.found(capability="text_embedding") == minilm
        assert self.found(host="two") == llama
        assert self.found(attention="drift") == llama
        assert self.found(attention="edited") == llama
        assert self.found(attention="unowned") == minilm
        for tag in ("fast", '"quoted"', "größe"):
            assert self.found(tag=tag) == llama
        assert self.found(tag="fas") == set()

    def test_the_search_finds_names_tags_and_owners(self):
        self.save(tags="german", owner="us")
        for words in ("LLAMA", "german", "us", ID):
            assert self.found(q=words) == {"llama3:8b"}

    def test_an_empty_list_says_what_fills_it_and_a_search_without_result_how_to_leave_it(self):
        assert "Nothing matches" in self.client.get(self.url("unifiedmodel"), {"q": "nosuch"}).content.decode()
        UnifiedModel.objects.all().delete()
        assert "add a host" in self.client.get(self.url("unifiedmodel")).content.decode()
