"""The front page: its sentence, its numbers, its news and its empty states."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from tests.registry_project.pages_case import PagesTestCase, add_host, register
from unified_app.models import HistoryEntry, Job, SyncRun, UnifiedModel
from unified_app.registry_manager import UnifiedRegistryManager


class StatusLineTests(PagesTestCase):
    def test_it_counts_models_and_hosts(self):
        add_host("one")
        add_host("two")
        register("llama3:8b")
        register("bge:latest", capabilities=("text_embedding",))
        assert "2 models on 2 hosts, both answer." in self.page("/")

    def test_it_names_the_host_that_is_down_and_since_when(self):
        add_host("one")
        add_host("gpu2", "down", down_since=timezone.now().replace(hour=0, minute=14))
        register("llama3:8b")
        assert "1 model on 2 hosts, gpu2 is down since 00:14 UTC" in self.page("/")

    def test_it_counts_when_several_are_down(self):
        for number in range(3):
            add_host(f"gpu{number}", "down", down_since=timezone.now())
        register("llama3:8b")
        assert "3 hosts, 3 are down" in self.page("/")

    def test_retired_and_hidden_models_do_not_count(self):
        add_host("one")
        for name in ("kept:1b", "gone:1b", "hidden:1b"):
            register(name)
        manager = UnifiedRegistryManager()
        manager.delete_model("gone:1b")
        manager.update_model("hidden:1b", {"hidden": True})
        assert "1 model on 1 host, which answers." in self.page("/")


class EmptyTests(PagesTestCase):
    def test_a_host_that_is_down_is_told_with_its_error(self):
        add_host("one", "down", down_since=timezone.now(), last_error="Nothing answers at http://one.example:11434.")
        said = self.page("/")
        assert "No models yet on 1 host, one is down since" in said
        assert "Nothing answers at http://one.example:11434." in said
        assert "ollama serve" in said and "OLLAMA_HOSTS=" in said

    def test_a_host_without_models_is_told_what_fills_it(self):
        add_host("one")
        assert "answers, but has no models. Pull one there: ollama pull" in self.page("/")

    def test_only_those_who_may_are_sent_to_the_admin(self):
        assert "/admin/" not in self.source("/")
        self.act_as("Operator")
        assert "/admin/ollama_app/host/add/" in self.source("/")


class ContentTests(PagesTestCase):
    def setUp(self):
        super().setUp()
        add_host("one")
        register("llama3:8b")

    def test_numbers_link_to_the_list_that_they_count(self):
        source = self.source("/")
        assert "/models?primary=thinking" in source and "/models?source=ollama" in source
        assert "1 model of main category thinking" in self.page("/models", primary="thinking")

    def test_the_call_has_this_sites_address_and_says_where_keys_are(self):
        said = self.page("/")
        assert 'curl -H "Authorization: Bearer $REGISTRY_KEY"' in said
        assert "'http://testserver/api/models/unified?page_size=20'" in said
        assert "paste a key from http://testserver/account" in said

    def test_the_example_of_the_gateway_is_the_smallest_model_that_chats(self):
        for name, size, does in (("big:70b", 40, "text_generation"), ("small:1b", 1, "text_generation")):
            register(name, capabilities=(does,))
            UnifiedModel.objects.filter(name=name).update(size=size)
        register("elsewhere:cloud")
        UnifiedModel.objects.filter(name="elsewhere:cloud").update(size=0, source_category="cloud")
        said = self.page("/")
        assert 'model="small:1b"' in said and 'base_url="http://testserver/v1"' in said
        assert "big:70b" not in said.split("How to call it")[1]

    def test_without_a_model_that_chats_there_is_no_example(self):
        UnifiedModel.objects.all().delete()
        register("bge:latest", capabilities=("text_embedding",))
        said = self.page("/").split("How to call it")[1]
        assert "/v1" not in said and "/api/models/unified" in said

    def test_a_demo_host_brings_the_banner_to_every_page(self):
        assert "Demo." not in self.page("/")
        add_host("demo", origin="demo")
        for path in ("/", "/models", "/jobs"):
            assert "come from built-in stand-ins" in self.page(path)

    def test_news_tell_what_is_new_changed_vanished_and_back(self):
        def entry(minutes: int, field: str, old: object, new: object) -> None:
            at = timezone.now() + timedelta(minutes=minutes)
            HistoryEntry.objects.create(
                kind="model", object_id="llama3_8b_base", at=at, by="sync", field=field, old=old, new=new
            )

        entry(1, "version", "aaa", "bbb")
        entry(2, "status", "available", "retired")
        entry(3, "status", "retired", "available")
        entry(4, "placement", "two", None)
        news = self.page("/").split("What changed")[1].split("Last syncs")[0]
        order = [news.index(word) for word in ("left a host", "returned", "vanished", "changed", "new")]
        assert order == sorted(order)
        assert "aaa → bbb" in news and "from two" in news

    def test_news_of_one_moment_are_one_line_that_counts_all(self):
        at = timezone.now() + timedelta(minutes=1)
        HistoryEntry.objects.bulk_create(
            HistoryEntry(kind="model", object_id=f"m{n}", at=at, by="sync", field="created", new=f"m{n}")
            for n in range(1000)
        )
        assert "and 996 more" in self.page("/")

    def test_jobs_that_failed_for_good_need_attention_until_one_like_them_is_done(self):
        def ended(state: str) -> None:
            Job.objects.create(kind="sync", unique_key="sync:*", state=state, finished_at=timezone.now())

        ended("failed")
        assert "Jobs to look at 1 needs attention" in self.page("/")
        ended("done")
        assert "Jobs to look at 0 none" in self.page("/")

    def test_the_number_of_queries_does_not_depend_on_rows(self):
        self.client.get("/")
        with self.assertNumQueries(18):
            self.client.get("/")
        for number in range(30):
            register(f"m{number}:1b", place=f"gpu{number % 5}")
        for number in range(5):
            add_host(f"gpu{number}")
            SyncRun.objects.create(source="ollama", place=f"gpu{number}", started_at=timezone.now(), state="success")
        with self.assertNumQueries(18):
            self.client.get("/")
